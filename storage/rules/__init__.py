"""The files of the rules by which a shop changes its lists."""
