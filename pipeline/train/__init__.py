"""Stage `train`: fit the model that the service loads, a ranker or a rating network."""
