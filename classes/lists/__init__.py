"""How the lists of one request come about that aren't looked up: choice, ranking, variety."""
