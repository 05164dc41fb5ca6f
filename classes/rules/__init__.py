"""What a shop says about its lists: items hidden, pinned, boosted and buried by rules."""
