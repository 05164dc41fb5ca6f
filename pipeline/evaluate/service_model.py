"""The model in service as a `RankingModel`, scored by the classes of the service."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from pipeline.errors import PipelineError
from pipeline.evaluate.ranking_model import RankingModel
from pipeline.train.model_card import read_card
from pipeline.train.popularity import MODEL
from recsys.arrays import FloatArray, ItemRows, Names, Rows
from storage.artifacts import ArtifactPaths
from storage.parquet.parts import size_of

if TYPE_CHECKING:
    from classes.app_data_processing import AppDataProcessor

RATING_NETWORK: Final = "network"
RANKER: Final = "ranker"
POPULARITY: Final = "popularity model"
"""Popularity in service; plain "popularity" is a baseline."""


class ServedFacts(NamedTuple):
    """What reports say of a model besides its answers.

    Attributes:
        name: Its name; `served_name` where that is "".
        fit_seconds: Time that training took.
        settings: What it was trained with.
    """

    name: str = ""
    fit_seconds: float = 0.0
    settings: Mapping[str, Any] = MappingProxyType({})


def ranking_model_from_artifacts(
    paths: ArtifactPaths, user_names: Names, facts: ServedFacts | None = None
) -> RankingModel:
    """Load data and model as the service does.

    Asked about somebody whom these artifacts don't know, the model raises a `PipelineError`.

    Args:
        paths: Paths of artifacts that hold nothing later than the cutoff in question.
        user_names: (n_users,) the name of each user row of the cases.
        facts: Its name and the like.

    Raises:
        PipelineError: The model's inputs don't fit the data.
        storage.artifacts.ArtifactError: A file is missing or bad.
    """
    from classes.app_data_processing import AppDataProcessor
    from classes.lists.choice import Choice
    from classes.live.found_user import FoundUser
    from classes.model import Model
    from classes.options import RecommendationOptions
    from scoring.keras_file import ModelMismatchError

    data, facts = AppDataProcessor.from_artifacts(paths), facts or ServedFacts()
    try:
        model = Model.from_keras(paths.model, data.inputs)
    except ModelMismatchError as error:
        raise PipelineError(str(error)) from error
    held = np.array([_row_as_written(data, str(name)) for name in user_names])

    def rows_of(users: Rows) -> Rows:
        unknown = users[held[users] < 0]
        if len(unknown):
            raise PipelineError(
                f"{len(unknown):,} of {len(users):,} users whose lists are to be judged are not in "
                f"the artifacts of this cutoff; the first is {user_names[unknown[0]]!r}. They have "
                f"a history there, so the reviews and the artifacts name users differently."
            )
        return held[users]

    def catalog_scores(users: Rows) -> FloatArray:
        return np.stack([model.score(int(row)) for row in rows_of(users)])

    def lists(users: Rows, k: int, diversity: float) -> ItemRows:
        choice = Choice(data, model, RecommendationOptions(n=k, diversity=diversity))
        listed = np.full((len(users), k), -1, dtype=np.int32)
        found = [FoundUser(data.user(row), row) for row in rows_of(users).tolist()]
        for place, ranked in enumerate(choice.for_known(found)):
            listed[place, : len(ranked.rows)] = ranked.rows
        return listed

    def five_star_chances(users: Rows, items: Rows) -> FloatArray:
        rows, found = rows_of(users), np.empty(len(users), dtype=np.float32)
        order = np.argsort(rows, kind="stable")
        for own in np.split(order, np.flatnonzero(np.diff(rows[order])) + 1):
            found[own] = data.five_star_probability(data.person(int(rows[own[0]])), items[own])
        return found

    tells_chances = data.five_star_probability(None, data.no_items) is not None
    return RankingModel(
        facts.name or served_name(paths),
        catalog_scores,
        settings=facts.settings,
        fit_seconds=facts.fit_seconds,
        n_bytes=_bytes_of(paths),
        lists=lists,
        five_star_chances=five_star_chances if tells_chances else None,
    )


def served_name(paths: ArtifactPaths) -> str:
    """Name the kind of a model, by its card and by whether it reads affinities."""
    if read_card(paths.model).get("model") == MODEL:
        return POPULARITY
    return RANKER if paths.item_affinity.exists() else RATING_NETWORK


def _row_as_written(data: AppDataProcessor, name: str) -> int:
    """Find a user; -1 for nobody, also where only a cleaned form of the name is known."""
    row = data.user_row(name)
    return -1 if row is None or data.user(row) != name else row


def _bytes_of(paths: ArtifactPaths) -> int:
    """Size of the files that the model and its inputs take, the reviews apart."""
    files = (
        paths.item_desc,
        paths.item_price,
        paths.item_affinity,
        paths.user_review,
        paths.user_item,
        paths.model,
    )
    return sum(size_of(path) for path in files if path.exists())
