"""The cleaning rules for texts, names, prices, times, rows, and the items they describe."""
