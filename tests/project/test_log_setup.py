from __future__ import annotations

import json
import logging
import logging.config
import multiprocessing
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import Config
from log_setup import (
    KEPT_FILES,
    LOG_FILE,
    REQUEST_ID,
    ConsoleFormatter,
    JsonFormatter,
    LogFile,
    LogRotation,
    logging_settings,
)


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("api.routes.reload", logging.INFO, "f.py", 1, message, args, None)
    made.created, made.msecs = 0.25, 250.0
    made.process = 7
    for name, value in extra.items():
        setattr(made, name, value)
    return made


@pytest.fixture
def request_id() -> Iterator[str]:
    token = REQUEST_ID.set("abc-1")
    yield "abc-1"
    REQUEST_ID.reset(token)


def test_a_line_for_people_has_time_process_level_logger_and_message() -> None:
    line = ConsoleFormatter().format(record("Loaded %s in %.1f s", "data", 1.25))
    assert line == "1970-01-01T00:00:00Z 7 INFO api.routes.reload: Loaded data in 1.2 s"


def test_a_line_for_people_ends_with_extras_and_request_id(request_id: str) -> None:
    line = ConsoleFormatter().format(record("answered", route="/", status=200))
    assert line.endswith("api.routes.reload: answered route=/ status=200 request_id=abc-1")


def test_a_line_for_programs_is_one_json_object(request_id: str) -> None:
    made = record('a "quoted"\nmessage', status=200, path=Path("/x"))
    line = JsonFormatter().format(made)
    assert "\n" not in line
    assert json.loads(line) == {
        "time": "1970-01-01T00:00:00.250Z",
        "level": "INFO",
        "logger": "api.routes.reload",
        "process": 7,
        "message": 'a "quoted"\nmessage',
        "status": 200,
        "path": "/x",
        "request_id": "abc-1",
    }


def test_a_traceback_is_part_of_the_one_line() -> None:
    made = record("failed")
    try:
        json.loads("no JSON")
    except ValueError:
        made.exc_info = sys.exc_info()
    line = JsonFormatter().format(made)
    assert "\n" not in line
    assert "JSONDecodeError: Expecting value" in json.loads(line)["exception"]


def test_a_large_file_is_rotated_and_the_oldest_is_removed(tmp_path: Path) -> None:
    rotation = LogRotation(Config(log_path=tmp_path, log_max_mb=1))
    path = tmp_path / LOG_FILE
    rotation.rotate()  # nothing there yet
    for number in range(KEPT_FILES + 3):
        path.write_text(f"{number}" * 999_999)
        rotation.rotate()
        assert path.exists()
        path.write_text(f"{number}" * 1_000_000)
        rotation.rotate()
        assert not path.exists()
    kept = {each.name: each.read_text()[0] for each in tmp_path.iterdir()}
    assert kept == {f"{LOG_FILE}.{n}": str(KEPT_FILES + 3 - n) for n in range(1, KEPT_FILES + 1)}


def test_the_log_continues_when_its_folder_is_removed_and_nothing_fails_where_it_cannot(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "logs"
    log = LogFile(folder / LOG_FILE)
    for _ in range(2):
        log.emit(record("one line"))
        assert (folder / LOG_FILE).read_text() == "one line\n"
        shutil.rmtree(folder)
    folder.write_text("a file in its place")
    log.emit(record("lost"))
    folder.unlink()
    log.emit(record("another line"))
    log.close()
    assert (folder / LOG_FILE).read_text() == "another line\n"


def write_lines(config: Config, worker: int, n_lines: int) -> None:
    logging.config.dictConfig(
        logging_settings(config) | {"root": {"level": 20, "handlers": ["file"]}}
    )
    for number in range(n_lines):
        logging.getLogger("worker").info("%d:%d:%s", worker, number, "x" * (number * 70))


def test_no_line_is_lost_or_torn_while_processes_write_and_the_file_is_rotated(
    tmp_path: Path,
) -> None:
    config = Config(log_path=tmp_path, log_format="json", log_max_mb=1)
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_lines, args=(config, each, 200)) for each in range(3)]
    for writer in writers:
        writer.start()
    rotation = LogRotation(config)
    while any(writer.is_alive() for writer in writers):
        rotation.rotate()
    lines = [
        json.loads(line)["message"].split(":")
        for path in tmp_path.iterdir()
        for line in path.read_text().splitlines()
    ]
    assert len(list(tmp_path.iterdir())) > 1  # it was rotated meanwhile
    found = sorted((int(worker), int(number), len(text)) for worker, number, text in lines)
    assert found == [(worker, n, n * 70) for worker in range(3) for n in range(200)]
