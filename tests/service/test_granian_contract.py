"""The names of granian that server/serving.py overrides or uses, none of which granian documents."""

from __future__ import annotations

import inspect
import multiprocessing
import tomllib
from importlib.metadata import version
from threading import Event

import pytest
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.common import AbstractWorker
from granian.server.mp import WorkerProcess

from config import PROJECT_ROOT

ADVICE = "server/serving.py relies on it: read granian's server/common.py and adapt both."
OPTIONS = (
    *("address", "port", "interface", "workers", "websockets", "backlog", "backpressure"),
    *("http", "http1_settings"),
    *("respawn_failed_workers", "workers_kill_timeout", "log_level", "log_dictconfig"),
)


@pytest.fixture
def granian() -> Granian:
    return Granian(
        "app:create_app",
        address="127.0.0.1",
        port=8080,
        interface=Interfaces.ASGI,
        log_enabled=False,
    )


def parameters(function: object) -> dict[str, object]:
    """The parameters of a method beside `self`, with their defaults."""
    found = inspect.signature(function).parameters  # type: ignore[arg-type]
    return {name: each.default for name, each in found.items() if name != "self"}


def calls(function: object) -> tuple[str, ...]:
    """The names that a method's code uses."""
    return function.__code__.co_names  # type: ignore[attr-defined, no-any-return]


def test_the_installed_release_is_within_the_pin() -> None:
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]
    [pin] = [each for each in project["dependencies"] if each.startswith("granian")]
    assert pin == "granian>=2.8,<2.9"
    assert version("granian").startswith("2.8."), ADVICE


def test_the_overridden_methods_take_the_same_arguments() -> None:
    required = inspect.Parameter.empty
    assert parameters(Granian.startup) == {"spawn_target": required, "target_loader": required}
    assert parameters(Granian.shutdown) == {"exit_code": 0}, ADVICE
    assert parameters(Granian._stop_workers) == {}, ADVICE


def test_the_overridden_methods_are_called_in_the_same_places() -> None:
    served = {
        name for each in Granian.__mro__ if "_serve" in vars(each) for name in calls(each._serve)
    }
    assert {"startup", "_serve_loop", "shutdown"} <= served, ADVICE
    assert "interrupt_signal" in calls(Granian._serve_loop), ADVICE
    assert "_stop_workers" in calls(Granian.shutdown), ADVICE
    assert "_spawn_workers" in calls(Granian.startup), ADVICE


def test_serve_and_the_constructor_take_what_is_passed_to_them() -> None:
    assert set(OPTIONS) <= set(parameters(Granian.__init__)), ADVICE
    assert {"target_loader", "wrap_loader"} <= set(parameters(Granian.serve)), ADVICE
    assert LogLevels.error
    assert Interfaces.ASGI


def test_the_attributes_of_the_server_are_what_they_were(granian: Granian) -> None:
    assert granian.interrupt_signal is False, ADVICE
    assert isinstance(granian.main_loop_interrupt, Event), ADVICE
    assert granian.wrks == [], ADVICE
    assert (granian.bind_addr, granian.bind_port) == ("127.0.0.1", 8080), ADVICE


def test_a_signal_sets_what_draining_waits_for(granian: Granian) -> None:
    granian.signal_handler_interrupt()
    assert granian.interrupt_signal is True, ADVICE
    assert granian.main_loop_interrupt.is_set(), ADVICE


def test_a_worker_has_a_process_that_can_be_waited_for_and_terminated() -> None:
    assert issubclass(WorkerProcess, AbstractWorker)
    assert "inner" in calls(WorkerProcess._spawn), ADVICE
    assert {"sentinel", "terminate"} <= set(dir(multiprocessing.Process)), ADVICE
