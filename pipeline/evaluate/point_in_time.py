"""Artifacts as they would have been at an earlier cutoff, for the service's own classes.

What is measured should be what is served. So the shipped model is evaluated by the classes of
the service, on files in the service's own form that hold nothing later than the cutoff.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.evaluate.cutoff import Cutoff
from pipeline.evaluate.timeline import Timeline
from pipeline.train.ranker.files import write_features_at
from recsys import columns
from recsys.arrays import FloatArray
from recsys.features.user_vectors import user_item_vectors
from storage.artifacts import (
    ArtifactPaths,
    embeddings_frame,
    read_clean,
    read_embeddings,
    write_frame,
)
from storage.atomic import copy_table


def write_artifacts_at(
    paths: ArtifactPaths, timeline: Timeline, cutoff: Cutoff, folder: Path
) -> ArtifactPaths:
    """Write the artifacts that follow from a cutoff's history.

    The reviews are those of the history. Users are all who have one; their item vectors are
    computed from it, as the stage `embed` does from the training days. Review vectors are
    those of the embeddings, which know training days only; no later review is encoded, and
    users without such a vector get zeros. Descriptions and prices of
    items are facts without a date, and the network stays as it was trained. A ranker's
    similarities and item columns are made anew from the history.

    Args:
        paths: The artifacts as they are.
        timeline: All their reviews.
        cutoff: Decides which reviews are known.
        folder: Where `data`, `embeddings` and `models` are made.
    """
    target = ArtifactPaths.in_folders(folder / "data", folder / "embeddings", folder / "models")
    known, history = np.sort(timeline.rows.file_rows[cutoff.known]), cutoff.history
    write_frame(read_clean(paths.clean).iloc[known].reset_index(drop=True), target.clean)
    for source, copy in (
        (paths.item_desc, target.item_desc),
        (paths.item_price, target.item_price),
        (paths.model, target.model),
    ):
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy_table(source, copy)
    histories = history.rows.histories()
    present = np.flatnonzero(np.diff(histories.starts))
    names = timeline.user_names[present].tolist()
    by_items = user_item_vectors(histories, history.item_vectors)[present]
    write_frame(embeddings_frame(names, by_items, columns.USER), target.user_item)
    by_reviews = _review_vectors(paths.user_review, names)
    write_frame(embeddings_frame(names, by_reviews, columns.USER), target.user_review)
    if paths.item_affinity.exists():
        write_features_at(paths, target)
    return target


def with_similarities_of(
    earlier: ArtifactPaths, later: ArtifactPaths, folder: Path
) -> ArtifactPaths:
    """Combine later histories with the similarities and item columns of an earlier cutoff.

    This is how published leave-one-out tables are made: models learn from the training
    part, and users are described by all but the last item.
    """
    target = ArtifactPaths.in_folders(folder / "data", folder / "embeddings", folder / "models")
    for name in (field.name for field in fields(ArtifactPaths)):
        state = name in ("item_affinity", "item_price")
        source, copy = getattr(earlier if state else later, name), getattr(target, name)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy_table(source, copy)
    return target


def _review_vectors(path: Path, names: list[str]) -> FloatArray:
    """Look up the vectors of these users; zeros where there is none."""
    held = read_embeddings(path, columns.USER)
    rows = pd.Index(held.names).get_indexer(pd.Index(names))
    vectors = held.vectors[np.maximum(rows, 0)]
    vectors[rows < 0] = 0.0
    return vectors
