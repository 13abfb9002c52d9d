"""Nodes and routers as the builder keeps them: the function, what it wants, and how it is to be run.

What a function wants beside the state is read once, from its signature, when it is added to the graph; a call then costs
a look into a tuple.
"""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import TYPE_CHECKING, Any, Literal

from fastgraph.execution.tasks import TimeLimits
from fastgraph.graph.caching import CachePolicy
from fastgraph.graph.commands import Command
from fastgraph.graph.hints import is_schema, plain_function, read_hints
from fastgraph.graph.retry import RetryPolicy

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph

__all__ = [
    "Executor",
    "NodeSpec",
    "RouterSpec",
    "find_injected",
    "function_name",
    "is_async_function",
    "read_hints",
    "read_node",
    "read_router",
]

Executor = Literal["async", "thread", "process"]

_INJECTED = {
    "config": "RunnableConfig",
    "writer": "StreamWriter",
    "store": "BaseStore",
    "runtime": "",
    "previous": "",
    "error": "NodeError",
}
"""Parameter -> what its annotation must mention, if it has one; nothing where the name alone decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSpec:
    """One node: `input_type` None means the graph's state, `destinations` maps possible goto targets to edge labels.

    `limits` cap an attempt of an async node; `injected` are the parameters it takes beside its input. `error_handler` is the
    name of the node that runs in this one's place when it has failed for good.
    """

    name: str
    function: Callable[..., Any]
    is_async: bool
    executor: Executor
    injected: tuple[str, ...] = ()
    input_type: Any = None
    retry_policies: tuple[RetryPolicy, ...] = ()
    limits: TimeLimits | None = None
    cache_policy: CachePolicy[Any] | None = None
    error_handler: str | None = None
    is_error_handler: bool = False
    destinations: Mapping[str, str | None] = field(default_factory=dict)
    is_deferred: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)
    subgraph: CompiledGraph | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterSpec:
    """A conditional edge: a function that chooses targets. `targets` maps its answers to nodes, None takes them as names."""

    name: str
    function: Callable[..., Any]
    is_async: bool
    injected: tuple[str, ...] = ()
    input_type: Any = None
    targets: Mapping[Any, str] | None = None


def function_name(function: Any) -> str | None:
    """Return the name of a function, method, partial or callable object; None where it has none of its own."""
    if isinstance(function, functools.partial):
        return function_name(function.func)
    name = getattr(function, "__name__", None) or getattr(function, "name", None)
    return name if isinstance(name, str) else type(function).__name__


def read_node(
    name: str, function: Callable[..., Any], *, schemas: set[Any] | None = None, **options: Any
) -> NodeSpec:
    """Make the spec of a node, with what its signature says: its input's type, injections, Command destinations.

    `schemas` remembers the types that were found to be schemas, for the next node.
    """
    hints = read_hints(function)
    if options.get("input_type") is None:
        options["input_type"] = _schema_hint(function, hints, set() if schemas is None else schemas)
    if not options.get("destinations"):
        options["destinations"] = _command_targets(hints.get("return"))
    is_async = is_async_function(function)
    options["executor"] = options.get("executor") or ("async" if is_async else "thread")
    return NodeSpec(
        name=name, function=function, is_async=is_async, injected=find_injected(function, hints), **options
    )


def read_router(name: str, function: Callable[..., Any], path_map: Any) -> RouterSpec:
    """Make the spec of a conditional edge; without a path_map a Literal return type names the targets."""
    hints = read_hints(function)
    targets: Mapping[Any, str] | None = None
    if isinstance(path_map, Mapping):
        targets = dict(path_map) or None
    elif path_map:
        targets = {target: target for target in path_map}
    elif typing.get_origin(hints.get("return")) is Literal:
        targets = {target: target for target in typing.get_args(hints["return"])}
    return RouterSpec(
        name=name,
        function=function,
        is_async=is_async_function(function),
        injected=find_injected(function, hints),
        input_type=_schema_hint(function, hints, set()),
        targets=targets,
    )


def is_async_function(function: Callable[..., Any]) -> bool:
    """Say whether calling it makes a coroutine."""
    return inspect.iscoroutinefunction(plain_function(function))


def _is_simple(function: Callable[..., Any]) -> bool:
    """Say whether a function takes its input and nothing else, as nearly every node does; a signature costs more to read."""
    if type(function) is not FunctionType or function.__dict__:
        return False
    code = function.__code__
    return code.co_argcount == 1 and not code.co_kwonlyargcount


def _parameters(function: Callable[..., Any]) -> Sequence[inspect.Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        # a builtin without a signature takes its input and nothing else
        return []


def _schema_hint(function: Callable[..., Any], hints: Mapping[str, Any], known: set[Any]) -> Any:
    """Return the type of the first parameter where it is a schema; `known` are types that were seen to be."""
    if not hints:
        return None
    if _is_simple(function):
        name = function.__code__.co_varnames[0]
    else:
        parameters = _parameters(function)
        name = parameters[0].name if parameters else ""
    hint = hints.get(name)
    if not isinstance(hint, type) or (hint not in known and not is_schema(hint)):
        return None
    known.add(hint)
    return hint


def find_injected(
    function: Callable[..., Any], hints: Mapping[str, Any], *, skip: int = 1
) -> tuple[str, ...]:
    """Return the parameters that are made for a function; its first `skip` ones are its own."""
    if skip and _is_simple(function):
        return ()
    wanted = []
    for parameter in _parameters(function)[skip:]:
        word = _INJECTED.get(parameter.name)
        if word is None or parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            continue
        annotation = parameter.annotation
        is_free = annotation is parameter.empty or parameter.default is parameter.empty
        if is_free or word in str(annotation) or word in str(hints.get(parameter.name, "")):
            wanted.append(parameter.name)
    return tuple(wanted)


def _command_targets(returned: Any) -> dict[str, str | None]:
    """Return the targets that a hint `Command[Literal["a", "b"]]` names, also inside a union."""
    if returned is None:
        return {}
    for hint in (returned, *typing.get_args(returned)):
        if typing.get_origin(hint) is Command:
            argument = typing.get_args(hint)[0]
            if typing.get_origin(argument) is Literal:
                return dict.fromkeys(typing.get_args(argument))
    return {}
