"""Lists of items that depend on no user, and the search for titles."""
