"""The card of the model in service: the facts beside its file, and a text made of them."""
