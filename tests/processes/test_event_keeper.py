from __future__ import annotations

from pathlib import Path

from processes.event_keeper import EventKeeper
from recsys.kinds import VIEW
from storage.events.configured import open_events
from storage.events.event import Event
from tests.support.services import config_in


def test_events_are_kept_for_so_many_days_and_no_longer(tmp_path: Path) -> None:
    config = config_in(tmp_path, events_keep_days=1)
    keeper, store = EventKeeper(config), open_events(config)
    assert keeper.sweep() == 0
    store.append([Event("zoe", "blue kettle", VIEW, 0)])
    assert keeper.sweep() == 0
    keeper._keep_us = 0  # a day later
    assert keeper.sweep() == 1
    assert (store.n_events, store.may_concern("zoe")) == (0, False)
