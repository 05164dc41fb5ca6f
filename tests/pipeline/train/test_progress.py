"""Where there is no terminal, each step is a line, and a long one says when it will end."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.train.progress import Lines, told


def lines_at(times: list[float], *steps: tuple[object, ...]) -> list[str]:
    """Lines said when each of `steps` comes at its time."""
    clock: Iterator[float] = iter(times)
    said: list[str] = []
    tell = Lines(said.append, lambda: next(clock))
    for words in steps:
        tell(*words)  # type: ignore[arg-type]
    return said


def test_each_step_is_said_once_when_it_begins() -> None:
    assert lines_at([0, 1, 2], ("reading",), ("comparing", 10, 90), ("comparing", 20, 90)) == [
        "reading",
        "comparing, 10 of 90",
    ]


def test_a_long_step_says_every_so_often_how_long_it_will_take_at_most() -> None:
    steps = [("comparing", done, 90_000) for done in (0, 10_000, 20_000, 30_000)]
    assert lines_at([5, 15, 25, 35], *steps) == [
        "comparing",
        "comparing, 20,000 of 90,000, 70 s left at most",  # 20 s for 20,000
    ]


def test_details_are_said_each_time() -> None:
    steps = [("fitting", epoch, 30, f"loss {6 - epoch}") for epoch in (1, 2)]
    assert lines_at([0, 1], *steps) == ["fitting, 1 of 30, loss 5", "fitting, 2 of 30, loss 4"]


def test_a_step_of_unknown_length_promises_nothing() -> None:
    assert lines_at([0, 100], ("reading",), ("reading",)) == ["reading", "reading"]


def test_every_thousand_things_are_told_of() -> None:
    heard: list[tuple[str, int, int]] = []
    things = list(told(range(2_500), lambda *words: heard.append(words), "counting"))
    assert things == list(range(2_500))
    assert heard == [("counting", done, 2_500) for done in (0, 1_000, 2_000)]
