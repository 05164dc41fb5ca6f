"""The models that the shipped one has to beat, one concept a module.

Each is a `Baseline`: a function that fits it on a `History`, and a grid of at most eight
settings, of which validation chooses. Two are fixed because the mission names them:
plain popularity, and ALS on the ratings.
"""

from typing import Final

from pipeline.evaluate.baselines.ease import EASE
from pipeline.evaluate.baselines.factors import BPR, IALS, MINIMAL_ALS
from pipeline.evaluate.baselines.history import MAX_TRIALS, Baseline, Fitted, History, first_of_pair
from pipeline.evaluate.baselines.neighbors import ITEM_KNN, RP3BETA
from pipeline.evaluate.baselines.popularity import PLAIN, TUNED
from pipeline.evaluate.baselines.text_knn import TEXT_KNN

BASELINES: Final = (PLAIN, TUNED, MINIMAL_ALS, IALS, BPR, ITEM_KNN, RP3BETA, EASE, TEXT_KNN)

__all__ = ["BASELINES", "MAX_TRIALS", "Baseline", "Fitted", "History", "first_of_pair"]
