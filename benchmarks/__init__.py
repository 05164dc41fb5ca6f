"""Measures the targets, and tries what the service promises; nothing here is imported elsewhere."""
