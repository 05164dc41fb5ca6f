"""One module a resource; each has `register(app, ...)`, which adds its routes."""
