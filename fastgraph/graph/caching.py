"""What a node gave for an input, kept for other runs: where it is looked for, and how it is written down.

A node with a `CachePolicy` is not executed where a cache has its result for the same input: its writes, targets and Sends
are taken from there. Only results are kept, never errors or questions. The default key is a hash of the encoded input, so no
code of the user runs for it; what is kept is plain JSON, never a pickle.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, runtime_checkable

import orjson

from fastgraph.execution.tasks import CacheEntry, SendWrite, TaskKind, TaskResult, TimeLimits, Write
from fastgraph.graph.layers import see_layers
from fastgraph.state.plain import encode

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph
    from fastgraph.graph.nodes import NodeSpec
    from fastgraph.graph.task_call import TaskCall

__all__ = [
    "CachePolicy",
    "FindsCached",
    "cache_namespaces",
    "decode_cached",
    "default_cache_key",
    "encode_cached",
    "find_entry",
    "look_up",
]

KeyFuncT = TypeVar("KeyFuncT", bound=Callable[..., str | bytes])
KEY_BYTES = 16
NAMESPACE = "__pregel_ns_writes"


def default_cache_key(*args: Any, **kwargs: Any) -> str:
    """Return a hash of plain arguments, the same for equal ones in whatever order their keys stand.

    >>> default_cache_key({"a": 1, "b": 2}) == default_cache_key({"b": 2, "a": 1})
    True
    """
    encoded = encode([_sorted(list(args)), _sorted(kwargs)], where="the input of a cached node")
    return hashlib.blake2b(encoded, digest_size=KEY_BYTES).hexdigest()


def _sorted(value: Any) -> Any:
    """Put the keys of dicts in order, as deep as plain data goes."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value, key=repr)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class CachePolicy(Generic[KeyFuncT]):
    """Keep a node's results by its input.

    `key_func` makes a text or bytes of the node's input (by default a hash of all of it); `ttl` is how many seconds a
    result is good for, None for ever.
    """

    key_func: KeyFuncT = default_cache_key  # type: ignore[assignment]
    ttl: float | None = None


@runtime_checkable
class FindsCached(Protocol):
    """Services of a task that have a cache of their own."""

    def find_cached(self, entry: CacheEntry) -> bytes | None:
        """Return what is kept there, if it is still good; may block its thread."""
        ...


def find_entry(call: TaskCall) -> CacheEntry | None:
    """Return where a task's result is kept; None where its node has no cache policy. `key_func` is user code."""
    node = call.graph.nodes.get(call.task.node)
    if node is None or node.cache_policy is None:
        return None
    policy = node.cache_policy
    call = see_layers(call)
    if policy.key_func is default_cache_key:
        key = _hash_input(call, node)
    else:
        made = policy.key_func(_read_input(call, node))
        key = _hash(made.encode() if isinstance(made, str) else made)
    return CacheEntry(_namespace(node), key, policy.ttl)


def look_up(call: TaskCall) -> tuple[CacheEntry | None, TaskResult | None]:
    """Return where a task's result is kept, and the result where its services have one. May block its thread."""
    entry = find_entry(call) if isinstance(call.services, FindsCached) else None
    if entry is None or not isinstance(call.services, FindsCached):
        return None, None
    found = call.services.find_cached(entry)
    return entry, None if found is None else decode_cached(call, found)


def cache_namespaces(graph: CompiledGraph, nodes: Sequence[str] | None) -> list[tuple[str, ...]]:
    """Return where the results of these nodes (None: of all) are kept; names that are no node are left out."""
    return [_namespace(graph.nodes[name]) for name in nodes or graph.nodes if name in graph.nodes]


def encode_cached(result: TaskResult) -> bytes:
    """Write a result down, without the task that it belonged to."""
    return orjson.dumps(
        {
            "writes": [[write.key, orjson.Fragment(write.value.to_bytes())] for write in result.writes],
            "goto": result.goto,
            "sends": [
                [send.node, orjson.Fragment(send.argument.to_bytes()), send.limits and list(send.limits)]
                for send in result.sends
            ],
            "has_update": result.has_update,
        }
    )


def decode_cached(call: TaskCall, data: bytes) -> TaskResult | None:
    """Read a kept result as that of this task; None where it was kept by another version of the graph and no longer fits."""
    try:
        return _decode(call, data)
    except (KeyError, TypeError, ValueError):
        return None


def _decode(call: TaskCall, data: bytes) -> TaskResult:
    facts, state = orjson.loads(data), call.graph.state
    return TaskResult(
        task_id=call.task.id,
        writes=tuple(
            Write(key, state.decode_write(key, orjson.dumps(item))) for key, item in facts["writes"]
        ),
        goto=tuple(facts["goto"]),
        sends=tuple(
            SendWrite(node, state.decode_argument(node, orjson.dumps(item)), limits and TimeLimits(*limits))
            for node, item, limits in facts["sends"]
        ),
        has_update=facts["has_update"],
        is_cached=True,
    )


def _namespace(node: NodeSpec) -> tuple[str, ...]:
    return (NAMESPACE, _identify(node.function), node.name)


def _identify(function: Any) -> str:
    """Name a node's code, so that other code under the same name has other results."""
    while isinstance(function, functools.partial):
        function = function.func
    kind = function if hasattr(function, "__qualname__") else type(function)
    return f"{kind.__module__}.{kind.__qualname__}"


def _read_input(call: TaskCall, node: NodeSpec) -> Any:
    if call.task.kind is TaskKind.PUSH and call.task.argument is not None:
        return call.task.argument.fresh()
    return call.graph.state.read_state(node.input_type, call.values, call.task)


def _hash_input(call: TaskCall, node: NodeSpec) -> str:
    if call.task.kind is TaskKind.PUSH and call.task.argument is not None:
        return _hash(b"\x00" + call.task.argument.to_bytes())
    keys = call.graph.state.keys_read(node.input_type)
    parts = [orjson.dumps(key) + call.values[key].to_bytes() for key in keys if key in call.values]
    return _hash(b"\x01".join(parts))


def _hash(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=KEY_BYTES).hexdigest()
