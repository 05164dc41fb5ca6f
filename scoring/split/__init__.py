"""Reading a Keras graph: how it splits into a user half, an item half and a joint head."""
