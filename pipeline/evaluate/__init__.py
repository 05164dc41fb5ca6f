"""Stage `evaluate`: the model in service and its baselines on the same questions."""
