"""What `fastgraph doctor` looks at: each check is a function that answers findings and never raises.

A finding says what was seen and, where that is not well, what to do. Nothing here changes anything: a folder
is written to by a probe that is removed, a port is bound and given back, the store is only read.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import Any

from api.cli.client import Client
from api.cli.failures import CommandError, RefusedError
from fastgraph.settings import Settings

__all__ = ["Finding", "Level", "check_all"]

LEAST_PYTHON = (3, 11)
LEAST_FREE_BYTES = 512 * 1024**2
DISTRIBUTION = "fastgraph-server"
OURS = ("fastgraph", "actors", "api")
DASHBOARD = Path(__file__).resolve().parents[1] / "dashboard" / "index.html"


class Level(StrEnum):
    """How a finding is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor's report; `remedy` is empty where all is well."""

    subject: str
    level: Level
    seen: str
    remedy: str = ""


def check_all(settings: Settings, url: str) -> Iterator[Finding]:
    """Look at everything, in the order in which a person would repair it."""
    yield _check_python()
    yield _check_packages()
    yield _check_names()
    yield _check_data_folder(settings.data_dir)
    yield _check_store(settings)
    yield _check_dashboard()
    health = _health_of(url)
    yield _check_port(settings, url, is_served=isinstance(health, dict))
    if isinstance(health, dict):
        yield _check_hosts(health)
        yield _check_workflows(url)
    else:
        yield Finding(subject="server", level=Level.WARN, seen=health, remedy="Start one: fastgraph serve")


def _check_python() -> Finding:
    seen = f"Python {sys.version.split()[0]}"
    if sys.version_info[:2] >= LEAST_PYTHON:
        return Finding(subject="python", level=Level.OK, seen=seen)
    wanted = ".".join(map(str, LEAST_PYTHON))
    return Finding(subject="python", level=Level.FAIL, seen=seen, remedy=f"Install Python {wanted} or newer.")


def _check_packages() -> Finding:
    try:
        required = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return Finding(
            subject="packages",
            level=Level.FAIL,
            seen=f"{DISTRIBUTION} is not installed",
            remedy="pip install -e .",
        )
    names = [re.split(r"[\s\[<>=!~;(]", line, maxsplit=1)[0] for line in required if "extra ==" not in line]
    missing = [name for name in names if not _is_installed(name)]
    if missing:
        seen = f"missing: {', '.join(missing)}"
        return Finding(
            subject="packages", level=Level.FAIL, seen=seen, remedy=f"pip install {' '.join(missing)}"
        )
    seen = f"{DISTRIBUTION} {metadata.version(DISTRIBUTION)}, {len(names)} packages it needs are there"
    return Finding(subject="packages", level=Level.OK, seen=seen)


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _check_names() -> Finding:
    """Another distribution with a package of our name would be imported in our place, or we in its."""
    owners = metadata.packages_distributions()
    others = {name: sorted({*owners.get(name, [])} - {DISTRIBUTION}) for name in OURS}
    taken = [f"{name} also comes with {', '.join(found)}" for name, found in others.items() if found]
    if not taken:
        return Finding(subject="names", level=Level.OK, seen=f"{', '.join(OURS)} are ours alone")
    return Finding(
        subject="names",
        level=Level.FAIL,
        seen="; ".join(taken),
        remedy="Uninstall it here, or use another environment.",
    )


def _check_data_folder(folder: Path) -> Finding:
    place = (
        folder if folder.exists() else next(parent for parent in folder.resolve().parents if parent.exists())
    )
    if folder.exists() and not folder.is_dir():
        return _data_fault(f"{folder} is a file", "Name a folder with --data-dir or FASTGRAPH_DATA_DIR.")
    try:
        with tempfile.TemporaryFile(dir=place):
            free = shutil.disk_usage(place).free
    except OSError as error:
        return _data_fault(
            f"{place} can't be written to: {error.strerror}", "Change its rights, or use --data-dir."
        )
    seen = f"{folder.resolve()} is writable, {free / 1024**3:.1f} GiB are free"
    if free < LEAST_FREE_BYTES:
        return Finding(subject="data folder", level=Level.WARN, seen=seen, remedy="Make room on that disk.")
    return Finding(subject="data folder", level=Level.OK, seen=seen)


def _data_fault(seen: str, remedy: str) -> Finding:
    return Finding(subject="data folder", level=Level.FAIL, seen=seen, remedy=remedy)


def _check_store(settings: Settings) -> Finding:
    from api.cli.store_state import look_at_store

    state = look_at_store(settings)
    level = Level.OK if state.is_current else Level.FAIL if state.is_fault else Level.WARN
    return Finding(subject="store", level=level, seen=state.seen, remedy=state.remedy)


def _check_dashboard() -> Finding:
    if DASHBOARD.is_file():
        return Finding(subject="dashboard", level=Level.OK, seen="built")
    remedy = "With Node.js: cd frontend && npm install && npm run build. The API works without."
    return Finding(subject="dashboard", level=Level.WARN, seen="not built", remedy=remedy)


def _check_port(settings: Settings, url: str, *, is_served: bool) -> Finding:
    from api.cli.failures import CannotStartError
    from api.cli.server import bind

    place = f"{settings.host}:{settings.port}"
    if is_served:
        return Finding(subject="port", level=Level.OK, seen=f"a FastGraph server answers at {url}")
    try:
        bind(settings.host, settings.port).close()
    except CannotStartError as error:
        seen, _, remedy = str(error).partition(". ")
        return Finding(subject="port", level=Level.FAIL, seen=seen, remedy=remedy)
    return Finding(subject="port", level=Level.OK, seen=f"{place} is free")


def _health_of(url: str) -> dict[str, Any] | str:
    """The server's health, or why there is none."""
    try:
        with Client(url) as client:
            found = client.get("/api/monitoring/health")
    except RefusedError as error:
        return error.problem if "hosts" in error.problem else f"the server at {url} says: {error}"
    except CommandError as error:
        return str(error).partition(". Start one")[0]
    return found if isinstance(found, dict) else f"{url} is no FastGraph server"


def _check_hosts(health: dict[str, Any]) -> Finding:
    alive = [host for host in health.get("hosts") or () if host.get("is_alive")]
    runs = sum(host.get("active_runs") or 0 for host in alive)
    if alive:
        return Finding(subject="hosts", level=Level.OK, seen=f"{len(alive)} alive with {runs} runs in hand")
    remedy = "Start one: fastgraph host, or fastgraph serve, and look at its log."
    return Finding(subject="hosts", level=Level.FAIL, seen="none is alive: no run executes", remedy=remedy)


def _check_workflows(url: str) -> Finding:
    try:
        with Client(url) as client:
            names = [entry["name"] for entry in client.get("/api/workflows")]
    except CommandError as error:
        return Finding(
            subject="workflows", level=Level.FAIL, seen=str(error), remedy="Look at the server's log."
        )
    if names:
        return Finding(subject="workflows", level=Level.OK, seen=", ".join(names))
    remedy = "Start a host with one: fastgraph host path/flows.py"
    return Finding(subject="workflows", level=Level.FAIL, seen="none is published", remedy=remedy)
