"""One generation of data and model, checked, immutable and shared by all workers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from classes.app_data_processing import AppDataProcessor
from classes.explanation.explainer import Explainer
from classes.live.recent_popularity import RecentPopularity
from classes.live.users import UserEvents, Users
from classes.model import Model
from classes.recommender import Recommender
from classes.rules.snapshot_rules import WITHOUT_RULES, RuleSource, SnapshotRules
from classes.service_counters import ListSource
from classes.top_lists import TopLists
from storage.array_folder import open_arrays
from storage.snapshot_folder import DATA, EVENTS_THROUGH, INPUTS, MODEL, read_about


class Snapshot:
    """Everything one request needs, taken once and never changed.

    Attributes:
        generation: Name of the generation, a hash of data and model.
        data: Users and items.
        model: Scores every item for a user.
        recommender: Makes each user's list from data and model.
        manifest: What the builder wrote about the generation.
        rules: What the shop says about its lists.
        users: Finds users by name, with what they have done since the data was read.
    """

    def __init__(
        self,
        generation: str,
        data: AppDataProcessor,
        model: Model,
        recommender: Recommender,
        manifest: dict[str, Any],
        rules: SnapshotRules,
        users: Users,
    ) -> None:
        """Bring together data and model that were checked against each other."""
        self.generation = generation
        self.data = data
        self.model = model
        self.recommender = recommender
        self.manifest = manifest
        self.rules = rules
        self.users = users

    @classmethod
    def open(
        cls,
        folder: Path,
        top_lists: TopLists | None = None,
        count_list: Callable[[ListSource], None] | None = None,
        rules: RuleSource = WITHOUT_RULES,
        events: UserEvents | None = None,
        recent: RecentPopularity | None = None,
    ) -> Snapshot:
        """Map a generation; costs milliseconds, whatever its size.

        Args:
            folder: The generation's folder.
            top_lists: Its lists computed ahead, if there are any.
            count_list: Called with the source of each list that is made.
            rules: The rules in force; none by default.
            events: What users have done; nothing by default.
            recent: What is being bought now; nothing by default.

        Raises:
            OSError: The folder or one of its files is gone.
            DamagedFolderError: There is no readable manifest, or another version wrote it.
        """
        about = read_about(folder)
        data = AppDataProcessor(open_arrays(folder / INPUTS) | open_arrays(folder / DATA), recent)
        model = Model.open(folder / MODEL, data.inputs)
        compiled = SnapshotRules(data, rules)
        users = Users(data, events, about[EVENTS_THROUGH])
        recommender = Recommender(data, model, top_lists, count_list, compiled, users)
        return cls(folder.name, data, model, recommender, about, compiled, users)

    @cached_property
    def explainer(self) -> Explainer:
        """Explains the model's scores."""
        return Explainer(self.data, self.model, self.rules)

    def __repr__(self) -> str:
        """Name the generation and what it holds."""
        return f"<Snapshot {self.generation}: {self.data!r}, {self.model!r}>"
