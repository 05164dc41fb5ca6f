"""Several services that share an object store."""
