"""The models that are compared: those of the service, and the baselines, tuned and refitted."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from scipy.special import expit

from pipeline.errors import NotTrainableError
from pipeline.evaluate.baselines import MINIMAL, Baseline, TrainingData
from pipeline.evaluate.cutoff import FRESH, STALE, Cutoff
from pipeline.evaluate.point_in_time import with_similarities_of, write_artifacts_at
from pipeline.evaluate.ranking_model import ModelAnswers, RankingModel, ask, ranks_at
from pipeline.evaluate.rating_task import (
    RatingScores,
    bias_scores,
    has_both_classes,
    rating_scores,
    served_scores,
)
from pipeline.evaluate.service_model import (
    RANKER,
    RATING_NETWORK,
    ServedFacts,
    ranking_model_from_artifacts,
    served_name,
)
from pipeline.evaluate.timeline import LEAVE_ONE_OUT, Timeline
from pipeline.evaluate.tuning import Tuned, fitted, tune
from pipeline.train.model_card import read_card
from storage.artifacts import ArtifactPaths

RATERS: Final = (RATING_NETWORK, RANKER, *(baseline.name for baseline in MINIMAL))
"""The models that answer the rating task by their scores, besides the bias model."""

STRICT: Final = "ranker, similarities of training only"
HISTORIES_ONLY: Final = ", histories reloaded only"
"""What follows the name of the model in service."""

ORACLE: Final = "popularity of the days asked about"

Tell = Callable[[str], None]
"""Takes a line on what is being done."""


@dataclass(frozen=True)
class Comparison:
    """One cutoff, and what every model answered there.

    Attributes:
        cutoff: The cutoff.
        models: The answers; the first are those of the model in service.
        oracle: Those of popularity counted in the part that is asked about: what is best for
            everybody alike, which nobody can know.
    """

    cutoff: Cutoff
    models: tuple[ModelAnswers, ...]
    oracle: ModelAnswers

    def with_known_catalog(self) -> Comparison:
        """Keep the cases whose item a catalog made of the history has, ranked within that."""
        kept, cutoff = self.cutoff.warm, self.cutoff.with_known_catalog()
        asked = np.isin(self.cutoff.users, cutoff.users)

        def among_known(answers: ModelAnswers) -> ModelAnswers:
            return replace(
                answers,
                ranks=answers.known_ranks[kept],
                known_ranks=answers.known_ranks[kept],
                scores=answers.scores[kept],
                lists=answers.lists[asked],
                seconds=answers.seconds * float(asked.mean()),
            )

        return Comparison(
            cutoff, tuple(among_known(each) for each in self.models), among_known(self.oracle)
        )


def compare(
    cutoff: Cutoff, validation: Cutoff, ranking_models: Iterable[RankingModel]
) -> tuple[Comparison, list[RatingScores]]:
    """Ask models at one cutoff, one after the other, so that only one is in memory.

    At the stale cutoff those of `RATERS` answer the rating task too, and what the service tells
    beside its scores. The rating network's scores are logits of five stars.
    """
    answers, rating = [], []
    with_ratings = cutoff.name == STALE and has_both_classes(validation, cutoff)
    for model in ranking_models:
        answers.append(ask(model, cutoff))
        if with_ratings and model.name in RATERS:
            of_validation, of_test = ranks_at(model, validation).scores, answers[-1].scores
            chances = expit(of_test) if model.name == RATING_NETWORK else None
            rating.append(rating_scores(model.name, of_validation, of_test, validation, chances))
        if with_ratings and model.five_star_chances is not None:
            rating.append(served_scores(model.five_star_chances, validation, cutoff))
    if with_ratings:
        rating.append(bias_scores(validation, cutoff))
    return Comparison(cutoff, tuple(answers), ask(_oracle(cutoff), cutoff)), rating


def _oracle(cutoff: Cutoff) -> RankingModel:
    counts = cutoff.asked_counts.astype(np.float32)
    return RankingModel(ORACLE, lambda users: np.broadcast_to(counts, (len(users), len(counts))))


def service_models(
    paths: ArtifactPaths,
    timeline: Timeline,
    cutoffs: tuple[Cutoff, Cutoff],
    keep: Path | None,
    *,
    with_network: bool,
) -> tuple[dict[str, list[RankingModel]], dict[str, str]]:
    """Load what the service's classes can score, on artifacts as of each cutoff.

    The model in service comes first. At the fresh cutoff a ranker is followed by itself with
    similarities and item columns of the training part, which is what a reload without a refresh
    gives, and what published tables do that leave single items out. The rating network comes next.

    Args:
        paths: Paths of the artifacts as they are.
        timeline: All reviews of these artifacts.
        cutoffs: The stale and the fresh cutoff.
        keep: Folder in which the artifacts of the model in service stay; None to drop them.
        with_network: Whether to train the rating network, where a ranker is in service.

    Returns:
        The models, by name of the cutoff; and the names of those left out with the reason.

    Raises:
        PipelineError: The inputs of the model in service don't fit the data.
    """
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        stale, fresh = (
            write_artifacts_at(paths, timeline, each, (keep or folder) / each.name)
            for each in cutoffs
        )
        card, name = read_card(paths.model), served_name(paths)
        told = ServedFacts(name, float(card.get("seconds", "nan")), card.get("plan", {}))
        loaded = {
            each.name: [ranking_model_from_artifacts(as_of, timeline.user_names, told)]
            for each, as_of in zip(cutoffs, (stale, fresh), strict=True)
        }
        if not paths.item_affinity.exists():
            return loaded, {}
        leaves_one_out = timeline.split == LEAVE_ONE_OUT
        other = STRICT if leaves_one_out else f"{name}{HISTORIES_ONLY}"
        told = ServedFacts(other, settings=told.settings)
        earlier = with_similarities_of(stale, fresh, folder / told.name)
        loaded[FRESH].append(ranking_model_from_artifacts(earlier, timeline.user_names, told))
        if with_network and not leaves_one_out:
            try:
                networks = _networks(paths, timeline, stale, fresh, folder)
            except NotTrainableError as error:
                return loaded, {RATING_NETWORK: error.reason}
            for mode, network in networks.items():
                loaded[mode].append(network)
    return loaded, {}


def _networks(
    paths: ArtifactPaths,
    timeline: Timeline,
    stale: ArtifactPaths,
    fresh: ArtifactPaths,
    folder: Path,
) -> dict[str, RankingModel]:
    """Train the rating network, and load it on the artifacts of both cutoffs."""
    from pipeline.evaluate.rating_network import for_network, trained_network

    model = folder / "network.keras"
    of_stale, of_fresh = (
        for_network(as_of, model, folder / name)
        for name, as_of in (("network stale", stale), ("network fresh", fresh))
    )
    told = ServedFacts(RATING_NETWORK, trained_network(paths, of_stale))
    return {
        name: ranking_model_from_artifacts(as_of, timeline.user_names, told)
        for name, as_of in ((STALE, of_stale), (FRESH, of_fresh))
    }


def refitted(cutoff: Cutoff, tuned: tuple[Tuned, ...], tell: Tell) -> Iterator[RankingModel]:
    """Fit one baseline after the other on what a cutoff knows."""
    for each in tuned:
        tell(f"{cutoff.name}: {each.baseline.name}")
        yield fitted(each.baseline, each.settings, cutoff.history)


def tuned_baselines(
    validation: Cutoff, largest: TrainingData, tell: Tell, baselines: Sequence[Baseline]
) -> tuple[tuple[Tuned, ...], dict[str, str]]:
    """Tune baselines, but those that the data is too large for.

    Returns:
        What was tuned, and the names of those left out with the reason.
    """
    refused = {each.name: each.refuses(largest) for each in baselines}
    tuned: list[Tuned] = []
    for baseline in baselines:
        if not refused[baseline.name]:
            tell(f"tuning {baseline.name}")
            of_parts = [each.settings for each in tuned if each.baseline in baseline.parts]
            tuned.append(tune(baseline, validation, ChainMap(*map(dict, of_parts))))
    return tuple(tuned), {name: reason for name, reason in refused.items() if reason}
