"""What runs in a failed node's place: the handlers' nodes, and what a graph's author sets for all nodes at once.

A handler is a node of its own that no edge leads to: the machine puts its task where the failed one stood, in the same step.
It gets the failed task's input and `error: NodeError`. Where the error is only known from the store, it is an exception of
the same name, message and builtin base, made by `restore_error`.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fastgraph.execution.tasks import ErrorRecord, TaskFailed, TimeLimits
from fastgraph.graph.caching import CachePolicy
from fastgraph.graph.failures import BUBBLES_UP
from fastgraph.graph.nodes import NodeSpec, read_node
from fastgraph.graph.retry import RetryPolicy
from fastgraph.graph.validation import check_node_name

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph

__all__ = [
    "DEFAULT_HANDLER",
    "HANDLED_BY",
    "NodeDefaults",
    "RestoredError",
    "find_handler",
    "handler_name",
    "note_handler",
    "read_handler",
    "restore_error",
]

HANDLED_BY = "handled_by"
"""The fact of a kept error that says which node handles it; after a crash that one runs again, and not the failed one."""
DEFAULT_HANDLER = "__default_error_handler__"


def handler_name(node: str) -> str:
    """Name the node of a node's own handler.

    >>> handler_name("charge")
    '__error_handler__charge'
    """
    return f"__error_handler__{node}"


def read_handler(name: str, function: Callable[..., Any], *, input_type: Any = None) -> NodeSpec:
    """Make the spec of a handler; it reads what the node reads that it stands in for."""
    return replace(
        read_node(name, function, input_type=input_type), is_error_handler=True, input_type=input_type
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeDefaults:
    """What `set_node_defaults` was given."""

    retry_policies: tuple[RetryPolicy, ...] = ()
    cache_policy: CachePolicy[Any] | None = None
    error_handler: Callable[..., Any] | None = None
    limits: TimeLimits | None = None

    def with_more(self, **given: Any) -> NodeDefaults:
        """Return these with what was given now; what was not given stays."""
        return replace(self, **{name: value for name, value in given.items() if value})

    def apply_to(self, nodes: Mapping[str, NodeSpec]) -> dict[str, NodeSpec]:
        """Return the nodes with what they don't say themselves, and the default handler's node where there is one.

        Raises GraphDefinitionError where the handler's name is taken.
        """
        specs = dict(nodes)
        handler = self.error_handler
        if handler is not None:
            check_node_name(DEFAULT_HANDLER, nodes)
            specs[DEFAULT_HANDLER] = read_handler(DEFAULT_HANDLER, handler)
        if self == NodeDefaults():
            return specs
        return {name: self._complete(spec, handler is not None) for name, spec in specs.items()}

    def _complete(self, spec: NodeSpec, has_handler: bool) -> NodeSpec:
        own_handler = spec.error_handler or (DEFAULT_HANDLER if has_handler else None)
        return replace(
            spec,
            retry_policies=spec.retry_policies or self.retry_policies,
            limits=spec.limits or self.limits,
            cache_policy=None if spec.is_error_handler else spec.cache_policy or self.cache_policy,
            error_handler=None if spec.is_error_handler else own_handler,
        )


def find_handler(graph: CompiledGraph, node: str, failed: TaskFailed) -> str | None:
    """Return the node that handles a final failure of `node`; None for what is to be asked again or goes further up."""
    if failed.refused_answer is not None or BUBBLES_UP in failed.error.facts:
        return None
    return graph.error_handler(node)


def note_handler(error: ErrorRecord, handler: str) -> ErrorRecord:
    """Return an error that says which node handles it."""
    return replace(error, facts={**error.facts, HANDLED_BY: handler})


class RestoredError(Exception):
    """An error that was read back from the store; `record` is all that is known of it."""

    record: ErrorRecord


def restore_error(record: ErrorRecord) -> BaseException:
    """Make an exception of what was kept of one: of the same name and message, and of the builtin class it came from.

    >>> error = restore_error(ErrorRecord(type="KeyError", message="'a'"))
    >>> isinstance(error, KeyError), type(error).__name__, str(error)
    (True, 'KeyError', "'a'")
    """
    base = _find_builtin(record)
    bases = (RestoredError, base) if base is not Exception else (RestoredError,)
    kind: Any = type(record.type, bases, {"__str__": _show, "__module__": __name__})
    error = base.__new__(kind, record.message)
    assert isinstance(error, RestoredError), "it is the first of the class's bases"
    error.args = (record.message,)
    error.record = record
    return error


def _show(self: RestoredError) -> str:
    return self.record.message


def _find_builtin(record: ErrorRecord) -> type[Exception]:
    """Return the nearest builtin class that the error was an instance of."""
    for name in (record.type, *record.facts.get("bases", ())):
        kind = getattr(builtins, name, None)
        if isinstance(kind, type) and issubclass(kind, Exception) and kind is not ExceptionGroup:
            return kind
    return Exception
