"""The production server: starts the worker processes, replaces them and ends them."""
