"""HTTP only: parse the request, make one call, translate its outcome.

`contract` describes requests and responses, `wsgi` handles what all requests have in common,
`routes` has the resources, and `service` bundles what these answer from. Every error is a
problem detail (RFC 9457).
"""
