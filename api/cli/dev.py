"""`fastgraph dev`: serve, and start the hosts anew when a workflow's file changes. Running runs resume where
they were.

The API process never imports user code, so what is to be watched is found by looking for files: the folder of
a file, the package of a module.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import DatabaseUrl, DataDir, Host, Hosts, Port, Targets

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["dev", "watched_folders"]

ROOT = Path(__file__).resolve().parents[2]


def dev(
    targets: Targets = None,
    *,
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    hosts: Hosts = None,
    watch: Annotated[list[Path] | None, typer.Option("--watch", help="A further folder to watch.")] = None,
) -> None:
    """Serve, and reload the workflows when one of their files changes."""
    from api.cli.serve import settings_of
    from api.cli.server import run_app
    from fastgraph.targets import split_targets

    settings = settings_of(
        targets,
        host=host,
        port=port,
        data_dir=data_dir,
        database_url=database_url,
        hosts=hosts,
        strict_values=True,
    )
    folders = watched_folders([*split_targets(settings.targets)], extra=watch or ())
    tasks: list[asyncio.Task[None]] = []

    async def begin(app: FastAPI) -> None:
        print(f"Watching {', '.join(map(str, folders)) or 'nothing'} for changes", flush=True)
        if folders:
            tasks.append(asyncio.create_task(_reload_on_change(app, folders), name="reload on change"))
            tasks[-1].add_done_callback(_tell_end)

    run_app(settings, on_serving=begin)


def watched_folders(targets: Iterable[str], *, extra: Iterable[Path] = ()) -> list[Path]:
    """Return the folders whose Python files a target may be made of; the outermost ones only, sorted."""
    named = [_place_of(target) for target in targets] or [_examples()]
    found = {place.resolve() for place in [*named, *extra] if place is not None and place.exists()}
    return sorted(place for place in found if not any(other in place.parents for other in found))


def _place_of(target: str) -> Path | None:
    location, colon, attribute = target.rpartition(":")
    if not colon or "/" in attribute or "\\" in attribute:
        location = target
    if location.endswith(".py"):
        return Path(location).parent
    from importlib.machinery import PathFinder

    top = location.partition(".")[0]
    spec = PathFinder.find_spec(top, [str(Path.cwd()), *sys.path])  # finds without running a line of it
    if spec is None:
        return Path.cwd()
    if spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations)))
    return Path(spec.origin).parent if spec.origin else None


def _examples() -> Path | None:
    places = (ROOT / "examples", ROOT / "fastgraph" / "examples")
    return next((place for place in places if place.is_dir()), None)


async def _reload_on_change(app: FastAPI, folders: list[Path]) -> None:
    from watchfiles import PythonFilter, awatch

    async for changes in awatch(*folders, watch_filter=PythonFilter(), recursive=True):
        names = sorted({Path(name).name for _, name in changes})
        print(f"{', '.join(names)} changed: the hosts start anew, running runs resume", flush=True)
        await app.state.services.keeper.restart()


def _tell_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        print(f"Changes are no longer watched: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
