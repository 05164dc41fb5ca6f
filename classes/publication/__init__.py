"""Where it is decided which generation serves: on this machine alone, or in a store for many."""
