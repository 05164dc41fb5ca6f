"""A tiny artifact set in exactly the form that the service loads, for every test folder.

The ratings are laid out by formula, so that a test can redo them by hand: user `u`
reviewed the items `u`, `u + 1` and `u + 2` (modulo the number of items) with 5, 4 and 3
stars, on the days `u`, `u + 1` and `u + 2` after `FIRST_DAY`. Two anonymous customers and
one person without embeddings reviewed the first item with 5 stars, after everybody else.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from config import BUNDLED_SAMPLE
from recsys import columns
from storage.artifacts import ArtifactPaths, embeddings_frame, write_frame
from storage.atomic import replacing

BUNDLED: Final = ArtifactPaths.in_folders(
    *(BUNDLED_SAMPLE / name for name in ("data", "embeddings", "models"))
)
"""The artifacts of the sample that comes with the project, which no test writes to."""

FIRST_DAY: Final = pd.Timestamp("2018-01-01")
ANONYMOUS_USER: Final = "amazon customer"
USER_WITHOUT_EMBEDDING: Final = "late arrival"
HIDDEN_UNITS: Final = 16

_FIRST_NAMES: Final = ("kelly", "amir", "ines", "tomas")
_LAST_NAMES: Final = ("sullivan", "haddad", "oconnor")
_COLORS: Final = ("blue", "green", "red", "white", "black")
_THINGS: Final = ("kettle", "lamp", "guitar", "blanket")


def tiny_user_names(n_users: int = 12) -> list[str]:
    """Name `n_users` known users; the first is "kelly sullivan"."""
    return _combine(_FIRST_NAMES, _LAST_NAMES, n_users)


def tiny_item_names(n_items: int = 20) -> list[str]:
    """Name `n_items` candidate items in item order; the first is "blue kettle"."""
    return _combine(_COLORS, _THINGS, n_items)


def write_tiny_artifacts(
    folder: Path,
    seed: int = 0,
    n_users: int = 12,
    n_items: int = 20,
    width: int = 8,
    *,
    titles: bool = False,
    categories: bool = False,
) -> ArtifactPaths:
    """Write the six files into `data`, `embeddings` and `models` below `folder`.

    The arguments are those of `write_tiny_data`; `seed` chooses the weights too.
    """
    paths = write_tiny_data(
        folder, seed, n_users, n_items, width, titles=titles, categories=categories
    )
    write_tiny_model(paths.model, (width, width, width, 1), seed)
    return paths


def write_tiny_data(
    folder: Path,
    seed: int = 0,
    n_users: int = 12,
    n_items: int = 20,
    width: int = 8,
    *,
    titles: bool = False,
    categories: bool = False,
) -> ArtifactPaths:
    """Write the five data files into `data` and `embeddings` below `folder`.

    Args:
        folder: Where the folders are made.
        seed: Chooses the embeddings; names and ratings stay the same.
        n_users: Known users.
        n_items: Candidate items.
        width: Width of each of the three kinds of embeddings.
        titles: Whether `clean_df.pq` has the optional title column, "Title of <item>".
        categories: Whether it has the optional columns category ("kettles" for every kettle
            and so on, but none for what is white), brand and image.
    """
    paths = ArtifactPaths.in_folders(folder / "data", folder / "embeddings", folder / "models")
    users, items = tiny_user_names(n_users), tiny_item_names(n_items)
    random = np.random.default_rng(seed)
    for path, names, key, columns_wide in (
        (paths.item_desc, items, columns.ITEM, width),
        (paths.user_review, users, columns.USER, width),
        (paths.user_item, users, columns.USER, width),
    ):
        vectors = random.normal(size=(len(names), columns_wide)).astype(np.float32)
        write_frame(embeddings_frame(names, vectors, key), path)
    prices = random.normal(size=n_items).astype(np.float32)
    index = pd.Index(items, name=columns.ITEM, dtype="object")
    write_frame(pd.DataFrame({columns.PRICE: prices}, index=index), paths.item_price)
    clean = tiny_clean_frame(users, items, titles=titles)
    if categories:
        clean[columns.CATEGORY] = [tiny_category(name) for name in clean[columns.ITEM]]
        clean[columns.BRAND] = [tiny_brand(name) for name in clean[columns.ITEM]]
        clean[columns.IMAGE] = [tiny_image(name) for name in clean[columns.ITEM]]
    write_frame(clean, paths.clean)
    return paths


def tiny_clean_frame(users: list[str], items: list[str], *, titles: bool = False) -> pd.DataFrame:
    """Lay out the interactions as the module's docstring says, with a price for 4 of 5 items."""
    rows = [
        (user, (u + step) % len(items), 5.0 - step, u + step)
        for u, user in enumerate(users)
        for step in range(3)
    ]
    last_day = len(users) + 2
    rows += [(ANONYMOUS_USER, 0, 5.0, last_day)] * 2
    rows += [(USER_WITHOUT_EMBEDDING, 0, 5.0, last_day)]
    frame = pd.DataFrame(
        {
            columns.USER: [user for user, _, _, _ in rows],
            columns.ITEM: [items[item] for _, item, _, _ in rows],
            columns.DESCRIPTION: [f"description of {items[item]}" for _, item, _, _ in rows],
            columns.PRICE: [np.nan if item % 5 == 4 else 10.0 + item for _, item, _, _ in rows],
            columns.REVIEW_TIME: [FIRST_DAY + pd.Timedelta(days=day) for *_, day in rows],
            columns.RATING: [rating for _, _, rating, _ in rows],
            columns.REVIEW_TEXT: [f"review of {items[item]}" for _, item, _, _ in rows],
        }
    )
    if titles:
        frame[columns.TITLE] = [f"Title of {name}" for name in frame[columns.ITEM]]
    return frame.sort_values(columns.REVIEW_TIME, kind="stable", ignore_index=True)


def tiny_category(item: str) -> str | None:
    """Name the category of an item, where `categories` asks for them."""
    color, thing = item.split()[:2]
    return None if color == "white" else f"{thing}s"


def tiny_brand(item: str) -> str | None:
    """Name the brand of an item after its color, where `categories` asks for them; red has none."""
    color = item.split(maxsplit=1)[0]
    return None if color == "red" else f"{color.title()} & Co"


def tiny_image(item: str) -> str | None:
    """Address a picture of an item, where `categories` asks for them; there is none of lamps."""
    thing = item.split()[1]
    return None if thing == "lamp" else f"https://pictures.example/{item.replace(' ', '-')}.jpg"


def write_tiny_model(path: Path, widths: tuple[int, int, int, int], seed: int = 0) -> None:
    """Save a network of the reference form: Concatenate, Dropout, Dense relu, Dropout, Dense sigmoid.

    Args:
        path: The `.keras` file.
        widths: Of user review, user item, item description and price, in this order.
        seed: Chooses the weights.
    """
    import keras  # costs seconds, and most tests need no model

    names = ("user_review", "user_item", "item_desc", "item_price")
    inputs = [
        keras.Input(shape=(width,), name=name) for name, width in zip(names, widths, strict=True)
    ]
    hidden = keras.layers.Dropout(0.3)(keras.layers.Concatenate()(inputs))
    hidden = keras.layers.Dense(HIDDEN_UNITS, activation="relu")(hidden)
    hidden = keras.layers.Dropout(0.3)(hidden)
    model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(hidden))
    random = np.random.default_rng(seed + 1)
    model.set_weights([random.normal(scale=0.5, size=w.shape) for w in model.get_weights()])
    with replacing(path) as unfinished:
        model.save(unfinished)


def _combine(first: tuple[str, ...], second: tuple[str, ...], n_names: int) -> list[str]:
    """Give `n_names` distinct two-word names, numbered once the combinations are used up."""
    pairs = [f"{one} {two}" for one in first for two in second]
    return [
        pairs[i] if i < len(pairs) else f"{pairs[i % len(pairs)]} {i // len(pairs) + 1}"
        for i in range(n_names)
    ]
