"""Read the rows of a query to PostgreSQL, batch by batch, through ADBC."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from pipeline.clean.locations import Query
from pipeline.errors import PipelineError


def query_columns(query: Query) -> list[str]:
    """Name the columns of a query, of which no row is fetched.

    Raises:
        PipelineError: The database can't be reached, or refuses the query.
    """
    # A semicolon would end the statement in the middle.
    nothing = f"SELECT * FROM ({query.sql.strip().rstrip(';')}) AS reviews LIMIT 0"  # noqa: S608
    with _batches(query, nothing) as reader:
        return list(reader.schema.names)


def read_query(query: Query) -> Iterator[pa.RecordBatch]:
    """Read the rows in batches of some MB, in the order of the query.

    Raises:
        PipelineError: The database can't be reached, or refuses the query.
    """
    with _batches(query, query.sql) as reader:
        yield from reader


@contextmanager
def _batches(query: Query, sql: str) -> Iterator[Any]:
    try:
        import adbc_driver_manager
        from adbc_driver_postgresql import dbapi
    except ModuleNotFoundError as error:
        raise PipelineError(
            f"Reading {query} needs a driver that isn't installed: run `make setup-postgresql`."
        ) from error
    try:
        with dbapi.connect(query.url) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            with cursor.fetch_record_batch() as reader:
                yield reader
    except (adbc_driver_manager.Error, pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())
        raise PipelineError(f"{query} can't be read: {reason}") from error
