"""docs/security.md can't drift from the code: it names every limit, and the tests that it names exist."""

from __future__ import annotations

import re
from importlib import import_module

from config import PROJECT_ROOT, settings

PAGE = (PROJECT_ROOT / "docs" / "security.md").read_text(encoding="utf-8")
CONSTANT = re.compile(r"`([a-z_]+(?:\.[a-z_]+)*)\.(_?[A-Z_]+)`")
NO_LIMITS = {
    "PORT",
    "WORKERS",
    "LOG_SLOW_MS",
    "COLD_START_WINDOW_DAYS",
    "COLD_START_WINDOW_HOURS",
    "DRAIN_S",
}


def test_every_setting_that_is_a_limit_is_on_the_page() -> None:
    limits = {each.variable for _, each, default in settings() if isinstance(default, int)}
    limits = (limits | {"RATE_LIMIT", "ADMIN_TOKEN", "CORS_ORIGINS"}) - NO_LIMITS
    assert {name for name in limits if f"`{name}`" not in PAGE} == set()


def test_every_constant_that_is_named_exists() -> None:
    found = CONSTANT.findall(PAGE)
    assert len(found) > 10
    assert all(hasattr(import_module(module), name) for module, name in found)


def test_every_test_that_is_named_exists() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8") for path in (PROJECT_ROOT / "tests").rglob("test_*.py")
    )
    named = re.findall(r"`(test_\w+)`", PAGE)
    assert len(named) > 30
    assert [name for name in named if f"def {name}(" not in sources] == []
