"""One generation of data and model, checked, immutable and shared by all workers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classes.app_data_processing import AppDataProcessor
from classes.model import Model
from classes.service_counters import Source
from classes.top_lists import TOP_K, TopLists
from recsys.ranking import Ranking
from storage.array_folder import open_arrays, read_manifest

INPUTS = "inputs"
DATA = "data"
MODEL = "model"


class Snapshot:
    """Everything one request needs, taken once and never changed.

    Attributes:
        generation: Name of the generation, a hash of data and model.
        data: Users and items.
        model: Scores every item for a user.
        manifest: What the builder wrote about the generation.
        count_user: Told, of each user that items are found for, where they come from.
    """

    def __init__(
        self,
        generation: str,
        data: AppDataProcessor,
        model: Model,
        manifest: dict[str, Any],
        top_lists: TopLists | None = None,
        count_user: Callable[[Source], None] | None = None,
    ) -> None:
        """Bring together data and model that were checked against each other."""
        self.generation = generation
        self.data = data
        self.model = model
        self.manifest = manifest
        self._top_lists = top_lists
        self.count_user = count_user or (lambda _: None)

    @classmethod
    def open(
        cls,
        folder: Path,
        top_lists: TopLists | None = None,
        count_user: Callable[[Source], None] | None = None,
    ) -> Snapshot:
        """Map a generation; costs milliseconds, whatever its size.

        Args:
            folder: Of the generation.
            top_lists: Its lists computed ahead, where there are any.
            count_user: Told, of each user that items are found for, where they come from.

        Raises:
            OSError: The folder or a file of it is gone.
            DamagedFolderError: There is no readable manifest.
        """
        data = AppDataProcessor(open_arrays(folder / INPUTS) | open_arrays(folder / DATA))
        model = Model.open(folder / MODEL, data.inputs)
        return cls(folder.name, data, model, read_manifest(folder), top_lists, count_user)

    @property
    def progress(self) -> float:
        """Share of the users whose list is computed ahead, 0 to 1."""
        return 0.0 if self._top_lists is None else self._top_lists.progress

    def recommend(
        self, users: Sequence[str], n: int = TOP_K, *, exclude_seen: bool = True
    ) -> dict[str, list[str]]:
        """Give each distinct user, in the order asked, the names of the n best items.

        A user who isn't known gets the cold-start list.

        Args:
            users: Names as the caller wrote them; they become the keys.
            n: Items a user, fewer only where the catalog has no more to offer.
            exclude_seen: Leave out what the user has already reviewed.
        """
        return {user: self._recommend_one(user, n, exclude_seen) for user in users}

    def top_k_of_many(self, user_rows: Sequence[int], k: int) -> list[Ranking]:
        """Rank the k best unseen items of many users, in their order."""
        excluded = [self.data.seen_items(user_row) for user_row in user_rows]
        return self.model.top_k_of_many(user_rows, k, excluded)

    def _recommend_one(self, user: str, n: int, exclude_seen: bool) -> list[str]:
        user_row = self.data.user_row(user)
        if user_row is None:
            self.count_user("cold_start")
            item_rows = self.data.cold_start_items(n)
        else:
            item_rows = self._known_user_rows(user_row, n, exclude_seen)
        return [self.data.item(row) for row in item_rows]

    def _known_user_rows(self, user_row: int, n: int, exclude_seen: bool) -> NDArray[np.int32]:
        """Look the list up where it is computed ahead, else score every item now."""
        if exclude_seen and n <= TOP_K and self._top_lists is not None:
            listed = self._top_lists.of(user_row)
            if listed is not None:
                self.count_user("top_list")
                return listed[:n]
        self.count_user("personalised")
        excluded = self.data.seen_items(user_row) if exclude_seen else self.data.no_items
        return self.model.top_k(user_row, n, excluded).rows

    def __repr__(self) -> str:
        """Name the generation and what it holds."""
        return f"<Snapshot {self.generation}: {self.data!r}, {self.model!r}>"
