"""What users have done since the snapshot's data was read."""
