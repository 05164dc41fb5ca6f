"""Retrainings and refreshes: how one is started, and what is known of it."""
