"""The models that the shipped one has to beat, one kind per module.

Each is a `Baseline`: a function that fits it on `TrainingData`, and ladders of values for its
settings; `pipeline.evaluate.tuning` climbs them on validation, with eight trials for each.
"""

from typing import Final

from pipeline.evaluate.baselines.baseline import (
    MAX_TRIALS,
    Baseline,
    Fitted,
    Ladder,
    TrainingData,
    first_of_pair,
)
from pipeline.evaluate.baselines.blends import BLENDS
from pipeline.evaluate.baselines.ease import EASE
from pipeline.evaluate.baselines.factors import BPR, IALS, MINIMAL_ALS
from pipeline.evaluate.baselines.lambdarank import LAMBDARANK
from pipeline.evaluate.baselines.neighbors import ITEM_KNN, RP3BETA
from pipeline.evaluate.baselines.popularity import PLAIN, TUNED
from pipeline.evaluate.baselines.sasrec import SASREC, SASREC_POPULARITY
from pipeline.evaluate.baselines.session_knn import SESSION_KNN
from pipeline.evaluate.baselines.slim import SLIM
from pipeline.evaluate.baselines.text_knn import TEXT_KNN

BASELINES: Final = (
    PLAIN,
    TUNED,
    MINIMAL_ALS,
    IALS,
    BPR,
    ITEM_KNN,
    RP3BETA,
    EASE,
    SLIM,
    TEXT_KNN,
    SESSION_KNN,
    SASREC,
    *BLENDS,
    SASREC_POPULARITY,
    LAMBDARANK,
)
"""All of them, each after those that it builds on."""

USUAL: Final = tuple(baseline for baseline in BASELINES if baseline is not LAMBDARANK)
"""Those that are fitted by default: LambdaRank trains the ranker at every cutoff first."""

MINIMAL: Final = (PLAIN, MINIMAL_ALS)
"""Those that `--baselines minimal` fits: plain popularity and ALS on the ratings, without tuning."""

__all__ = [
    "BASELINES",
    "MAX_TRIALS",
    "MINIMAL",
    "USUAL",
    "Baseline",
    "Fitted",
    "Ladder",
    "TrainingData",
    "first_of_pair",
]
