"""All models on the same test pairs: what `evaluate` measures and the notebooks show."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from config import Config
from pipeline.errors import PipelineError
from pipeline.judging import (
    Cases,
    ColdStartJudged,
    Judged,
    choose_cases,
    judge,
    judge_cold_start,
)
from pipeline.quiet import start_tensorflow
from pipeline.rivals import Contender, als, popularity
from pipeline.training_data import (
    Features,
    Interactions,
    data_fingerprint,
    read_features,
    read_interactions,
)
from recsys import columns
from recsys.artifacts import ArtifactPaths, read_clean
from recsys.catalog import item_titles, mean_prices
from recsys.split import TEST, TRAIN

if TYPE_CHECKING:
    import pandas as pd

MODE: Final = "stale"
"""What the models know: nothing later than the training days."""


@dataclass(frozen=True)
class Evaluation:
    """Everything measured once, with what is needed to show it.

    Attributes:
        features: Of users and items.
        interactions: All rows in order of time.
        cases: The pairs and users judged by.
        judged: One entry a model: network, ALS, popularity.
        cold_start: The rule for people first seen in the test period.
        titles: (n_items,) readable title of each item, its name where there is none.
        prices: (n_items,) USD, NaN where unknown.
        fingerprint: Of the data files.
        seconds: Wall time of all of it.
    """

    features: Features
    interactions: Interactions
    cases: Cases
    judged: tuple[Judged, ...]
    cold_start: ColdStartJudged
    titles: list[str]
    prices: NDArray[np.float64]
    fingerprint: str
    seconds: float

    def __repr__(self) -> str:
        """Say how many cases and models there are."""
        names = ", ".join(judged.name for judged in self.judged)
        return f"<Evaluation of {names} on {len(self.cases.test):,} test pairs>"


def evaluate(config: Config, seed: int = 7, max_users: int = 0) -> Evaluation:
    """Judge the saved network, ALS and popularity on the artifacts of the configured folders.

    Args:
        config: Folders, and the window of the cold-start rule.
        seed: Of ALS's first factors and of the users drawn.
        max_users: Rank the catalogue for at most so many test users, drawn at random; 0 for
            all. The rating metrics always use all pairs.

    Raises:
        PipelineError: The data leaves nothing to judge by, or the model reads other inputs.
        recsys.artifacts.ArtifactError: A file is missing or bad.
    """
    started = time.monotonic()
    paths = ArtifactPaths.in_folders(config.data_path, config.embeddings_path, config.model_path)
    features = read_features(paths)
    interactions = read_interactions(paths.clean, features)
    n_users, n_items = len(features.user_names), len(features.item_names)
    cases = choose_cases(interactions, n_users, n_items, max_users, seed)
    _refuse_too_few(cases)
    contenders = _contenders(paths, features, interactions, seed)
    facts = read_clean(paths.clean, (columns.ITEM, columns.PRICE, columns.TITLE))
    return Evaluation(
        features=features,
        interactions=interactions,
        cases=cases,
        judged=tuple(judge(contender, cases) for contender in contenders),
        cold_start=judge_cold_start(
            interactions,
            _prices(facts, interactions, n_items, before_test=True),
            config.cold_start_window_days,
        ),
        titles=_titles(facts, features),
        prices=_prices(facts, interactions, n_items),
        fingerprint=data_fingerprint(paths),
        seconds=time.monotonic() - started,
    )


def _contenders(
    paths: ArtifactPaths, features: Features, interactions: Interactions, seed: int
) -> list[Contender]:
    """Load the network and fit its rivals, all on the training days."""
    start_tensorflow()
    from classes.graph_split import input_widths
    from classes.model import load_network
    from pipeline.network import network_contender

    model = load_network(paths.model)
    if tuple(input_widths(model)) != features.widths:
        raise PipelineError(
            f"{paths.model} reads inputs of widths {tuple(input_widths(model))}; the embeddings "
            f"have {features.widths}. Train on these embeddings: python -m pipeline train."
        )
    history = interactions.where(interactions.parts == TRAIN)
    n_users, n_items = len(features.user_names), len(features.item_names)
    return [
        network_contender(model, features),
        als(history, n_users, n_items, seed),
        popularity(history, n_items),
    ]


def _refuse_too_few(cases: Cases) -> None:
    """Both classes are needed to choose a threshold and to judge by."""
    for part, rows in (("validation", cases.validation), ("test", cases.test)):
        liked = int(rows.liked.sum())
        if not 0 < liked < len(rows):
            raise PipelineError(
                f"The {part} period holds {len(rows):,} first reviews of known items by known "
                f"users, {liked:,} of them with 5 stars; both kinds are needed to judge models. "
                f"Give reviews over a longer time, or of users who come back."
            )


def _prices(
    facts: pd.DataFrame, interactions: Interactions, n_items: int, *, before_test: bool = False
) -> NDArray[np.float64]:
    prices = facts[columns.PRICE].to_numpy(dtype=np.float64)
    if before_test:
        prices = np.where(interactions.parts < TEST, prices, np.nan)
    return mean_prices(interactions.items, prices, n_items)


def _titles(facts: pd.DataFrame, features: Features) -> list[str]:
    import pandas as pd

    names: Any = pd.Index(features.item_names)
    titles = item_titles(facts, names)
    return [title or str(name) for title, name in zip(titles, names, strict=True)]
