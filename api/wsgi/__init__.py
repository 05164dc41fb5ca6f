"""What happens to every request around its route: ids, limits, headers, errors."""
