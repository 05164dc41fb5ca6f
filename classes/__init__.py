"""The objects the service holds in memory between requests, and nothing else.

Pure functions live in `recsys`, offline work in `pipeline`. Every object here is
replaced whole and never edited in place.
"""
