"""All models asked the same questions: what `evaluate` measures and the notebooks show."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from config import Config
from pipeline.errors import NothingToMeasureError
from pipeline.evaluate.baselines import USUAL, Baseline
from pipeline.evaluate.cold_start_users import ColdStartRanks, rank_by_cold_start_rules
from pipeline.evaluate.cutoff import FRESH, STALE, TUNING, Cutoff, cutoff
from pipeline.evaluate.models import (
    Comparison,
    Tell,
    compare,
    refitted,
    service_models,
    tuned_baselines,
)
from pipeline.evaluate.rating_task import RatingScores, has_both_classes
from pipeline.evaluate.timeline import TEMPORAL, Timeline, read_timeline
from pipeline.evaluate.tuning import Tuned
from pipeline.evaluate.varied_lists import VariedLists, varied_lists
from pipeline.train.model_card import read_card
from pipeline.train.rating.data import data_fingerprint
from pipeline.train.tensorflow_startup import start_tensorflow
from recsys.split import SplitError
from storage.artifacts import ArtifactPaths
from storage.sources import artifact_paths, file_hash


@dataclass(frozen=True)
class EvaluationOptions:
    """What to measure.

    Attributes:
        split: `TEMPORAL` or `LEAVE_ONE_OUT` of `pipeline.evaluate.timeline`.
        baselines: What to tune and compare with, each after those that it builds on.
        max_users: Most users per cutoff, drawn at random; 0 for all.
        seed: Seed of the draw of users, and of baselines that begin with random numbers.
        keep_artifacts: Folder in which the artifacts of both cutoffs stay; None to drop them.
    """

    split: str = TEMPORAL
    baselines: tuple[Baseline, ...] = USUAL
    max_users: int = 0
    seed: int = 7
    keep_artifacts: Path | None = None


@dataclass(frozen=True)
class Evaluation:
    """Everything measured once, with what is needed to show it.

    Attributes:
        timeline: All reviews.
        options: What was measured.
        stale: Models that know the training days only, asked about the test days.
        fresh: The same models when they know the validation days too, as after a reload.
        varied: Lists of the model in service at the fresh cutoff, by diversity.
        tuned: What each baseline tried on validation.
        refused: Models left out, since the data is too large or too little for them, and why.
        rating: Scores of the rating task; empty where all ratings are of one kind.
        cold_start: Ranks by the cold-start rules, for people never seen before.
        card: The card of the model in service; {} where it has none.
        fingerprint: Fingerprint of the data files.
        model_hash: Hash of the file of the model in service.
        seconds: Wall time of the whole evaluation.
    """

    timeline: Timeline
    options: EvaluationOptions
    stale: Comparison
    fresh: Comparison
    varied: VariedLists
    tuned: tuple[Tuned, ...]
    refused: Mapping[str, str]
    rating: tuple[RatingScores, ...]
    cold_start: ColdStartRanks
    card: Mapping[str, Any]
    fingerprint: str
    model_hash: str
    seconds: float

    def __repr__(self) -> str:
        """Say how many cases and models there are."""
        names = ", ".join(each.name for each in self.fresh.models)
        return f"<Evaluation of {names} on {len(self.fresh.cutoff.cases):,} test pairs>"


def evaluate(
    config: Config, options: EvaluationOptions | None = None, tell: Tell = lambda _: None
) -> Evaluation:
    """Compare the model in the configured folders with its baselines.

    Args:
        config: The folders, and the window of the cold-start rule.
        options: What to measure.
        tell: Takes a line on what is being done.

    Raises:
        NothingToMeasureError: The data leaves nothing to measure by.
        PipelineError: The model reads other inputs.
        storage.artifacts.ArtifactError: A file is missing or bad.
    """
    started, options = time.monotonic(), options or EvaluationOptions()
    start_tensorflow()
    paths = artifact_paths(config)
    timeline = _timeline(paths, options.split)
    validation, stale, fresh = _cutoffs(timeline, options)
    tell("the model in service, as of both cutoffs")
    in_service, not_trained = service_models(
        paths,
        timeline,
        (stale, fresh),
        options.keep_artifacts,
        with_network=has_both_classes(validation, stale),
    )
    tuned, refused = tuned_baselines(validation, fresh.history, tell, options.baselines)
    (of_stale, rating), (of_fresh, _) = (
        compare(each, validation, chain(in_service[each.name], refitted(each, tuned, tell)))
        for each in (stale, fresh)
    )
    return Evaluation(
        timeline=timeline,
        options=options,
        stale=of_stale,
        fresh=of_fresh,
        varied=varied_lists(in_service[FRESH][0], fresh),
        tuned=tuned,
        refused={**refused, **not_trained},
        rating=tuple(rating),
        cold_start=rank_by_cold_start_rules(
            validation, fresh, timeline.prices, config.cold_start_window_days
        ),
        card=read_card(paths.model),
        fingerprint=data_fingerprint(paths),
        model_hash=file_hash(paths.model),
        seconds=time.monotonic() - started,
    )


def _timeline(paths: ArtifactPaths, split: str) -> Timeline:
    try:
        return read_timeline(paths, split)
    except SplitError as error:
        raise NothingToMeasureError(f"{error} Give reviews over a longer time.") from error


def _cutoffs(timeline: Timeline, options: EvaluationOptions) -> tuple[Cutoff, Cutoff, Cutoff]:
    """Stand at the cutoff of the validation part, and at the stale and fresh ones of the test part.

    The first two know the same, so they share their history, and with it trainings begun on it.
    """
    validation, stale, fresh = (
        cutoff(timeline, name, options.max_users, options.seed) for name in (TUNING, STALE, FRESH)
    )
    stale = replace(stale, history=validation.history)
    _refuse_too_few(validation, stale, fresh)
    return validation, stale, fresh


def _refuse_too_few(validation: Cutoff, stale: Cutoff, fresh: Cutoff) -> None:
    """Refuse data without cases to choose settings by or to measure by."""
    counts = [int(each.warm.sum()) for each in (validation, stale, fresh)]
    if not all(counts):
        raise NothingToMeasureError(
            f"There are {counts[0]:,} validation cases, and {counts[1]:,} (stale) and "
            f"{counts[2]:,} (fresh) test cases: first reviews of known items by users with a "
            f"history; each must be above 0. Give reviews over a longer time, or of users who "
            f"come back."
        )
