"""The files that cross from the pipeline to the service.

Reading tolerates what doesn't matter (extra columns, an index kept as a column) and is
strict about what does: names, widths, and values that no review can have.
"""

from storage.artifacts.clean import clean_columns, read_clean, read_clean_group
from storage.artifacts.embeddings import (
    LARGEST_VALUE,
    Embeddings,
    embeddings_frame,
    read_embedding_pair,
    read_embeddings,
)
from storage.artifacts.frames import FIVE_STAR_NOTE, MEAN_RATING_NOTE, read_note, write_frame
from storage.artifacts.paths import (
    CARD_FILE,
    METRICS_FILE,
    ArtifactError,
    ArtifactPaths,
    missing_file_message,
)

__all__ = [
    "CARD_FILE",
    "FIVE_STAR_NOTE",
    "LARGEST_VALUE",
    "MEAN_RATING_NOTE",
    "METRICS_FILE",
    "ArtifactError",
    "ArtifactPaths",
    "Embeddings",
    "clean_columns",
    "embeddings_frame",
    "missing_file_message",
    "read_clean",
    "read_clean_group",
    "read_embedding_pair",
    "read_embeddings",
    "read_note",
    "write_frame",
]
