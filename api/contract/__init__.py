"""What requests may contain and what responses look like, for routes and documentation alike."""
