"""Whether events count at once and are never lost, and what they cost."""
