"""The error for faults that the user of the pipeline can fix."""

from __future__ import annotations


class PipelineError(ValueError):
    """An input or an option can't be used as given.

    The message is one sentence or two: what was found, what was expected, what to do. The
    command line prints it without a traceback and exits with status 2.
    """
