"""The stage `embed`: items and users become vectors.

Items: the encoder's vector of the description, and the price, imputed and scaled.
Users, from training reviews only: the recency-weighted mean of the vectors of the newest 50
items they reviewed, and the mean of the vectors of their newest reviews, encoded one by one.
A user without any review text gets a review vector of zeros: it says "nothing known",
while a copy of the item vector would count the same evidence twice.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from config import Config
from pipeline.embed.cache import EmbeddingCache, TextEncoder, encode_texts
from pipeline.embed.encoder import open_encoder
from pipeline.embed.gaps import N_NEIGHBORS, Gaps, tell_fallbacks
from pipeline.embed.inputs import CandidateItems, TrainingReviews, read_items, read_training_reviews
from pipeline.embed.manifest import write_manifest
from pipeline.embed.progress import encoding_progress
from pipeline.errors import PipelineError
from recsys import columns
from recsys.arrays import FloatArray, HalfArray, Names
from recsys.features.price import impute_prices
from recsys.features.user_vectors import RECENCY_DECAY, user_item_vectors, weighted_means
from recsys.features.vectors import half_precision
from recsys.split import TemporalCuts
from storage.artifacts import embeddings_frame, write_frame
from storage.atomic import replacing
from storage.sources import artifact_paths

if TYPE_CHECKING:
    from rich.console import Console

REVIEWS_PER_USER: Final = 2
"""How many reviews describe a user: docs/decisions/0001-reviews-per-user.md."""

CACHE_FOLDER: Final = ".cache"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this stage."""
    group = parser.add_argument_group("embed")
    group.add_argument(
        "--encoder",
        default="",
        metavar="FOLDER_OR_NAME",
        help="sentence-transformers model (default: the installed all-MiniLM-L6-v2)",
    )
    group.add_argument(
        "--allow-download",
        action="store_true",
        help="fetch the model from the model hub if it is not on this machine",
    )
    group.add_argument(
        "--reviews-per-user",
        type=int,
        default=REVIEWS_PER_USER,
        metavar="N",
        help="newest reviews that describe a user; 0 encodes none (default: %(default)s)",
    )
    group.add_argument(
        "--processes",
        type=int,
        default=0,
        metavar="N",
        help="processes that encode at once (default: one a core)",
    )
    group.add_argument(
        "--no-cache",
        action="store_true",
        help="encode every text anew and store none; normally unchanged texts are never encoded\n"
        "twice, and an interrupted run goes on where it stopped",
    )


def run(
    args: argparse.Namespace,
    config: Config,
    console: Console,
    work: Callable[..., None] | None = None,
) -> None:
    """Embed with the encoder that the arguments name.

    Args:
        args: The options of the stage.
        config: The folders.
        console: Where progress is told.
        work: Does what `embed` does on another engine.

    Raises:
        PipelineError: An option, the encoder or the cleaned reviews can't be used.
        storage.artifacts.ArtifactError: `clean_df.pq` is missing or unreadable.
    """
    if args.reviews_per_user < 0 or args.processes < 0:
        raise PipelineError(
            f"--reviews-per-user is {args.reviews_per_user} and --processes {args.processes}; "
            f"expected 0 or more."
        )
    encoder = open_encoder(
        args.encoder, allow_download=args.allow_download, processes=args.processes
    )
    work = work or embed
    work(encoder, config, console, args.reviews_per_user, use_cache=not args.no_cache)


def embed(
    encoder: TextEncoder,
    config: Config,
    console: Console,
    reviews_per_user: int = REVIEWS_PER_USER,
    *,
    use_cache: bool = True,
) -> None:
    """Write the four embedding files and their manifest.

    The files are replaced together at the end; a run that stops before leaves the old
    ones, and the next one goes on from the texts that are encoded already.

    Args:
        encoder: Encodes texts, `pipeline.embed.encoder.SentenceEncoder` for one.
        config: Says where the folders are.
        console: Where progress and fallbacks are told.
        reviews_per_user: Newest reviews that describe a user.
        use_cache: Whether vectors are kept under `embeddings/.cache`.

    Raises:
        PipelineError: The cleaned reviews can't be used.
        storage.artifacts.ArtifactError: They are missing or unreadable.
    """
    paths = artifact_paths(config)
    items = read_items(paths.clean)
    reviews = read_training_reviews(paths.clean, items.names)
    newest = reviews.newest_written(reviews_per_user)
    tell_fallbacks(_count_gaps(items, reviews), reviews_per_user, console)
    cache_folder = config.embeddings_path / CACHE_FOLDER
    cache = EmbeddingCache(cache_folder, encoder.fingerprint) if use_cache else None
    texts = [*items.texts, *reviews.texts[newest]]
    with encoding_progress(console) as on_progress:
        vectors = encode_texts(texts, encoder, cache, on_progress)
    item_vectors, text_vectors = np.split(vectors, [len(items.names)])
    users = reviews.interactions.user_names
    by_items = user_item_vectors(reviews.interactions.histories(), item_vectors)
    by_reviews = review_vectors(reviews.interactions.users[newest], text_vectors, len(users))
    frames = {
        paths.item_desc: vectors_frame(items.names, item_vectors, columns.ITEM),
        paths.item_price: price_frame(items.names, items.prices, item_vectors),
        paths.user_item: vectors_frame(users, by_items, columns.USER),
        paths.user_review: vectors_frame(users, by_reviews, columns.USER),
    }
    facts = manifest_facts(encoder, reviews_per_user, reviews.cuts)
    _publish(frames, facts, config.embeddings_path, console)


def manifest_facts(
    encoder: TextEncoder, reviews_per_user: int, cuts: TemporalCuts
) -> dict[str, Any]:
    """Say for the manifest how the files were made."""
    return {
        "encoder": encoder.fingerprint,
        "reviews_per_user": reviews_per_user,
        "recency_decay": RECENCY_DECAY,
        "price_neighbors": N_NEIGHBORS,
        "train_end_day": cuts.train_end_day,
    }


def review_vectors(users: NDArray[Any], text_vectors: HalfArray, n_users: int) -> FloatArray:
    """Describe each user by the plain mean of some reviews.

    Args:
        users: (m,) int, whose each review is.
        text_vectors: (m, d) the vector of each one's text.
        n_users: How many users there are.

    Returns:
        (n_users, d) float32, of length 1; zeros for a user without review text.
    """
    each, alike = np.arange(len(users)), np.ones(len(users))
    return weighted_means(users, each, alike, text_vectors, n_users)


def _publish(
    frames: Mapping[Path, pd.DataFrame], facts: Mapping[str, Any], folder: Path, console: Console
) -> None:
    """Write all files beside the old ones before the first is replaced, then the manifest."""
    with ExitStack() as together:
        for path, frame in frames.items():
            write_frame(frame, together.enter_context(replacing(path)))
    write_manifest(folder, list(frames), facts)
    for path, frame in frames.items():
        console.print(f"{path.name}: {len(frame):,} rows x {frame.shape[1]}", highlight=False)


def vectors_frame(names: pd.Index | Names, vectors: NDArray[Any], key: str) -> pd.DataFrame:
    """Shape vectors (n, d) of the names (n,) as stored ones are: rounded to half precision."""
    return embeddings_frame(names.tolist(), half_precision(vectors), key)


def price_frame(
    names: pd.Index | Names,
    prices: NDArray[np.float64],
    item_vectors: HalfArray,
    **how: Any,
) -> pd.DataFrame:
    """Impute and scale the prices (n,) of all items, given their vectors (n, d)."""
    from sklearn.preprocessing import RobustScaler

    prices = impute_prices(prices, item_vectors, N_NEIGHBORS, **how)
    scaled = RobustScaler().fit_transform(prices[:, None])[:, 0].astype(np.float32)
    index = pd.Index(names.tolist(), name=columns.ITEM, dtype="object")
    return pd.DataFrame({columns.PRICE: scaled}, index=index)


def _count_gaps(items: CandidateItems, reviews: TrainingReviews) -> Gaps:
    interactions = reviews.interactions
    return Gaps(
        n_items=len(items.names),
        n_textless=int((items.texts == "").sum()),
        n_priceless=int(np.isnan(items.prices).sum()),
        n_users=interactions.n_users,
        n_silent=interactions.n_users - len(np.unique(interactions.users[reviews.texts != ""])),
        all_days=reviews.all_days,
    )
