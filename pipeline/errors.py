"""The errors for faults that the user of the pipeline can fix."""

from __future__ import annotations


class PipelineError(ValueError):
    """An input or an option can't be used as given.

    The message is one sentence or two: what was found, what was expected, what to do. The
    command line prints it without a traceback and exits with status 2.
    """


class NotTrainableError(PipelineError):
    """The data can't teach a model of one kind; another kind may still be made of it.

    Attributes:
        reason: What the data lacks, in a sentence.
        needed: What would change that, in a sentence without its full stop.
    """

    def __init__(self, reason: str, needed: str, instead: str = "") -> None:
        """Describe the fault.

        Args:
            reason: As the attribute.
            needed: As the attribute.
            instead: What can be done with the data as they are; "" for nothing.
        """
        super().__init__(f"{reason} {needed}{', or ' if instead else ''}{instead}.")
        self.reason = reason
        self.needed = needed


class NothingToMeasureError(PipelineError):
    """The reviews hold no case by which a model could be judged."""
