"""How likely five stars are: what the probability that `detail=true` tells is made of."""
