"""What only the console asks for: the whole catalog, one item's users, the generation before."""
