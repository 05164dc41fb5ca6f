"""The model in service as a `RankingModel`, scored by the classes of the service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import PipelineError
from pipeline.evaluate.ranking_model import RankingModel
from pipeline.train.model_card import read_card
from pipeline.train.popularity import MODEL
from recsys.arrays import FloatArray, ItemRows, Names, Rows
from storage.artifacts import ArtifactPaths
from storage.parquet.parts import size_of

if TYPE_CHECKING:
    from classes.app_data_processing import AppDataProcessor
    from classes.model import Model

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


@dataclass(frozen=True)
class _Service:
    """Data and model as the service holds them, asked by the user rows of the cases.

    Attributes:
        data: The users and items of the artifacts.
        model: The model on them.
        user_names: (n_users,) the name of each user row of the cases.
        held: (n_users,) the row of each of them in the data; -1 for nobody.
    """

    data: AppDataProcessor
    model: Model
    user_names: Names
    held: NDArray[np.int64]

    def catalog_scores(self, users: Rows) -> FloatArray:
        """Score all items, (len(users), n_items)."""
        return np.stack([self.model.score(int(row)) for row in self._rows_of(users)])

    def lists(self, users: Rows, k: int, diversity: float) -> ItemRows:
        """List the k items that the service shows, (len(users), k); -1 where fewer are left."""
        from classes.lists.choice import Choice
        from classes.live.found_user import FoundUser
        from classes.options import RecommendationOptions

        choice = Choice(self.data, self.model, RecommendationOptions(n=k, diversity=diversity))
        listed = np.full((len(users), k), -1, dtype=np.int32)
        found = [FoundUser(self.data.user(row), row) for row in self._rows_of(users).tolist()]
        for place, ranked in enumerate(choice.for_known(found)):
            listed[place, : len(ranked.rows)] = ranked.rows
        return listed

    def five_star_chances(self, users: Rows, items: Rows) -> FloatArray:
        """Tell the probability of five stars of each pair, (n,) float32."""
        data, rows = self.data, self._rows_of(users)
        found = np.empty(len(users), dtype=np.float32)
        order = np.argsort(rows, kind="stable")
        for own in np.split(order, np.flatnonzero(np.diff(rows[order])) + 1):
            found[own] = data.five_star_probability(data.person(int(rows[own[0]])), items[own])
        return found

    def tells_chances(self) -> bool:
        """Whether the data says how likely five stars are."""
        return self.data.five_star_probability(None, self.data.no_items) is not None

    def _rows_of(self, users: Rows) -> NDArray[np.int64]:
        unknown = users[self.held[users] < 0]
        if len(unknown):
            raise PipelineError(
                f"{len(unknown):,} of {len(users):,} users whose lists are to be judged are not in "
                f"the artifacts of this cutoff; the first is {self.user_names[unknown[0]]!r}. They "
                f"have a history there, so the reviews and the artifacts name users differently."
            )
        return self.held[users]


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
    facts, service = facts or ServedFacts(), _loaded(paths, user_names)
    return RankingModel(
        facts.name or served_name(paths),
        service.catalog_scores,
        settings=facts.settings,
        fit_seconds=facts.fit_seconds,
        n_bytes=_bytes_of(paths),
        lists=service.lists,
        five_star_chances=service.five_star_chances if service.tells_chances() else None,
    )


def served_name(paths: ArtifactPaths) -> str:
    """Name the kind of a model, by its card and by whether it reads affinities."""
    if read_card(paths.model).get("model") == MODEL:
        return POPULARITY
    return RANKER if paths.item_affinity.exists() else RATING_NETWORK


def _loaded(paths: ArtifactPaths, user_names: Names) -> _Service:
    from classes.app_data_processing import AppDataProcessor
    from classes.model import Model
    from scoring.keras_file import ModelMismatchError

    data = AppDataProcessor.from_artifacts(paths)
    try:
        model = Model.from_keras(paths.model, data.inputs)
    except ModelMismatchError as error:
        raise PipelineError(str(error)) from error
    held = np.array([_row_as_written(data, str(name)) for name in user_names])
    return _Service(data, model, user_names, held)


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
