"""One generation of data and model, checked, immutable and shared by all workers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from classes.app_data_processing import AppDataProcessor
from classes.array_folder import open_arrays, read_manifest
from classes.model import Model

TOP_K = 5

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
    """

    def __init__(
        self, generation: str, data: AppDataProcessor, model: Model, manifest: dict[str, Any]
    ) -> None:
        """Bring together data and model that were checked against each other."""
        self.generation = generation
        self.data = data
        self.model = model
        self.manifest = manifest

    @classmethod
    def open(cls, folder: Path) -> Snapshot:
        """Map a published generation; costs milliseconds, whatever its size.

        Raises:
            OSError: The folder or a file of it is gone.
            DamagedFolderError: There is no readable manifest.
        """
        data = AppDataProcessor(open_arrays(folder / INPUTS) | open_arrays(folder / DATA))
        model = Model.open(folder / MODEL, data.inputs)
        return cls(folder.name, data, model, read_manifest(folder))

    def recommend(
        self, users: Sequence[str], n: int = TOP_K, *, exclude_seen: bool = True
    ) -> dict[str, list[str]]:
        """Give each distinct user, in the order asked, the names of the n best items.

        A user who isn't known gets the cold-start list.

        Args:
            users: Names as the caller wrote them; they become the keys.
            n: Items a user, fewer only where the catalogue has no more to offer.
            exclude_seen: Leave out what the user has already reviewed.
        """
        return {user: self._recommend_one(user, n, exclude_seen) for user in users}

    def _recommend_one(self, user: str, n: int, exclude_seen: bool) -> list[str]:
        data = self.data
        user_row = data.user_row(user)
        if user_row is None:
            item_rows = data.cold_start_items(n)
        else:
            excluded = data.seen_items(user_row) if exclude_seen else data.no_items
            item_rows = self.model.top_k(user_row, n, excluded)[0]
        return [data.item(row) for row in item_rows]

    def __repr__(self) -> str:
        """Name the generation and what it holds."""
        return f"<Snapshot {self.generation}: {self.data!r}, {self.model!r}>"
