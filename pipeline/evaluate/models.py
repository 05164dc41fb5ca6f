"""Who is asked at a cutoff, and how the answers are gathered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pipeline.evaluate.baselines import BASELINES, History
from pipeline.evaluate.cutoff import FRESH, STALE, Cutoff
from pipeline.evaluate.judging import Judged, RankingModel, judge, pair_scores
from pipeline.evaluate.point_in_time import with_similarities_of, write_artifacts_at
from pipeline.evaluate.rating_task import RatingScores, bias_scores, has_both_classes, rating_scores
from pipeline.evaluate.service_model import RANKER, RATING_NETWORK, ranking_model_from_artifacts
from pipeline.evaluate.timeline import LEAVE_ONE_OUT, Timeline
from pipeline.evaluate.tuning import Tuned, fitted, tune
from pipeline.train.model_card import read_card
from storage.artifacts import ArtifactPaths

MINIMAL: Final = ("popularity", "ALS")
"""The baselines that the mission names, fitted without tuning."""

RATERS: Final = (RATING_NETWORK, RANKER, *MINIMAL)
"""Who answers the rating task besides the bias model."""

STRICT: Final = "ranker, similarities of training only"

Tell = Callable[[str], None]
"""Hears what is being done."""


@dataclass(frozen=True)
class Asked:
    """One cutoff, and what every model answered."""

    cutoff: Cutoff
    judged: tuple[Judged, ...]


def ask(
    asked: Cutoff, validation: Cutoff, ranking_models: Iterable[RankingModel]
) -> tuple[Asked, list[RatingScores]]:
    """Judge models at one cutoff, one after the other, so that only one is in memory.

    At the stale cutoff those that the mission names are asked about ratings too.
    """
    judged, rating = [], []
    about_ratings = asked.name == STALE and has_both_classes(validation, asked)
    for ranking_model in ranking_models:
        judged.append(judge(ranking_model, asked))
        if about_ratings and ranking_model.name in RATERS:
            of_validation, of_test = pair_scores(ranking_model, validation), judged[-1].scores
            rating.append(rating_scores(ranking_model.name, of_validation, of_test, validation))
    if about_ratings:
        rating.append(bias_scores(validation, asked))
    return Asked(asked, tuple(judged)), rating


def served(
    paths: ArtifactPaths,
    timeline: Timeline,
    cutoffs: tuple[Cutoff, Cutoff],
    keep: Path | None,
    *,
    with_network: bool,
) -> dict[str, list[RankingModel]]:
    """Load what the service's classes can score, on artifacts as of each cutoff.

    The model in service comes first. A ranker is followed by the rating network, and where
    single items are left out by itself with similarities of the training part.

    Args:
        paths: Of the artifacts as they are.
        timeline: All reviews of these.
        cutoffs: The stale and the fresh one.
        keep: Where the artifacts of the model in service stay; None: nowhere.
        with_network: Whether to train the rating network, where a ranker is in service.

    Raises:
        PipelineError: The inputs of the model in service don't fit the data.
    """
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        stale, fresh = (
            write_artifacts_at(paths, timeline, each, (keep or folder) / each.name)
            for each in cutoffs
        )
        seconds = float(read_card(paths.model).get("seconds", "nan"))
        loaded = {
            each.name: [ranking_model_from_artifacts(as_of, timeline.user_names, "", seconds)]
            for each, as_of in zip(cutoffs, (stale, fresh), strict=True)
        }
        if not paths.item_affinity.exists():
            return loaded
        if timeline.split == LEAVE_ONE_OUT:
            strict = with_similarities_of(stale, fresh, folder / STRICT)
            loaded[FRESH].append(ranking_model_from_artifacts(strict, timeline.user_names, STRICT))
        elif with_network:
            for name, network in _networks(paths, timeline, stale, fresh, folder).items():
                loaded[name].append(network)
    return loaded


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
    seconds = trained_network(paths, of_stale)
    return {
        name: ranking_model_from_artifacts(as_of, timeline.user_names, RATING_NETWORK, seconds)
        for name, as_of in ((STALE, of_stale), (FRESH, of_fresh))
    }


def refitted(asked: Cutoff, tuned: tuple[Tuned, ...], tell: Tell) -> Iterator[RankingModel]:
    """Fit one baseline after the other on what a cutoff knows."""
    for each in tuned:
        tell(f"{asked.name}: {each.baseline.name}")
        yield fitted(each.baseline, each.settings, asked.history)


def tuned_baselines(
    validation: Cutoff, largest: History, tell: Tell, *, everyone: bool
) -> tuple[tuple[Tuned, ...], dict[str, str]]:
    """Tune the baselines that were asked for, but those that the data is too large for."""
    baselines = [each for each in BASELINES if everyone or each.name in MINIMAL]
    refused = {each.name: each.refuses(largest) for each in baselines}
    tuned = []
    for baseline in baselines:
        if not refused[baseline.name]:
            tell(f"tuning {baseline.name}, {len(baseline.grid)} settings")
            tuned.append(tune(baseline, validation))
    return tuple(tuned), {name: reason for name, reason in refused.items() if reason}
