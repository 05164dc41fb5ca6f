"""The models that the shipped one has to beat, one concept a module.

Each is a `Rival`: a function that fits it on a `History`, and a grid of at most eight
settings, of which validation chooses. Two are fixed because the mission names them:
plain popularity, and ALS on the ratings.
"""

from typing import Final

from pipeline.evaluate.baselines.ease import EASE
from pipeline.evaluate.baselines.factors import BPR, IALS, MISSION_ALS
from pipeline.evaluate.baselines.history import MAX_TRIALS, Fitted, History, Rival, first_of_pair
from pipeline.evaluate.baselines.neighbours import ITEM_KNN, RP3BETA
from pipeline.evaluate.baselines.popularity import PLAIN, TUNED
from pipeline.evaluate.baselines.text_knn import TEXT_KNN

RIVALS: Final = (PLAIN, TUNED, MISSION_ALS, IALS, BPR, ITEM_KNN, RP3BETA, EASE, TEXT_KNN)

__all__ = ["MAX_TRIALS", "RIVALS", "Fitted", "History", "Rival", "first_of_pair"]
