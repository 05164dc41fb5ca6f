"""The model in service as a `RankingModel`, scored by the classes of the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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


def ranking_model_from_artifacts(
    paths: ArtifactPaths, user_names: Names, name: str = "", fit_seconds: float = 0.0
) -> RankingModel:
    """Load data and model as the service does.

    Asked about somebody whom these artifacts don't know, the model raises a `PipelineError`.

    Args:
        paths: Paths of artifacts that hold nothing later than the cutoff in question.
        user_names: (n_users,) the name of each user row of the cases.
        name: Its name in reports; by default `served_name`.
        fit_seconds: Time that training took.

    Raises:
        PipelineError: The model's inputs don't fit the data.
        storage.artifacts.ArtifactError: A file is missing or bad.
    """
    from classes.app_data_processing import AppDataProcessor
    from classes.lists.choice import Choice
    from classes.model import Model
    from classes.options import RecommendationOptions
    from scoring.keras_file import ModelMismatchError

    data = AppDataProcessor.from_artifacts(paths)
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
        for place, ranked in enumerate(choice.for_known(rows_of(users).tolist())):
            listed[place, : len(ranked.rows)] = ranked.rows
        return listed

    return RankingModel(
        name or served_name(paths),
        catalog_scores,
        fit_seconds=fit_seconds,
        n_bytes=_bytes_of(paths),
        lists=lists,
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
