"""What a model reads of users and items: vectors, profiles, prices, similarity."""
