"""What all requests have in common: ids, limits, headers and errors."""
