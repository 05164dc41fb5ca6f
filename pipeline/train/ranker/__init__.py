"""The ranker: item similarities, columns and profiles, weighed by a small network."""
