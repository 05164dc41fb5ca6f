"""From the artifact files to the arrays of which the service's data consist."""

from classes.artifact_arrays.assembly import artifact_arrays

__all__ = ["artifact_arrays"]
