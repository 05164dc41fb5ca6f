"""Popularity by day, and the words of titles: what shelves and searches are made of."""
