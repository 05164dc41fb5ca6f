"""The files for containers name settings, paths and rooms that the project has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app import create_app
from config import PROJECT_ROOT, Config, settings

yaml = pytest.importorskip("yaml")  # comes with schemathesis

DOCKERFILE = (PROJECT_ROOT / "Dockerfile").read_text(encoding="utf-8")
SERVING = DOCKERFILE.split(" AS serving\n")[1]
KUBERNETES = PROJECT_ROOT / "deploy" / "kubernetes"
FOREIGN = re.compile(r"AWS_\w+|REVIEWS|PATH|HOME|PYTHON\w+")
"""Variables that other programs read."""


def _documents() -> Iterator[Any]:
    for path in sorted(KUBERNETES.glob("*.yaml")):
        yield from yaml.safe_load_all(path.read_text(encoding="utf-8"))


def _compose() -> Any:
    return yaml.safe_load((PROJECT_ROOT / "compose.yaml").read_text(encoding="utf-8"))


def _containers(node: Any) -> Iterator[dict[str, Any]]:
    """Find all containers below a document of Kubernetes."""
    if isinstance(node, dict):
        yield from node.get("containers", ())
        for value in node.values():
            yield from _containers(value)
    elif isinstance(node, list):
        for value in node:
            yield from _containers(value)


def _variables() -> Iterator[str]:
    yield from re.findall(r"^(?:ENV| {4})\s*([A-Z_]+)=", DOCKERFILE, re.MULTILINE)
    for service in _compose()["services"].values():
        yield from service.get("environment", ())
    for document in _documents():
        for each in document.get("configMapGenerator", ()):
            yield from (literal.partition("=")[0] for literal in each["literals"])
        for container in _containers(document):
            yield from (each["name"] for each in container.get("env", ()))


def test_every_variable_is_a_setting_or_read_by_another_program() -> None:
    known = {setting.variable for _, setting, _ in settings()}
    unknown = {name for name in _variables() if name not in known and not FOREIGN.fullmatch(name)}
    assert not unknown
    assert {"SNAPSHOT_URL", "SNAPSHOT_PATH", "ADMIN_TOKEN"} <= set(_variables())


def test_probes_ask_for_routes_of_the_service() -> None:
    routes = {rule.rule for rule in create_app(Config()).url_map.iter_rules()}
    asked = re.findall(r"httpGet: \{ path: (\S+),", (KUBERNETES / "deployment.yaml").read_text())
    assert len(asked) == 3
    assert {*asked, "/metrics"} <= routes
    assert "/health/live" in SERVING


def test_the_serving_image_holds_all_that_the_service_imports() -> None:
    copied = set(re.findall(r"^COPY (\w+) \1$", SERVING, re.MULTILINE))
    modules = set(re.search(r"^COPY (app\.py .*) \./$", SERVING, re.MULTILINE)[1].split())  # type: ignore[index]
    files = [PROJECT_ROOT / name for name in modules if name.endswith(".py")]
    files += [path for room in copied for path in (PROJECT_ROOT / room).rglob("*.py")]
    local = {path.stem for path in PROJECT_ROOT.glob("*.py")}
    local |= {path.parent.name for path in PROJECT_ROOT.glob("*/__init__.py")}
    imported = {name for path in files for name in _imports(path)} & local
    assert imported <= copied | {Path(name).stem for name in modules}
    assert "pipeline" not in copied


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def test_containers_run_as_the_images_user_on_a_root_that_cannot_be_written() -> None:
    user = re.search(r"^USER (\d+):", SERVING, re.MULTILINE)
    assert user is not None
    pods = [path for path in KUBERNETES.glob("*.yaml") if "containers:" in path.read_text()]
    assert len(pods) == 2
    for path in pods:
        text = path.read_text(encoding="utf-8")
        assert f"runAsUser: {user[1]}" in text
        assert "readOnlyRootFilesystem: true" in text
    replicas = [each for name, each in _compose()["services"].items() if "replica" in name]
    assert all(each["read_only"] and each["cap_drop"] == ["ALL"] for each in replicas)


def test_the_proxy_and_prometheus_ask_the_replicas_that_there_are() -> None:
    replicas = {name for name in _compose()["services"] if name.startswith("replica-")}
    for name in ("nginx.conf", "prometheus.yml"):
        text = (PROJECT_ROOT / "deploy" / "compose" / name).read_text(encoding="utf-8")
        assert set(re.findall(r"(replica-\d):8080", text)) == replicas
