"""The rating network: how likely a pair of user and item ends in five stars."""
