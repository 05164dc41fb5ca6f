"""A process that stores events: `python -m tests.support.event_writer FOLDER NAME BATCHES SIZE`.

It writes the number of each batch to stdout once the batch is stored, or why it isn't. With a
fifth argument, no file may grow beyond so many bytes, as on a full disk.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from recsys.kinds import VIEW
from storage.events.event import Event, EventStoreError
from storage.events.store import EventStore


def batch_of(name: str, number: int, size: int) -> list[Event]:
    """Make the events of a batch, each of another user."""
    return [
        Event(f"{name} {place}", "blue kettle", VIEW, number, None, f"{name}/{number}/{place}")
        for place in range(size)
    ]


def main() -> None:
    """Store batch after batch."""
    folder, name, n_batches, size, *limit = sys.argv[1:]
    if limit:
        most = int(limit[0])
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    store = EventStore(Path(folder))
    for number in range(int(n_batches)):
        try:
            store.append(batch_of(name, number, int(size)))
        except EventStoreError as error:
            sys.stdout.write(f"refused {number} {error}\n")
        else:
            sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
