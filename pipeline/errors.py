"""The error of the offline half that its user can mend."""

from __future__ import annotations


class PipelineError(ValueError):
    """An input or an option can't be used as given.

    The message is one sentence or two: what came, what was expected, what to do. The
    command line prints it alone, without a traceback, and ends with status 2.
    """
