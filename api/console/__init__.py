"""The console's files, and the answers that only the console reads."""
