"""A program of the conformance suite: one source, run on both libraries.

`@flow` makes a program of a function that builds a graph, with the calls that are made on it; it is observed in every
way there is (chunks, result, state, history) and can be run through a server. `@script` makes one of a function that
does what it likes and returns what it saw. A program names the rows of the reference that it tries.
"""

import importlib
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.calls import Call

__all__ = ["Flow", "Program", "Script", "flow", "list_programs", "script"]

Build = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A graph and the calls that are made on it.

    `build(lg)` returns an uncompiled builder, or something compiled already. `is_async`: it can only be run on a loop.
    `is_served`: a server can run it, for all is plain JSON and nothing is shared but the state. `remembers`: nodes count
    their runs in the memory of the process.
    """

    name: str
    rows: tuple[str, ...]
    build: Build
    calls: tuple[Call, ...]
    needs_checkpointer: bool = True
    is_async: bool = False
    is_served: bool = True
    remembers: bool = False
    compile_options: Callable[[Any], dict[str, Any]] = lambda _lg: {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A function of `lg` that returns what it saw; it may be async."""

    name: str
    rows: tuple[str, ...]
    run: Callable[[Any], Any]


Program = Flow | Script


def flow(
    *rows: str,
    calls: Sequence[Call],
    checkpointer: bool = True,
    is_async: bool = False,
    served: bool = True,
    remembers: bool = False,
    options: Callable[[Any], dict[str, Any]] = lambda _lg: {},
) -> Callable[[Build], Flow]:
    """Make a flow of a function that builds a graph. `options(lg)` are arguments of `compile`."""

    def make(build: Build) -> Flow:
        return Flow(
            name=build.__name__,
            rows=rows,
            build=build,
            calls=tuple(calls),
            needs_checkpointer=checkpointer,
            is_async=is_async,
            is_served=served,
            remembers=remembers,
            compile_options=options,
        )

    return make


def script(*rows: str) -> Callable[[Build], Script]:
    """Make a script of a function of `lg`."""

    def make(run: Build) -> Script:
        return Script(name=run.__name__, rows=rows, run=run)

    return make


def list_programs() -> list[Program]:
    """Return all programs, by module and then as written; names are unique."""
    found: list[Program] = []
    for path in sorted((Path(__file__).parent / "programs").glob("*.py")):
        module = importlib.import_module(f"conformance.programs.{path.stem}")
        found += [item for _, item in inspect.getmembers_static(module) if isinstance(item, Flow | Script)]
    names = [program.name for program in found]
    twice = {name for name in names if names.count(name) > 1}
    assert not twice, f"two programs of one name: {sorted(twice)}"
    return found
