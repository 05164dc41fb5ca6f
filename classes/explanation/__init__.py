"""Why an item has its score for a user, in numbers and in words."""
