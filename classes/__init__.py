"""The objects the service holds in memory between requests, and nothing else.

Pure functions live in `recsys`, scoring in `scoring`, offline work in `pipeline`. Every
object here is replaced whole and never edited in place.
"""

from classes.app_data_processing import AppDataProcessor
from classes.model import Model

__all__ = ["AppDataProcessor", "Model"]
