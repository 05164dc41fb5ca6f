"""Stage `sample`: an Amazon-like reviews file, the same bytes for the same seed."""
