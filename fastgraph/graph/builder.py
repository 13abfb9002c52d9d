"""`StateGraph`: the graph as its author writes it, node by node and edge by edge.

The builder only collects and checks; `compile` makes of it a `CompiledGraph` that can be run and no longer changes. Its
methods are LangGraph's, so that a program needs only its imports renamed, and answer the builder itself for chaining.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from fastgraph.errors import GraphDefinitionError
from fastgraph.execution.machine import ALL_NODES
from fastgraph.execution.plan import END, START
from fastgraph.graph.caching import CachePolicy
from fastgraph.graph.compiled import CompiledGraph
from fastgraph.graph.definition import GraphDefinition
from fastgraph.graph.error_handlers import NodeDefaults, handler_name, read_handler
from fastgraph.graph.no_function import find_fault
from fastgraph.graph.nodes import Executor, NodeSpec, RouterSpec, function_name, read_node, read_router
from fastgraph.graph.old_names import read_old_names
from fastgraph.graph.retry import RetryPolicy
from fastgraph.graph.strictness import are_values_strict
from fastgraph.graph.subgraphs import run_as_node
from fastgraph.graph.timeouts import TimeoutPolicy, read_timeout
from fastgraph.graph.validation import (
    check_edge_ends,
    check_edges,
    check_interrupt_nodes,
    check_join,
    check_node_name,
    check_router_name,
    check_timeout,
)
from fastgraph.state.builtin_types import DEFAULT_REGISTRY
from fastgraph.state.registry import TypeRegistry

if TYPE_CHECKING:
    from fastgraph.cache.base import BaseCache
    from fastgraph.checkpoint.base import BaseCheckpointSaver
    from fastgraph.store.base import BaseStore

__all__ = ["StateGraph"]

StateT = TypeVar("StateT")
ContextT = TypeVar("ContextT")
InputT = TypeVar("InputT")
OutputT = TypeVar("OutputT")

Node = Callable[..., Any] | CompiledGraph
Retries = RetryPolicy | Sequence[RetryPolicy] | None
_OLD_SCHEMAS = {"config_schema": "context_schema", "input": "input_schema", "output": "output_schema"}
_OLD_OPTIONS = {"retry": "retry_policy", "input": "input_schema"}
Timeout = float | dt.timedelta | TimeoutPolicy | None


class StateGraph(Generic[StateT, ContextT, InputT, OutputT]):
    """A graph of nodes that read a common state and return updates to it.

    `state_schema` is a TypedDict, a dataclass or a Pydantic model (any other type is a state of that one value).
    `Annotated[type, reducer]` folds updates into a key, any other key takes one value a step. `input_schema` and
    `output_schema` narrow what a run takes and gives (default: the state), `context_schema` types what `context=` hands
    to every node. `registry` knows types of yours that Pydantic does not:
    `DEFAULT_REGISTRY.with_type(tag, type, encode, decode)` from `fastgraph.state.builtin_types`.

    >>> from typing import TypedDict
    >>> class State(TypedDict):
    ...     text: str
    >>> builder = StateGraph(State).add_node("shout", lambda state: {"text": state["text"].upper()})
    >>> builder.add_edge(START, "shout").compile().invoke({"text": "hello"})
    {'text': 'HELLO'}
    """

    def __init__(
        self,
        state_schema: type[StateT],
        context_schema: type[ContextT] | None = None,
        *,
        input_schema: type[InputT] | None = None,
        output_schema: type[OutputT] | None = None,
        registry: TypeRegistry | None = None,
        **old: Any,
    ) -> None:
        named = read_old_names("StateGraph", old, _OLD_SCHEMAS)
        self.state_schema = state_schema
        self.context_schema = context_schema or named.get("context_schema")
        self.input_schema: Any = input_schema or named.get("input_schema") or state_schema
        self.output_schema: Any = output_schema or named.get("output_schema") or state_schema
        self.nodes: dict[str, NodeSpec] = {}
        self.edges: set[tuple[str, str]] = set()
        self.waiting_edges: set[tuple[tuple[str, ...], str]] = set()
        self.branches: dict[str, dict[str, RouterSpec]] = {}
        self.registry = registry or DEFAULT_REGISTRY
        self._defaults = NodeDefaults()
        self._schemas: set[Any] = set()

    def set_node_defaults(
        self,
        *,
        retry_policy: Retries = None,
        cache_policy: CachePolicy[Any] | None = None,
        error_handler: Callable[..., Any] | None = None,
        timeout: Timeout = None,
    ) -> Self:
        """Set what nodes get that say nothing of their own; it is applied at `compile`, and not to subgraphs.

        `retry_policy` and `timeout` also go to error handlers, `cache_policy` and `error_handler` to other nodes only. The
        default handler runs as `__default_error_handler__`. Raises ValueError for a timeout that can't be.
        """
        self._defaults = self._defaults.with_more(
            retry_policies=_as_policies(retry_policy),
            cache_policy=cache_policy,
            error_handler=error_handler,
            limits=read_timeout(timeout),
        )
        return self

    def add_node(
        self,
        node: str | Node,
        action: Node | None = None,
        *,
        defer: bool = False,
        metadata: Mapping[str, Any] | None = None,
        input_schema: type[Any] | None = None,
        retry_policy: Retries = None,
        cache_policy: CachePolicy[Any] | None = None,
        error_handler: Callable[..., Any] | None = None,
        timeout: Timeout = None,
        destinations: Mapping[str, str] | Sequence[str] | None = None,
        executor: Executor | None = None,
        **old: Any,
    ) -> Self:
        """Add a node: a function, or a name and a function; a compiled graph is a function, too.

        `input_schema` (or the first parameter's type) chooses the keys it reads and may add private ones. `timeout`
        (seconds, a timedelta or a TimeoutPolicy) caps each attempt of an async node. `cache_policy` takes results from
        the cache that `compile` is given. When all attempts have failed, `error_handler` runs in the node's place, with
        its input and `error: NodeError`; the node's static edges are not taken then. `destinations` only tell the
        picture where its Commands may lead. `executor` is "async" or "thread", by default what the function is. Raises
        GraphDefinitionError.
        """
        named = read_old_names("add_node", old, _OLD_OPTIONS)
        function: Any = action if isinstance(node, str) else node
        name = node if isinstance(node, str) else function_name(node)
        subgraph = function if isinstance(function, CompiledGraph) else None
        function = run_as_node(subgraph) if subgraph else function
        if (fault := find_fault(name or "<name>", function)) is not None:
            raise fault
        if not name:
            raise GraphDefinitionError(
                f"The node {function!r} has no name. Give one: add_node(<name>, <function>)."
            )
        check_node_name(name, self.nodes)
        spec = read_node(
            name,
            function,
            schemas=self._schemas,
            executor=executor,
            input_type=input_schema or named.get("input_schema"),
            retry_policies=_as_policies(retry_policy or named.get("retry_policy")),
            limits=read_timeout(timeout),
            cache_policy=cache_policy,
            error_handler=handler_name(name) if error_handler is not None else None,
            destinations=_as_destinations(destinations),
            is_deferred=defer,
            metadata=dict(metadata or {}),
            subgraph=subgraph,
        )
        check_timeout(spec)
        if error_handler is not None:
            handler = read_handler(handler_name(name), error_handler, input_type=spec.input_type)
            check_node_name(handler.name, self.nodes)
            self.nodes[handler.name] = handler
        self.nodes[name] = spec
        return self

    def add_edge(self, start_key: str | Sequence[str], end_key: str) -> Self:
        """Lead from one node to another; from a list of nodes, wait until every one of them has run (a join)."""
        if isinstance(start_key, str):
            check_edge_ends(start_key, end_key)
            self.edges.add((start_key, end_key))
        else:
            check_join(tuple(start_key), end_key, self.nodes)
            self.waiting_edges.add((tuple(start_key), end_key))
        return self

    def add_conditional_edges(
        self, source: str, path: Callable[..., Any], path_map: Mapping[Any, str] | Sequence[str] | None = None
    ) -> Self:
        """After `source`, call `path` with the state (the node's own update applied) and go where it says.

        It returns a node's name, END, a Send, or a list of these; with `path_map` its answers are looked up there.
        """
        check_edge_ends(source, "")
        name = function_name(path) or "condition"
        routers = self.branches.setdefault(source, {})
        check_router_name(source, name, routers)
        routers[name] = read_router(name, path, path_map)
        return self

    def add_sequence(self, nodes: Sequence[Node | tuple[str, Node]]) -> Self:
        """Add nodes, functions or (name, function), each with an edge to the next."""
        if not nodes:
            raise GraphDefinitionError("The sequence has no node. Give at least one.")
        previous: str | None = None
        for node in nodes:
            pair = node if isinstance(node, tuple) else (function_name(node) or "", node)
            self.add_node(*pair)
            if previous is not None:
                self.add_edge(previous, pair[0])
            previous = pair[0]
        return self

    def set_entry_point(self, key: str) -> Self:
        """Begin at node `key`: the same as add_edge(START, key)."""
        return self.add_edge(START, key)

    def set_finish_point(self, key: str) -> Self:
        """End after node `key`: the same as add_edge(key, END)."""
        return self.add_edge(key, END)

    def set_conditional_entry_point(
        self, path: Callable[..., Any], path_map: Mapping[Any, str] | Sequence[str] | None = None
    ) -> Self:
        """Begin where `path` says when it is called with the input."""
        return self.add_conditional_edges(START, path, path_map)

    def validate(self, interrupt: Sequence[str] | None = None) -> Self:
        """Check the whole graph; raises GraphDefinitionError with the first fault."""
        check_edges(self.nodes, sorted(self.edges), sorted(self.waiting_edges), self.branches)
        check_interrupt_nodes("interrupt", interrupt or (), self.nodes)
        return self

    def compile(
        self,
        checkpointer: BaseCheckpointSaver | bool | None = None,
        *,
        cache: BaseCache[Any] | None = None,
        store: BaseStore | None = None,
        interrupt_before: Sequence[str] | str | None = None,
        interrupt_after: Sequence[str] | str | None = None,
        name: str | None = None,
        description: str | None = None,
        strict: bool = False,
        collect_interrupts: bool = False,
        dataflow: bool = False,
        debug: bool = False,
    ) -> CompiledGraph:
        """Check the graph and make it runnable.

        `interrupt_before` and `interrupt_after` are node names, or "*" for all. With `strict`, what is otherwise
        ignored with a warning (unknown targets and keys) is an error, and values are copied whole for each node at any
        size. `cache` keeps the results of nodes with a cache
        policy, `store` is what nodes find as their store; on the server that is the server's. With `dataflow` a node
        starts when nothing that leads to it is left, not at the end of a step (docs/how-to/dataflow.md). With
        `debug` every run prints its updates and values. Raises GraphDefinitionError with the first fault, and TypeError
        for a checkpointer that is none.
        """
        before = _as_names(interrupt_before)
        after = _as_names(interrupt_after)
        check_edges(self.nodes, sorted(self.edges), sorted(self.waiting_edges), self.branches)
        check_interrupt_nodes("interrupt_before", before, self.nodes)
        check_interrupt_nodes("interrupt_after", after, self.nodes)
        nodes = self._defaults.apply_to(self.nodes)
        for spec in nodes.values():
            check_timeout(spec)
        definition = GraphDefinition(
            name=name or "graph",
            description=description or _first_paragraph(self.state_schema),
            state_type=self.state_schema,
            context_type=self.context_schema,
            input_type=self.input_schema,
            output_type=self.output_schema,
            nodes=nodes,
            edges=tuple(sorted(self.edges)),
            joins=tuple(sorted(self.waiting_edges)),
            routers={source: tuple(routers.values()) for source, routers in self.branches.items()},
            is_strict=strict,
            collects_interrupts=collect_interrupts,
            has_strict_values=strict or are_values_strict(),
            registry=self.registry,
            is_dataflow=dataflow,
        )
        return CompiledGraph(
            definition,
            checkpointer=checkpointer,
            cache=cache,
            store=store,
            interrupt_before=before,
            interrupt_after=after,
            is_named=name is not None,
            debug=debug,
        )


def _as_policies(policies: Retries) -> tuple[RetryPolicy, ...]:
    if policies is None:
        return ()
    return (policies,) if isinstance(policies, RetryPolicy) else tuple(policies)


def _as_destinations(destinations: Mapping[str, str] | Sequence[str] | None) -> dict[str, str | None]:
    if not destinations:
        return {}
    if isinstance(destinations, Mapping):
        return dict(destinations)
    return dict.fromkeys(destinations)


def _as_names(names: Sequence[str] | str | None) -> tuple[str, ...]:
    if isinstance(names, str):
        return (ALL_NODES,) if names == ALL_NODES else (names,)
    return tuple(names or ())


def _first_paragraph(schema: Any) -> str:
    """Return the first paragraph of a schema's own docstring; a dataclass without one has a generated signature."""
    text = (schema.__dict__.get("__doc__") if isinstance(schema, type) else None) or ""
    if text.startswith(f"{getattr(schema, '__name__', '')}("):
        return ""
    return " ".join(text.strip().split("\n\n")[0].split())
