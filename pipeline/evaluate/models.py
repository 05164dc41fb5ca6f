"""Who is asked at a moment, and how the answers are gathered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pipeline.evaluate.baselines import RIVALS, History
from pipeline.evaluate.cutoff import FRESH, STALE, Moment
from pipeline.evaluate.judging import Contender, Judged, judge, pair_scores
from pipeline.evaluate.point_in_time import with_kernels_of, write_as_of
from pipeline.evaluate.rating_task import RatingScores, bias_scores, has_both_classes, rating_scores
from pipeline.evaluate.service_model import RANKER, RATING_NETWORK, contender_from_artifacts
from pipeline.evaluate.timeline import LEAVE_ONE_OUT, Timeline
from pipeline.evaluate.tuning import Tuned, fitted, tune
from pipeline.train.model_card import read_card
from storage.artifacts import ArtifactPaths

MISSION: Final = ("popularity", "ALS")
"""The rivals that the mission names, fitted without tuning."""

RATERS: Final = (RATING_NETWORK, RANKER, *MISSION)
"""Who answers the rating task besides the bias model."""

STRICT: Final = "ranker, kernels of training only"

Tell = Callable[[str], None]
"""Hears what is being done."""


@dataclass(frozen=True)
class Asked:
    """One moment, and what every model answered."""

    moment: Moment
    judged: tuple[Judged, ...]


def ask(
    asked: Moment, validation: Moment, contenders: Iterable[Contender]
) -> tuple[Asked, list[RatingScores]]:
    """Judge contenders at one moment, one after the other, so that only one is in memory.

    At the stale moment those that the mission names are asked about ratings too.
    """
    judged, rating = [], []
    about_ratings = asked.name == STALE and has_both_classes(validation, asked)
    for contender in contenders:
        judged.append(judge(contender, asked))
        if about_ratings and contender.name in RATERS:
            of_validation, of_test = pair_scores(contender, validation), judged[-1].scores
            rating.append(rating_scores(contender.name, of_validation, of_test, validation))
    if about_ratings:
        rating.append(bias_scores(validation, asked))
    return Asked(asked, tuple(judged)), rating


def served(
    paths: ArtifactPaths,
    timeline: Timeline,
    moments: tuple[Moment, Moment],
    keep: Path | None,
    *,
    with_network: bool,
) -> dict[str, list[Contender]]:
    """Load what the service's classes can score, on artifacts as of each moment.

    The model in service comes first. A ranker is followed by the rating network, and where
    single items are left out by itself with kernels of the training part.

    Args:
        paths: Of the artifacts as they are.
        timeline: All reviews of these.
        moments: The stale and the fresh one.
        keep: Where the artifacts of the model in service stay; None: nowhere.
        with_network: Whether to train the rating network, where a ranker is in service.

    Raises:
        PipelineError: The inputs of the model in service don't fit the data.
    """
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        stale, fresh = (
            write_as_of(paths, timeline, each, (keep or folder) / each.name) for each in moments
        )
        seconds = float(read_card(paths.model).get("seconds", "nan"))
        loaded = {
            each.name: [contender_from_artifacts(as_of, timeline.user_names, "", seconds)]
            for each, as_of in zip(moments, (stale, fresh), strict=True)
        }
        if not paths.item_affinity.exists():
            return loaded
        if timeline.split == LEAVE_ONE_OUT:
            strict = with_kernels_of(stale, fresh, folder / STRICT)
            loaded[FRESH].append(contender_from_artifacts(strict, timeline.user_names, STRICT))
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
) -> dict[str, Contender]:
    """Train the mission's network, and load it on the artifacts of both moments."""
    from pipeline.evaluate.rating_network import for_network, trained_network

    model = folder / "network.keras"
    of_stale, of_fresh = (
        for_network(as_of, model, folder / name)
        for name, as_of in (("network stale", stale), ("network fresh", fresh))
    )
    seconds = trained_network(paths, of_stale)
    return {
        name: contender_from_artifacts(as_of, timeline.user_names, RATING_NETWORK, seconds)
        for name, as_of in ((STALE, of_stale), (FRESH, of_fresh))
    }


def refitted(asked: Moment, tuned: tuple[Tuned, ...], tell: Tell) -> Iterator[Contender]:
    """Fit one rival after the other on what a moment knows."""
    for each in tuned:
        tell(f"{asked.name}: {each.rival.name}")
        yield fitted(each.rival, each.settings, asked.history)


def tuned_rivals(
    validation: Moment, largest: History, tell: Tell, *, everyone: bool
) -> tuple[tuple[Tuned, ...], dict[str, str]]:
    """Tune the rivals that were asked for, but those that the data is too large for."""
    rivals = [each for each in RIVALS if everyone or each.name in MISSION]
    refused = {each.name: each.refuses(largest) for each in rivals}
    tuned = []
    for rival in rivals:
        if not refused[rival.name]:
            tell(f"tuning {rival.name}, {len(rival.grid)} settings")
            tuned.append(tune(rival, validation))
    return tuple(tuned), {name: reason for name, reason in refused.items() if reason}
