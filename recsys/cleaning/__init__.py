"""The cleaning rules: of texts, names, prices, times, rows, and of the items they describe."""
