"""Reads a Keras graph and splits it into user half, item half and joint head: docs/scoring.md."""
