"""Where the files that cross from the pipeline to the service lie, and what to say of a bad one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

CARD_FILE: Final = "best_model.json"
"""What training writes about a model, beside it."""

METRICS_FILE: Final = "metrics.json"
"""What the evaluation measured of a model, beside it."""


class ArtifactError(ValueError):
    """A file of the artifact set is missing, unreadable or doesn't fit the others."""


@dataclass(frozen=True)
class ArtifactPaths:
    """Where each file of the artifact set lies."""

    clean: Path
    item_desc: Path
    item_price: Path
    user_review: Path
    user_item: Path
    model: Path
    item_affinity: Path

    @classmethod
    def in_folders(cls, data: Path, embeddings: Path, models: Path) -> ArtifactPaths:
        """Name the files inside the three folders, as DATA_PATH and its kin point to them.

        `item_affinity` is optional: a network that reads no affinities needs none.
        """
        return cls(
            clean=data / "clean_df.pq",
            item_desc=embeddings / "item_desc_emb_df.pq",
            item_price=embeddings / "item_price_df.pq",
            user_review=embeddings / "user_review_emb_df.pq",
            user_item=embeddings / "user_item_emb_df.pq",
            model=models / "best_model.keras",
            item_affinity=embeddings / "item_affinity_df.pq",
        )


def missing_file_message(path: Path) -> str:
    """Explain that a file of the artifact set is missing, and how to get it."""
    return (
        f"{path} is missing. Make it with `make pipeline REVIEWS=FILE`, "
        f"fetch it with ./download_data.sh, or use the sample: make sample."
    )
