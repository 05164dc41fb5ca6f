"""Who is asked at a moment, and how the answers are gathered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pipeline.as_of import write_as_of
from pipeline.errors import PipelineError
from pipeline.judging import Contender, Judged, judge, pair_scores
from pipeline.moment import STALE, Moment
from pipeline.rating_task import RatingScores, bias_scores, has_both_classes, rating_scores
from pipeline.rivals import RIVALS, History
from pipeline.served import RANKER, RATING_NETWORK, contender_from_artifacts
from pipeline.timeline import Timeline
from pipeline.tuning import Tuned, fitted, tune
from recsys.artifacts import ArtifactPaths

MISSION: Final = ("popularity", "ALS")
"""The rivals that the mission names, fitted without tuning."""

RATERS: Final = (RATING_NETWORK, RANKER, *MISSION)
"""Who answers the rating task besides the bias model."""

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
    paths: ArtifactPaths, timeline: Timeline, moments: tuple[Moment, ...], keep: Path | None
) -> dict[str, Contender]:
    """Load the model in service on artifacts as of each moment.

    Raises:
        PipelineError: Its inputs don't fit the data.
    """
    from classes.model import ModelMismatchError

    loaded = {}
    with TemporaryDirectory() as temporary:
        for each in moments:
            as_of = write_as_of(paths, timeline, each, (keep or Path(temporary)) / each.name)
            try:
                loaded[each.name] = contender_from_artifacts(as_of, timeline.user_names)
            except ModelMismatchError as error:
                raise PipelineError(str(error)) from error
    return loaded


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
