"""What the service knows besides the reviews: events, and which users were forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from rich.console import Console

from config import Config
from pipeline.clean.locations import Location, locate
from pipeline.clean.readers import read_column_names
from pipeline.errors import PipelineError
from pipeline.events.export import export_events, open_current_events
from recsys import columns
from recsys.cleaning.rows import Keys
from storage.events.configured import open_events
from storage.events.forgotten import ForgottenUsers

STORE: Final = ""
"""Instead of a file of events: those in EVENTS_PATH."""


class FromService(NamedTuple):
    """What is taken in beside the reviews.

    Attributes:
        files: Events in the form of raw reviews.
        forgotten: Users of whom nothing earlier is taken in; None for nobody.
    """

    files: tuple[Location, ...] = ()
    forgotten: ForgottenUsers | None = None


NOTHING: Final = FromService()


@contextmanager
def from_service(
    wanted: str | None, keys: Keys, config: Config, console: Console
) -> Iterator[FromService]:
    """Yield what the service on this machine knows, as long as the block runs.

    Args:
        wanted: A file of events, `STORE`, or None for no events.
        keys: Columns that identify user and item.
        config: Says where the events are.
        console: Gets the progress.

    Raises:
        PipelineError: The file holds no events.
        storage.events.event.EventStoreError: The service's events can't be read.
    """
    if wanted is None:
        yield FromService(forgotten=open_events(config).forgotten_users())
        return
    if wanted != STORE:
        file = locate(wanted)
        _refuse_other(file)
        yield FromService((file,), open_events(config).forgotten_users())
        return
    config.data_path.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".events-", dir=config.data_path) as folder:
        store, path = open_current_events(config), Path(folder) / "events.parquet"
        n_events = export_events(store, path, keys, console)
        if not n_events:
            console.print("There are no events; only the reviews are cleaned.", highlight=False)
        # Asked last: whoever was forgotten meanwhile is left out, too.
        yield FromService((path,) if n_events else (), store.forgotten_users())


def _refuse_other(file: Location) -> None:
    """Refuse a file without numbers and kinds, whose rows would count as reviews."""
    names = read_column_names(file)
    missing = [name for name in (columns.EVENT_SEQ, columns.KIND) if name not in names]
    if missing:
        raise PipelineError(
            f"{file} lacks {' and '.join(missing)}, so it holds no events; it has "
            f"{', '.join(names[:25])}. Write one: python -m pipeline events --out FILE."
        )
