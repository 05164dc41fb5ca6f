"""What is done to artifact files, and all that a refusal must leave alone."""

from __future__ import annotations

from collections.abc import Callable

from config import Config
from processes.start_build import open_store
from storage.artifacts import ArtifactPaths

USERS = ["kelly sullivan", "kelly haddad", "amir oconnor", "nobody"]
Damage = Callable[[ArtifactPaths], None]


def state(config: Config) -> tuple[object, ...]:
    """All that a failure must leave alone: answers, generation, and what lies in the folder."""
    snapshot = open_store(config).current()
    names = sorted(str(path) for path in config.snapshot_path.rglob("*"))
    return snapshot.generation, snapshot.recommender.recommend(USERS), names


def cut(name: str, share: float = 0.5) -> Damage:
    """Keep the first part of a file only."""

    def damage(paths: ArtifactPaths) -> None:
        path = getattr(paths, name)
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])

    return damage


def swap(one: str, other: str) -> Damage:
    """Put two files in each other's place."""

    def damage(paths: ArtifactPaths) -> None:
        first, second = getattr(paths, one), getattr(paths, other)
        content = first.read_bytes()
        first.write_bytes(second.read_bytes())
        second.write_bytes(content)

    return damage
