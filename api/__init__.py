"""HTTP only: parse the request, make one call, translate its outcome.

One module a resource; each has `register(app, store, config)`, which adds its routes.
Every error answer is a problem detail (RFC 9457), see `problems`.
"""
