"""What a request may hold and what an answer looks like; routes and documentation both read it."""
