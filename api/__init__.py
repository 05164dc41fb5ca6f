"""HTTP only: parse the request, make one call, translate its outcome.

`contract` describes what may be asked and answered, `wsgi` what surrounds every request,
`routes` the resources; `service` is what these answer from. Every error answer is a problem detail (RFC 9457).
"""
