"""How every process of the service logs: what a line looks like, where it goes, and its end."""

from __future__ import annotations

import json
import logging
import logging.config
import time
from collections.abc import Mapping
from contextvars import ContextVar
from threading import Event, Thread
from typing import Any, Final

from config import Config

LOG_FILE: Final = "service.log"
KEPT_FILES: Final = 5
CHECK_INTERVAL_S: Final = 1.0
STOP_TIMEOUT_S: Final = 5.0

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""Of the request that this thread is answering; it goes into every line logged meanwhile."""

FIELDS: Final = "fields"
"""`logger.info("…", extra={FIELDS: {…}})` adds members to a line of JSON, name=value to others."""

logger = logging.getLogger(__name__)


class ConsoleFormatter(logging.Formatter):
    """Lines for people, in UTC: time, process, level, logger, message, fields, request id."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        """Set the form of a line."""
        super().__init__(
            "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ"
        )

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Add what came beside the message, before a traceback follows."""
        members = "".join(f" {name}={value}" for name, value in _beside(record).items())
        return super().formatMessage(record) + members


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for programs."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        """Encode a record; a traceback is the member `exception`."""
        members: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
            **_beside(record),
        }
        if record.exc_info:
            members["exception"] = self.formatException(record.exc_info)
        return json.dumps(members, default=str)


FORMATTERS: Final = {"console": ConsoleFormatter, "json": JsonFormatter}


def logging_settings(config: Config) -> dict[str, Any]:
    """Describe the logging of a process of the service, for `dictConfig`.

    All processes append whole lines to one file and reopen it once it has been moved away
    (WatchedFileHandler), so none of them may rotate it; `LogRotation` does, or the system.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": FORMATTERS[config.log_format]}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
            "file": {
                "class": "logging.handlers.WatchedFileHandler",
                "filename": str(config.log_path / LOG_FILE),
                "encoding": "utf-8",
                "formatter": "line",
            },
        },
        "root": {"level": "INFO", "handlers": ["stderr", "file"]},
        "loggers": {"_granian": {"level": "ERROR"}},
    }


def configure(config: Config) -> None:
    """Log from now on to stderr and to a file in LOG_PATH.

    Raises:
        OSError: The folder can't be made.
        ValueError: The file can't be written.
    """
    config.log_path.mkdir(parents=True, exist_ok=True)
    logging.config.dictConfig(logging_settings(config))


class LogRotation:
    """Sets the log file aside when it has grown large, from the server's parent process.

    A worker that is just writing finishes its line in the file that was set aside, and
    begins the new one with its next line; nothing is lost.
    """

    def __init__(self, config: Config) -> None:
        """Prepare the watching thread; `start` sets it off."""
        self._path = config.log_path / LOG_FILE
        self._most_bytes = config.log_max_mb * 1_000_000
        self._stopping = Event()
        self._thread = Thread(target=self._watch, name="log-rotation", daemon=True)

    def start(self) -> None:
        """Begin to watch, unless the system rotates."""
        if self._most_bytes:
            self._thread.start()

    def stop(self) -> None:
        """End the watching."""
        self._stopping.set()
        if self._most_bytes:
            self._thread.join(timeout=STOP_TIMEOUT_S)

    def rotate(self) -> None:
        """Move service.log to service.log.1, that to service.log.2 and so on, if it is large."""
        if not self._path.exists() or self._path.stat().st_size < self._most_bytes:
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
                logger.exception("the log file can't be set aside")
                return


def _beside(record: logging.LogRecord) -> Mapping[str, Any]:
    """Collect what a line says beside its message."""
    found = dict(getattr(record, FIELDS, {}))
    request_id = REQUEST_ID.get()
    if request_id:
        found["request_id"] = request_id
    return found
