"""`CompiledGraph`: a finished graph with its plan, its schemas and its picture, ready to be run by whoever.

It is immutable and may be shared by threads. `invoke` and its kin run it in this process; a host takes `plan`, `state`
and the nodes and runs it durably. Nothing here keeps a run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from types import NoneType
from typing import TYPE_CHECKING, Any, Self

from fastgraph.errors import CheckpointerError, ConfigError
from fastgraph.execution.plan import GraphPlan
from fastgraph.graph.caching import cache_namespaces
from fastgraph.graph.dataflow import as_dataflow
from fastgraph.graph.definition import GraphDefinition, make_plan
from fastgraph.graph.describing import DescribesItself
from fastgraph.graph.entrypoint_state import EntrypointState
from fastgraph.graph.nodes import NodeSpec, RouterSpec
from fastgraph.graph.retry import RetryPolicy
from fastgraph.graph.running import RunsInProcess
from fastgraph.graph.shape import hash_graph
from fastgraph.graph.state_access import StateAccess
from fastgraph.graph.threads import KeepsThreads

if TYPE_CHECKING:
    from fastgraph.cache.base import BaseCache
    from fastgraph.checkpoint.base import BaseCheckpointSaver
    from fastgraph.store.base import BaseStore

__all__ = ["CompiledGraph"]


class CompiledGraph(RunsInProcess, KeepsThreads, DescribesItself):
    """A graph that can be run. Made by `StateGraph.compile`.

    `plan` is what the machine needs, `state` reads and writes values, `nodes` and `routers` are the user's functions,
    `graph_hash` tells versions apart (structure and keys, not code).
    """

    is_compiled_graph = True

    def __init__(
        self,
        definition: GraphDefinition,
        *,
        checkpointer: BaseCheckpointSaver | bool | None = None,
        cache: BaseCache[Any] | None = None,
        store: BaseStore | None = None,
        interrupt_before: tuple[str, ...] = (),
        interrupt_after: tuple[str, ...] = (),
        is_named: bool = True,
        debug: bool = False,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(checkpointer, (bool, NoneType)) and not callable(
            getattr(checkpointer, "open_thread", None)
        ):
            raise CheckpointerError(checkpointer)
        self.definition = definition
        self.name = definition.name
        self.is_named = is_named
        self.debug = debug
        self.collects_interrupts = definition.collects_interrupts
        self.description = definition.description
        self.nodes: Mapping[str, NodeSpec] = definition.nodes
        self.routers: Mapping[str, tuple[RouterSpec, ...]] = definition.routers
        self.checkpointer = None if isinstance(checkpointer, bool) else checkpointer
        self.checkpointer_mode = checkpointer if isinstance(checkpointer, bool) else None
        """What is kept of it where it is nested: None what the graph around keeps, for one step; True for the whole thread;
        False nothing."""
        self.cache = cache
        self.store = store
        self.step_timeout: float | None = None
        """Seconds that a whole step may take in this process; TimeoutError then. It may be set at any time."""
        self.interrupt_before = interrupt_before
        self.interrupt_after = interrupt_after
        self.config: Mapping[str, Any] = config or {}
        self.state = EntrypointState(definition) if definition.is_entrypoint else StateAccess(definition)
        kinds = self.state.key_kinds
        self.plan: GraphPlan = make_plan(definition, kinds, self.state.start_values)
        if definition.is_dataflow:
            self.plan = as_dataflow(
                definition, self.plan, has_interrupts=bool(interrupt_before or interrupt_after)
            )
        self.graph_hash: str = hash_graph(definition, kinds, self.state.key_types)
        self._async_sources = frozenset(
            [name for name, spec in self.nodes.items() if spec.is_async]
            + [source for source, specs in self.routers.items() if any(spec.is_async for spec in specs)]
        )
        self.is_async: bool = bool(self._async_sources)

    def __repr__(self) -> str:
        return f"<CompiledGraph {self.name!r}: {len(self.nodes)} nodes, {self.graph_hash}>"

    @property
    def state_keys(self) -> tuple[str, ...]:
        """All keys of the state, private ones too."""
        return self.state.all_keys

    @property
    def output_keys(self) -> tuple[str, ...]:
        """The keys that a run gives back."""
        return self.state.output_keys

    def retry_policies(self, node: str) -> tuple[RetryPolicy, ...]:
        """Return a node's retry policies; none for START."""
        spec = self.nodes.get(node)
        return spec.retry_policies if spec else ()

    def error_handler(self, node: str) -> str | None:
        """Return the name of the node that runs in a failed node's place; None where there is none."""
        spec = self.nodes.get(node)
        return spec.error_handler if spec else None

    def needs_loop(self, node: str) -> bool:
        """Say whether a task of this node can't be executed without a loop: it or one of its routers is async."""
        return node in self._async_sources

    def runs_in_process(self, node: str) -> bool:
        """Say whether a host executes this node in a process of its own, which can be killed."""
        spec = self.nodes.get(node)
        return spec is not None and spec.executor == "process"

    def runs_on_loop(self, node: str) -> bool:
        """Say whether a task of this node is for `run_task_async`: it needs a loop, or was added with executor="async"."""
        spec = self.nodes.get(node)
        return self.needs_loop(node) or (spec is not None and spec.executor == "async")

    def with_config(self, config: Mapping[str, Any] | None = None, **more: Any) -> Self:
        """Return the same graph with a config that its runs begin from."""
        configured = copy(self)
        configured.config = self.merge_config({**(config or {}), **more})
        return configured

    def merge_config(self, config: Mapping[str, Any] | None) -> dict[str, Any]:
        """Lay a call's config over the graph's own; `configurable`, `metadata` and `tags` are merged."""
        given = {key: value for key, value in (config or {}).items() if value is not None}
        merged = {**self.config, **given}
        for key in ("configurable", "metadata"):
            if key in merged:
                merged[key] = {**self.config.get(key, {}), **given.get(key, {})}
        if "tags" in given and "tags" in self.config:
            merged["tags"] = list(dict.fromkeys((*self.config["tags"], *given["tags"])))
        return merged

    def clear_cache(self, nodes: Sequence[str] | None = None) -> None:
        """Forget the cached results of these nodes, or of all. Raises ConfigError where the graph has no cache."""
        self._require_cache().clear(cache_namespaces(self, nodes))

    async def aclear_cache(self, nodes: Sequence[str] | None = None) -> None:
        """Do what `clear_cache` does, on the running loop."""
        await self._require_cache().aclear(cache_namespaces(self, nodes))

    def _require_cache(self) -> BaseCache[Any]:
        if self.cache is None:
            raise ConfigError(
                f"Graph {self.name!r} has no cache to clear. Give it one: compile(cache=InMemoryCache())."
            )
        return self.cache
