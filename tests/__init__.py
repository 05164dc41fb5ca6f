"""Tests, by what they need: unit, http, pipeline."""
