"""Studies of how well users are ranked, each run whole for one table of the papers."""
