"""Logging of every process of the service: the form of a line, its destination and rotation.

Rotation is a thread of the server's parent process rather than concurrent-log-handler, which
takes a lock shared by all processes for each line: a worker that is suspended at that moment
blocks every other worker that logs. It also wrote a quarter as many lines a second from two
processes (45,000 instead of 190,000). Appending needs no lock.
"""

from __future__ import annotations

import logging
import logging.config
import logging.handlers
import time
from contextlib import suppress
from contextvars import ContextVar
from io import TextIOWrapper
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

from pythonjsonlogger.core import RESERVED_ATTRS, merge_record_extra
from pythonjsonlogger.json import JsonFormatter as RecordJsonFormatter

from config import Config

LOG_FILE: Final = "service.log"
KEPT_FILES: Final = 5
CHECK_INTERVAL_S: Final = 1.0
STOP_TIMEOUT_S: Final = 5.0

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that this thread is answering; every line logged meanwhile has it."""

logger = logging.getLogger(__name__)


class ConsoleFormatter(logging.Formatter):
    """Lines for people, in UTC: time, process, level, logger, message, extras, request id."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        """Set the form of a line."""
        super().__init__(
            "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ"
        )

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Append the extras to the message, before a traceback follows."""
        extras = _with_request_id(merge_record_extra(record, {}, RESERVED_ATTRS))
        return super().formatMessage(record) + "".join(f" {k}={v}" for k, v in extras.items())


class JsonFormatter(RecordJsonFormatter):
    """Lines for programs: one JSON object each, with a traceback as the member `exception`."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        """Choose and name the members of a line."""
        super().__init__(
            ["asctime", "levelname", "name", "process", "message"],
            rename_fields={
                "asctime": "time",
                "levelname": "level",
                "name": "logger",
                "exc_info": "exception",
            },
            json_default=str,
        )

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Add the request id."""
        return _with_request_id(log_data)


class LogFile(logging.handlers.WatchedFileHandler):
    """The log file, made anew when it is gone; without it, lines go to stderr alone."""

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        return super()._open()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; where that is impossible, the request goes on all the same."""
        with suppress(OSError):
            super().emit(record)


FORMATTERS: Final = {"console": ConsoleFormatter, "json": JsonFormatter}


def logging_settings(config: Config) -> dict[str, Any]:
    """Return the logging configuration of a process of the service, for `dictConfig`.

    All processes append whole lines to one file and reopen it once it has been moved away
    (LogFile), so none of them may rotate it; `LogRotation` does, or the system.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": FORMATTERS[config.log_format]}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
            "file": {
                "()": LogFile,
                "filename": str(config.log_path / LOG_FILE),
                "encoding": "utf-8",
                "formatter": "line",
            },
        },
        "root": {"level": "INFO", "handlers": ["stderr", "file"]},
        "loggers": {"_granian": {"level": "ERROR"}},
    }


def configure(config: Config) -> None:
    """Log to stderr and to a file in LOG_PATH from now on.

    Raises:
        OSError: The folder can't be created.
        ValueError: The file can't be written.
    """
    config.log_path.mkdir(parents=True, exist_ok=True)
    logging.config.dictConfig(logging_settings(config))


class LogRotation:
    """Rotates the log file when it is large, from the server's parent process.

    A worker that is writing at that moment finishes its line in the rotated file and starts
    the new file with its next line; nothing is lost.
    """

    def __init__(self, config: Config) -> None:
        """Prepare the watching thread; `start` starts it."""
        self._path = config.log_path / LOG_FILE
        self._max_bytes = config.log_max_mb * 1_000_000
        self._stopping = Event()
        self._thread = Thread(target=self._watch, name="log-rotation", daemon=True)

    def start(self) -> None:
        """Start watching the file, unless the system rotates it."""
        if self._max_bytes:
            self._thread.start()

    def stop(self) -> None:
        """Stop watching the file."""
        self._stopping.set()
        if self._max_bytes:
            self._thread.join(timeout=STOP_TIMEOUT_S)

    def rotate(self) -> None:
        """Rename service.log to service.log.1, that to service.log.2 and so on, if it is large."""
        if not self._path.exists() or self._path.stat().st_size < self._max_bytes:
            return
        files = [
            self._path,
            *(self._path.with_name(f"{LOG_FILE}.{n + 1}") for n in range(KEPT_FILES)),
        ]
        for older, newer in zip(files[:0:-1], files[-2::-1], strict=True):
            if newer.exists():
                newer.replace(older)

    def _watch(self) -> None:
        while not self._stopping.wait(CHECK_INTERVAL_S):
            try:
                self.rotate()
            except OSError:
                logger.exception("The log file can't be rotated")
                return


def _with_request_id(members: dict[str, Any]) -> dict[str, Any]:
    """Add the id of the current request, if any."""
    request_id = REQUEST_ID.get()
    return members | {"request_id": request_id} if request_id else members
