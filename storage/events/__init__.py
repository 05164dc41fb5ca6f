"""What users have done, kept durably and found by user at once."""
