"""The groups of settings that `config.Config` is made of."""
