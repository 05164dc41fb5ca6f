"""The joint head of a split network: what turns the halves of user and item into a score."""
