"""From a Keras file to the best items for a user: no HTTP, no names of users."""
