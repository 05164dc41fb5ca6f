"""Rules changed on any of three real services hold on all, while their store comes and goes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import requests
from requests import Response

from benchmarks.replicas.object_server import ObjectServer
from config import Config
from tests.support.process import Server, free_port, serving, until
from tests.support.services import config_in, copy_of

pytestmark = [pytest.mark.scale, pytest.mark.timeout(600)]

ITEM = "blue kettle"
HIDE = {"id": "no kettle", "action": "hide", "item": ITEM}
FOLLOWED_S = 5


class Fleet(NamedTuple):
    """Services on one store."""

    store: ObjectServer
    url: str
    services: list[Server]

    def rules(self) -> list[dict[str, Any]]:
        """What each service says that is in force, without what it says of the store."""
        found = [each.get("/rules").json() for each in self.services]
        return [{name: each[name] for name in ("version", "updated_at", "rules")} for each in found]

    def follow_to(self, answer: Response) -> None:
        """Wait until all services have what one has answered that it put in force."""
        assert answer.status_code == 200, answer.text
        version = answer.json()["version"]
        until(lambda: [each["version"] for each in self.rules()] == [version] * 3, FOLLOWED_S)

    def hidden(self) -> set[bool]:
        return {is_hidden(each) for each in self.services}


def is_hidden(service: Server) -> bool:
    [listed] = service.get("/recommendations?users=zoe&n=20").json().values()
    return ITEM not in listed


def put(service: Server, *rules: dict[str, Any], **more: Any) -> Response:
    body = {"rules": list(rules), **more}
    return requests.put(f"{service.url}/rules", json=body, timeout=60)


@pytest.fixture(scope="module")
def fleet(
    store: ObjectServer, published: Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    folder, url = tmp_path_factory.mktemp("fleet"), store.url("snapshots")
    configs = [
        copy_of(published, folder / "first", workers=2, snapshot_url=url),
        *(
            config_in(folder / name, port=free_port(), workers=2, snapshot_url=url)
            for name in ("second", "third")
        ),
    ]
    with ExitStack() as held:
        services = [held.enter_context(serving(config)) for config in configs]
        yield Fleet(store, url, services)


def test_rules_put_or_rolled_back_on_any_service_hold_on_all(fleet: Fleet) -> None:
    until(lambda: fleet.hidden() == {False})
    fleet.follow_to(put(fleet.services[1], HIDE, version=0))
    until(lambda: fleet.hidden() == {True}, FOLLOWED_S)
    assert len({each.get("/rules").text for each in fleet.services}) == 1
    refused = put(fleet.services[2], version=0)
    assert refused.status_code == 409
    assert "Version 1 of the rules is in force, not 0" in refused.json()["detail"]
    fleet.follow_to(fleet.services[2].post("/rules/rollback"))
    until(lambda: fleet.hidden() == {False}, FOLLOWED_S)
    nothing = fleet.services[0].post("/rules/rollback")
    assert nothing.status_code == 409
    assert "no rules before version 0" in nothing.json()["detail"]


def test_of_changes_at_once_each_is_whole_and_all_services_end_with_the_same(fleet: Fleet) -> None:
    changes = [{**HIDE, "id": f"by {number}"} for number in range(6)]
    with ThreadPoolExecutor(6) as threads:
        answers = list(
            threads.map(lambda each: put(fleet.services[each[0] % 3], each[1]), enumerate(changes))
        )
    won = [answer.json() for answer in answers if answer.status_code == 200]
    assert won
    assert {answer.status_code for answer in answers} <= {200, 409}
    last = max(won, key=lambda each: each["version"])
    until(lambda: [each["rules"] for each in fleet.rules()] == [last["rules"]] * 3, FOLLOWED_S)
    assert last["rules"] in [[each] for each in changes]


def test_a_new_service_has_the_rules_from_its_first_answer(fleet: Fleet, tmp_path: Path) -> None:
    fleet.follow_to(put(fleet.services[0], HIDE))
    config = config_in(tmp_path, port=free_port(), workers=1, snapshot_url=fleet.url)
    with serving(config) as late:
        assert is_hidden(late)
        assert late.get("/rules").text == fleet.services[0].get("/rules").text


def test_while_the_store_is_away_the_rules_stay_and_changes_are_refused(fleet: Fleet) -> None:
    fleet.follow_to(put(fleet.services[0], HIDE))
    before = fleet.rules()
    fleet.store.kill()
    try:
        for refused in (put(fleet.services[1]), fleet.services[2].post("/rules/rollback")):
            assert refused.status_code == 503
            assert "Those in force stay so" in refused.json()["detail"]
        until(lambda: all(each.get("/rules").json()["problems"] for each in fleet.services))
        assert fleet.rules() == before
        assert fleet.hidden() == {True}
    finally:
        fleet.store.start()
    until(lambda: not any(each.get("/rules").json()["problems"] for each in fleet.services))
    assert fleet.rules() == before
    fleet.follow_to(put(fleet.services[1]))
    until(lambda: fleet.hidden() == {False}, FOLLOWED_S)
