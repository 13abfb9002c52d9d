"""From a TARGET to workflows: the only place where a host imports user code.

A TARGET is `module`, `module:attribute`, `path/flows.py` or `path/flows.py:attribute`. Every compiled graph found there is
registered under its name. Without a target the shipped examples are loaded; one whose extra is absent is left out with one
log line.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

import structlog

from actors.host.boot import ROOT
from fastgraph.errors import FastGraphError
from fastgraph.graph.compiled import CompiledGraph

__all__ = ["LoadingError", "Workflows", "load_workflows"]

OURS = ("fastgraph", "actors")
SHIPPED = ("text_report", "approve_order", "long_crawl", "train_model")

log = structlog.get_logger(__name__)

Workflows = Mapping[str, CompiledGraph]


class LoadingError(FastGraphError):
    """A target can't be loaded; `target` names it."""

    def __init__(self, target: str, reason: str) -> None:
        self.target = target
        super().__init__(f"Target {target!r} can't be loaded: {reason}")


def load_workflows(targets: Iterable[str]) -> Workflows:
    """Load all targets in order; the first graph is the default workflow. Raises LoadingError, also where two graphs
    have the same name or nothing was found."""
    found: dict[str, CompiledGraph] = {}
    named = [target for target in targets if target]
    for target, graph in _shipped() if not named else _of_targets(named):
        if graph.name in found and found[graph.name] is not graph:
            raise LoadingError(
                target, f"a workflow named {graph.name!r} is loaded already. Give one another name."
            )
        found[graph.name] = graph
    if not found:
        raise LoadingError(
            ", ".join(named), "no compiled graph was found. Assign one: `graph = builder.compile(name=…)`."
        )
    return found


def _of_targets(targets: list[str]) -> Iterator[tuple[str, CompiledGraph]]:
    for target in targets:
        location, attribute = _split(target)
        module = (
            _import_file(target, Path(location))
            if location.endswith(".py")
            else _import_module(target, location)
        )
        graphs = list(_graphs_of(target, module, attribute))
        if not graphs:
            raise LoadingError(
                target, "it holds no compiled graph. Assign one: `graph = builder.compile(name=…)`."
            )
        for graph in graphs:
            yield target, graph


def _split(target: str) -> tuple[str, str | None]:
    location, colon, attribute = target.rpartition(":")
    if not colon or "/" in attribute or "\\" in attribute:
        return target, None
    return location, attribute


def _graphs_of(target: str, module: ModuleType, attribute: str | None) -> Iterator[CompiledGraph]:
    if attribute is None:
        seen: set[int] = set()
        for value in vars(module).values():
            if isinstance(value, CompiledGraph) and id(value) not in seen:
                seen.add(id(value))
                yield value
        return
    try:
        value = getattr(module, attribute)
    except AttributeError:
        names = ", ".join(name for name, value in vars(module).items() if isinstance(value, CompiledGraph))
        raise LoadingError(
            target, f"{attribute!r} is not there. Compiled graphs there: {names or 'none'}."
        ) from None
    if not isinstance(value, CompiledGraph):
        raise LoadingError(
            target, f"{attribute!r} is a {type(value).__name__}, not a compiled graph. Call .compile() on it."
        )
    yield value


def _import_module(target: str, name: str) -> ModuleType:
    _put_first(target, Path.cwd())
    try:
        return importlib.import_module(name)
    except LoadingError:
        raise
    except (
        Exception
    ) as error:  # user code runs at import; whatever it raises becomes one sentence with its cause
        raise LoadingError(target, f"importing it raised {type(error).__name__}: {error}") from error


def _import_file(target: str, path: Path) -> ModuleType:
    path = path.resolve()
    if not path.is_file():
        raise LoadingError(target, f"there is no file {path}.")
    _put_first(target, path.parent)
    name = (
        path.stem
        if path.stem not in sys.modules and path.stem not in OURS
        else f"fastgraph_target_{path.stem}"
    )
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise LoadingError(target, "it is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # as above
        del sys.modules[name]
        raise LoadingError(target, f"running it raised {type(error).__name__}: {error}") from error
    return module


def _put_first(target: str, folder: Path) -> None:
    for name in OURS:
        for candidate in (folder / name / "__init__.py", folder / f"{name}.py", folder / name):
            is_ours = folder.resolve() == ROOT
            if (
                candidate.exists()
                and not is_ours
                and (candidate.suffix == ".py" or any(candidate.glob("*.py")))
            ):
                raise LoadingError(
                    target,
                    f"{candidate} has the name of one of FastGraph's own packages, so Python would mix up the two. "
                    f"Rename yours (a package called `api` is fine).",
                )
    text = str(folder.resolve())
    sys.path[:] = [text, *(entry for entry in sys.path if entry != text)]


def _shipped() -> Iterator[tuple[str, CompiledGraph]]:
    folder = next(place for place in (ROOT / "examples", ROOT / "fastgraph" / "examples") if place.is_dir())
    for stem in SHIPPED:
        path = folder / f"{stem}.py"
        try:
            module = _import_file(str(path), path)
        except LoadingError as error:
            if not isinstance(error.__cause__, ImportError):
                raise
            log.warning(
                "example left out",
                example=stem,
                missing=str(error.__cause__),
                remedy="pip install 'fastgraph-server[ml]'",
            )
            continue
        for graph in _graphs_of(stem, module, None):
            yield stem, graph
