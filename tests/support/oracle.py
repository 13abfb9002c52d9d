"""Run one program on LangGraph and on FastGraph: the names it imports are the parameter.

A program is a function of `Names` that returns what it saw; both must see the same. LangGraph is a development
dependency and only ever an oracle. Errors are compared by class name, ours by any class of its ancestry: a
`GraphDefinitionError` is a ValueError as LangGraph's is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import langgraph.cache.memory
import langgraph.channels
import langgraph.checkpoint.memory
import langgraph.config
import langgraph.errors
import langgraph.graph
import langgraph.managed.base
import langgraph.managed.is_last_step
import langgraph.runtime
import langgraph.types

import fastgraph.cache.memory
import fastgraph.channels
import fastgraph.checkpoint.memory
import fastgraph.config
import fastgraph.errors
import fastgraph.graph
import fastgraph.managed.base
import fastgraph.managed.is_last_step
import fastgraph.runtime
import fastgraph.types

Names = Any
Program = Callable[[Names], Any]


def _names(root: Any) -> Names:
    return SimpleNamespace(
        StateGraph=root.graph.StateGraph,
        START=root.graph.START,
        END=root.graph.END,
        Send=root.types.Send,
        Command=root.types.Command,
        Interrupt=root.types.Interrupt,
        Overwrite=root.types.Overwrite,
        RetryPolicy=root.types.RetryPolicy,
        TimeoutPolicy=root.types.TimeoutPolicy,
        CachePolicy=root.types.CachePolicy,
        InMemoryCache=root.cache.memory.InMemoryCache,
        errors=root.errors,
        RunControl=root.runtime.RunControl,
        interrupt=root.types.interrupt,
        InMemorySaver=root.checkpoint.memory.InMemorySaver,
        Runtime=root.runtime.Runtime,
        get_runtime=root.runtime.get_runtime,
        get_stream_writer=root.config.get_stream_writer,
        get_config=root.config.get_config,
        channels=root.channels,
        managed=root.managed.is_last_step,
        is_managed_value=root.managed.base.is_managed_value,
        EmptyChannelError=root.errors.EmptyChannelError,
        GraphInterrupt=root.errors.GraphInterrupt,
    )


LANGGRAPH = _names(langgraph)
FASTGRAPH = _names(fastgraph)


@dataclasses.dataclass(frozen=True)
class Raised:
    """A program raised: the name of its class, and those of its ancestors."""

    name: str
    ancestry: frozenset[str] = dataclasses.field(compare=False)


def observe(program: Program, names: Names) -> Any:
    """Run a program and return what it saw, or what it raised, in a form that can be compared."""
    try:
        return plain(program(names))
    except Exception as error:  # noqa: BLE001 - the error is the observation
        return Raised(type(error).__name__, frozenset(kind.__name__ for kind in type(error).__mro__))


def agree(program: Program) -> Any:
    """Assert that a program sees the same on both, and return what it saw."""
    theirs, ours = observe(program, LANGGRAPH), observe(program, FASTGRAPH)
    if isinstance(theirs, Raised):
        assert isinstance(ours, Raised), f"LangGraph raises {theirs.name}, FastGraph sees {ours}"
        assert theirs.name in ours.ancestry, f"LangGraph raises {theirs.name}, FastGraph {ours.name}"
    else:
        assert ours == theirs, f"LangGraph sees {theirs!r}, FastGraph {ours!r}"
    return ours


def plain(value: Any) -> Any:
    """Turn interrupts into their values (ids differ) and keep the rest; floats and texts are compared as they are."""
    if type(value).__name__ == "Interrupt":
        return ("interrupt", plain(value.value))
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value
