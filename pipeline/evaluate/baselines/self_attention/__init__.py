"""A causal transformer over items, and how it learns to say which comes next."""
