"""`embed --engine ray`: the embedding files as parts, with the vectors that pandas' engine makes."""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from config import Config
from pipeline.distributed.clean_parts import count_rows, read_clean_rows
from pipeline.distributed.exchange import Facts, facts_of_chunks, n_buckets, range_ends
from pipeline.distributed.items import ItemParts, gather_items, write_catalog, write_item_vectors
from pipeline.distributed.parts import workspace
from pipeline.distributed.progress import progress
from pipeline.distributed.ranges import sampled_names
from pipeline.distributed.texts import count_missing, encode_groups, group_texts
from pipeline.distributed.users import gather_users, write_user_vectors
from pipeline.embed import stage
from pipeline.embed.cache import TextEncoder
from pipeline.embed.gaps import Gaps, tell_fallbacks
from pipeline.embed.inputs import DayCounts, TrainingDays, count_days, training_days
from pipeline.embed.manifest import write_manifest
from pipeline.embed.stage import CACHE_FOLDER, REVIEWS_PER_USER, manifest_facts
from pipeline.errors import PipelineError
from recsys import columns
from recsys.interactions import interactions_of
from storage.artifacts import ArtifactPaths
from storage.atomic import replacing_by_parts
from storage.sources import artifact_paths

if TYPE_CHECKING:
    from rich.console import Console

ITEMS_A_BUCKET: Final = 20_000
USERS_A_BUCKET: Final = 20_000
_SURVEYED: Final = (columns.USER, columns.ITEM, columns.REVIEW_TIME, columns.RATING)


def run(args: argparse.Namespace, config: Config, console: Console) -> None:
    """Embed as the stage does, on Ray."""
    stage.run(args, config, console, embed)


def embed(
    encoder: TextEncoder,
    config: Config,
    console: Console,
    reviews_per_user: int = REVIEWS_PER_USER,
    *,
    use_cache: bool = True,
) -> None:
    """Write the four tables of vectors and their manifest; see `pipeline.embed.stage.embed`."""
    paths = artifact_paths(config)
    cache = config.embeddings_path / CACHE_FOLDER if use_cache else None
    with workspace(config.embeddings_path) as folder:
        survey = _survey(paths.clean, console)
        days = training_days(survey.days, paths.clean)
        with progress(console, "gathering items", survey.n_rows, "rows") as told:
            items, found = gather_items(paths.clean, survey.item_ends, folder, told)
        with progress(console, "gathering users", survey.n_rows, "rows") as told:
            users = gather_users(
                paths.clean, survey.user_ends, items, days, reviews_per_user, folder, told
            )
        tell_fallbacks(_gaps(found, users, days), reviews_per_user, console)
        texts = [items.texts, folder / "user_texts"]
        _encode(texts, encoder, cache, folder, console)
        tables = (paths.item_desc, paths.item_price, paths.user_item, paths.user_review)
        with ExitStack() as together:
            parts = {path: together.enter_context(replacing_by_parts(path)) for path in tables}
            _write(folder, items, parts, paths, console)
    write_manifest(
        config.embeddings_path, tables, manifest_facts(encoder, reviews_per_user, days.cuts)
    )
    for path in tables:
        console.print(f"{path.name}: {count_rows(path):,} rows", highlight=False)


class _Survey:
    """What is known of the reviews before they are divided."""

    def __init__(self, chunks: list[Facts]) -> None:
        self.n_rows = sum(facts["done"] for facts in chunks)
        counts = np.concatenate([np.zeros((3, 0)), *(np.array(f["days"]) for f in chunks)], axis=1)
        days, place = np.unique(counts[0].astype(np.int64), return_inverse=True)
        rows, known = (np.bincount(place, each, len(days)).astype(np.int64) for each in counts[1:])
        self.days = DayCounts(days, rows, known)
        self.item_ends, self.user_ends = (
            range_ends([name for facts in chunks for name in facts[kind]], n)
            for kind, n in (
                ("items", n_buckets(self.n_rows, ITEMS_A_BUCKET)),
                ("users", n_buckets(self.n_rows, USERS_A_BUCKET)),
            )
        )


def _survey(clean: Path, console: Console) -> _Survey:
    data = read_clean_rows(clean, _SURVEYED)
    with progress(console, "looking at the reviews", count_rows(clean), "rows") as told:
        survey = _Survey(facts_of_chunks(data, _survey_chunk, told))
    if not survey.n_rows:
        raise PipelineError(
            f"{clean} has no reviews; expected at least one. Clean a reviews file first."
        )
    return survey


def _survey_chunk(rows: pa.Table) -> Facts:
    clean = rows.to_pandas()
    items, users = (sampled_names(rows.column(name)) for name in (columns.ITEM, columns.USER))
    reviews = interactions_of(clean, pd.Index(clean[columns.ITEM].dropna().unique())).chosen()
    days = [counts.tolist() for counts in count_days(reviews)]
    return {"done": len(clean), "days": days, "items": items, "users": users}


def _encode(
    texts: list[Path],
    encoder: TextEncoder,
    cache: Path | None,
    folder: Path,
    console: Console,
) -> None:
    n_missing = count_missing(texts, cache, encoder)
    groups = group_texts(texts, n_missing, folder / "groups")
    n_texts = sum(count_rows(path) for path in texts)
    began = time.monotonic()
    with progress(console, "encoding", n_texts, "texts") as told:
        done = encode_groups(groups, encoder, cache, folder / "vectors", told)
    n_distinct, n_encoded = (sum(f[kind] for f in done) for kind in ("n_distinct", "n_encoded"))
    seconds = time.monotonic() - began
    console.print(
        f"{n_distinct:,} distinct texts: {n_distinct - n_encoded:,} needed no encoding, "
        f"{n_encoded:,} were encoded in {seconds:.0f} s",
        highlight=False,
    )


def _write(
    folder: Path,
    items: ItemParts,
    parts: dict[Path, Path],
    paths: ArtifactPaths,
    console: Console,
) -> None:
    import ray

    vectors = folder / "vectors"
    with progress(console, "writing items", items.n_items, "items") as told:
        write_item_vectors(vectors, items, parts[paths.item_desc], told)
    catalog = ray.remote(num_cpus=0)(write_catalog)  # it waits for others
    ray.get(catalog.remote(parts[paths.item_desc], items, parts[paths.item_price]))
    results = (parts[paths.user_review], parts[paths.user_item])
    with progress(console, "writing users", None, "users") as told:
        write_user_vectors(vectors, folder / "users", items, results, told)


def _gaps(items: list[Facts], users: list[Facts], days: TrainingDays) -> Gaps:
    def total(found: list[Facts], kind: str) -> int:
        return sum(int(facts[kind]) for facts in found)

    return Gaps(
        n_items=total(items, "n"),
        n_textless=total(items, "n_textless"),
        n_priceless=total(items, "n_priceless"),
        n_users=total(users, "n"),
        n_silent=total(users, "n_silent"),
        all_days=days.all_days,
    )
