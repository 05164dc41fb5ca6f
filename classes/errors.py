"""What can go wrong in the service; the api translates it into HTTP statuses."""

from __future__ import annotations


class ServiceError(Exception):
    """Base of everything the service refuses or can't do; the message is for people."""


class NoSnapshotError(ServiceError):
    """No published snapshot can be opened."""


class ReloadBusyError(ServiceError):
    """Another reload is running; `retry_after_s` says when to try again."""

    def __init__(self, message: str, retry_after_s: int = 5) -> None:
        """Keep the message and the seconds to wait."""
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ReloadRefusedError(ServiceError):
    """The files to load are missing, unreadable or invalid."""


class ReloadConflictError(ServiceError):
    """Data and model are each valid but don't fit each other."""


class ReloadFailedError(ServiceError):
    """Loading stopped for a reason outside the files: no disk space, killed, out of time."""


class NothingToRollBackError(ServiceError):
    """There is no sound earlier generation to return to."""


class OptionError(ServiceError):
    """What a caller asks for doesn't fit together, or doesn't fit the data."""


class UnknownNameError(ServiceError):
    """There is no item or user with that name."""


class JobBusyError(ReloadBusyError):
    """Another job is running, which takes minutes."""


class JobEndedError(ServiceError):
    """The job has ended, so it can't be stopped."""


class UnknownJobError(ServiceError):
    """There is no job with that id."""


class PipelineMissingError(ServiceError):
    """The packages that training needs aren't installed."""
