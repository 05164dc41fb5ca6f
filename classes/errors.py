"""What can go wrong in the service, in its own words; HTTP statuses are the api's business."""

from __future__ import annotations


class ServiceError(Exception):
    """Base of everything the service refuses or can't do; the message is for a person."""


class NoSnapshotError(ServiceError):
    """There is no published snapshot to answer from."""


class ReloadBusyError(ServiceError):
    """Another reload is running; `retry_after_s` says when to try again."""

    def __init__(self, message: str, retry_after_s: int = 5) -> None:
        """Keep the message and the seconds to wait."""
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ReloadRefusedError(ServiceError):
    """The files to load are missing, unreadable or invalid."""


class ReloadConflictError(ServiceError):
    """Data and model are each fine but don't fit each other."""


class ReloadFailedError(ServiceError):
    """Loading stopped for a reason outside the files: no disk space, killed, out of time."""


class NothingToRollBackError(ServiceError):
    """There is no earlier generation to go back to."""


class OptionError(ServiceError):
    """What a caller asks for doesn't fit together, or doesn't fit the data."""


class UnknownNameError(ServiceError):
    """There is no item or user of the name asked for."""


class JobBusyError(ReloadBusyError):
    """Another job is running; it takes minutes."""


class JobEndedError(ServiceError):
    """The job isn't running any more, so it can't be stopped."""


class UnknownJobError(ServiceError):
    """There is no job of that name."""


class PipelineMissingError(ServiceError):
    """Training needs packages that serving doesn't, and they aren't installed."""
