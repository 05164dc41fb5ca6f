"""One user's top five without any HTTP: this engine beside the other ways to compute it."""
