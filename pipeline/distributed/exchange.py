"""Rows on their way between workers: read from parts, brought together in buckets, written to parts.

What a worker does to a chunk or a bucket ends in a file and in a few facts about it, a dict of JSON
values. Only the facts come to the driver.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.distributed.parts import ROW, filled_parts, read_part

if TYPE_CHECKING:
    from ray.data import Dataset

Facts = dict[str, Any]
"""What the driver hears of a chunk or bucket: JSON values."""

BUCKET: Final = "bucket"
ROWS_A_BUCKET: Final = 50_000
"""So many rows with texts take some 200 MB of a worker's memory."""

SAMPLES: Final = 256
_FACTS: Final = "facts"


def each_of(
    items: Sequence[Any], read: Callable[[int, Any], Iterator[pa.Table]], cores: float = 1.0
) -> Dataset:
    """Make a data set of what `read(number, item)` yields, one task an item.

    Args:
        items: JSON values, paths for example.
        read: Reads one.
        cores: What a task takes. What needs as many cores next is done in the same task.
    """
    import ray.data

    listed = [{"number": number, "item": item} for number, item in enumerate(items)]
    data = ray.data.from_items(listed, override_num_blocks=max(len(listed), 1))
    return data.map_batches(partial(_read, read=read), batch_size=1, num_cpus=cores)


def _read(
    batch: Mapping[str, Any], read: Callable[[int, Any], Iterator[pa.Table]]
) -> Iterator[pa.Table]:
    for number, item in zip(batch["number"], batch["item"], strict=True):
        yield from read(int(number), item)


def facts_of_chunks(
    data: Dataset,
    work: Callable[[pa.Table], Facts],
    told: Callable[[Facts], object],
    cores: float = 1.0,
) -> list[Facts]:
    """Have workers do something to each chunk, and collect the facts."""
    made = data.map_batches(partial(_facts, work=work), batch_format="pyarrow", num_cpus=cores)
    return collected(made, told)


def facts_of_buckets(
    data: Dataset,
    n_buckets: int,
    work: Callable[[int, pa.Table], Facts],
    told: Callable[[Facts], object],
) -> list[Facts]:
    """Bring the rows of each bucket together, have a worker do something to them, collect facts.

    Args:
        data: Has the column `BUCKET`.
        n_buckets: How many there are; those without a row are passed over.
        work: From a bucket's number and its rows, in order, to facts.
        told: Called with the facts of each bucket as soon as they are there.

    Returns:
        The facts in the order of the buckets.
    """
    groups = data.groupby(BUCKET, num_partitions=max(n_buckets, 1))
    made = groups.map_groups(partial(_facts_of_bucket, work=work), batch_format="pyarrow")
    return sorted(collected(made, told), key=lambda facts: int(facts[BUCKET]))


def _facts_of_bucket(rows: pa.Table, work: Callable[[int, pa.Table], Facts]) -> pa.Table:
    """Do something to the rows of a bucket in their order."""
    number = rows.column(BUCKET)[0].as_py()
    ordered = rows.drop_columns([BUCKET])
    if ROW in ordered.column_names:
        ordered = ordered.sort_by(ROW)
    return facts_table({BUCKET: number, **work(number, ordered)})


def _facts(rows: pa.Table, work: Callable[[pa.Table], Facts]) -> pa.Table:
    return facts_table(work(rows))


def facts_table(facts: Facts) -> pa.Table:
    """Wrap facts in the table that a worker returns."""
    return pa.table({_FACTS: pa.array([json.dumps(facts)], pa.string())})


def collected(data: Dataset, told: Callable[[Facts], object]) -> list[Facts]:
    """Collect facts as soon as they are there."""
    found = []
    for row in data.iter_rows():
        found.append(json.loads(row[_FACTS]))
        told(found[-1])
    return found


def with_bucket(rows: pa.Table, buckets: NDArray[Any]) -> pa.Table:
    """Add the column by which rows are brought together."""
    return rows.append_column(BUCKET, pa.array(buckets.astype(np.int32)))


def read_parts(path: Path, columns: Sequence[str] | None = None) -> Dataset:
    """Read the parts of a table, one task a part."""
    return each_of([str(part) for part in filled_parts(path)], partial(read_part, columns=columns))


def n_buckets(n_rows: int, rows_a_bucket: int = 0) -> int:
    """Count the buckets that so many rows need, at least 1."""
    return max(-(-n_rows // (rows_a_bucket or ROWS_A_BUCKET)), 1)


def sampled(ordered: Sequence[Any], most: int = SAMPLES) -> list[Any]:
    """Take values that are evenly spaced in an ascending sequence."""
    places = {len(ordered) * number // most for number in range(most)} if ordered else set()
    return [ordered[place] for place in sorted(places)]


def range_ends(samples: Sequence[Any], n_ranges: int) -> list[Any]:
    """Cut sampled values into ranges that hold about equally many of them.

    Returns:
        Ascending values, fewer than `n_ranges`; each begins a range.

    >>> range_ends(["d", "a", "c", "b"], 2)
    ['c']
    """
    ordered = sorted(samples)
    places = [len(ordered) * number // n_ranges for number in range(1, n_ranges)]
    return sorted({ordered[place] for place in places if place > 0})
