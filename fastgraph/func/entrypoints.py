"""`@entrypoint`: a compiled graph whose only node is the user's function.

The function is given the run's input and what its thread saved last (`previous`); what it returns is the run's result
and, if it does not say otherwise by `entrypoint.final`, what the next run finds as `previous`. It is executed again from
its first line when the run goes on, so what must not be repeated belongs into a task.
"""

from __future__ import annotations

import datetime as dt
import inspect
import typing
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastgraph.errors import GeneratorEntrypointError, GraphDefinitionError
from fastgraph.execution.plan import END, START
from fastgraph.graph.caching import CachePolicy
from fastgraph.graph.compiled import CompiledGraph
from fastgraph.graph.definition import GraphDefinition
from fastgraph.graph.entrypoint_state import FinalValue, state_types
from fastgraph.graph.nodes import (
    Executor,
    NodeSpec,
    function_name,
    read_hints,
    read_node,
)
from fastgraph.graph.retry import RetryPolicy
from fastgraph.graph.timeouts import TimeoutPolicy, read_timeout
from fastgraph.graph.validation import check_timeout

if TYPE_CHECKING:
    from fastgraph.cache.base import BaseCache
    from fastgraph.checkpoint.base import BaseCheckpointSaver
    from fastgraph.store.base import BaseStore

__all__ = ["entrypoint"]


class entrypoint:  # noqa: N801 - the name of LangGraph's decorator
    """Make a workflow of a function with one parameter for the input; more are injected by their names.

    `checkpointer` keeps threads, `store` is what the function finds as its store, `cache` keeps results of tasks with a
    cache policy (and the function's own, by `cache_policy`), `context_schema` types `context=`. `retry_policy` (one or
    several) and `timeout` (seconds; async functions only) hold for the function as a whole. With `collect_interrupts`
    all that parallel tasks ask is asked together, and nothing is executed again before everything is answered. Raises
    GraphDefinitionError, and GeneratorEntrypointError (a NotImplementedError) for a generator.
    """

    final = FinalValue

    def __init__(  # noqa: PLR0917 - LangGraph's parameters in its order
        self,
        checkpointer: BaseCheckpointSaver | bool | None = None,
        store: BaseStore | None = None,
        cache: BaseCache[Any] | None = None,
        context_schema: type[Any] | None = None,
        cache_policy: CachePolicy[Any] | None = None,
        retry_policy: RetryPolicy | Sequence[RetryPolicy] | None = None,
        timeout: float | dt.timedelta | TimeoutPolicy | None = None,
        *,
        name: str | None = None,
        executor: Executor | None = None,
        collect_interrupts: bool = False,
    ) -> None:
        self.checkpointer = checkpointer
        self.store = store
        self.cache = cache
        self.context_schema = context_schema
        self.cache_policy = cache_policy
        self.retry_policies = _as_policies(retry_policy)
        self.limits = read_timeout(timeout)
        self.name = name
        self.executor = executor
        self.collect_interrupts = collect_interrupts

    def __call__(self, func: Callable[..., Any]) -> CompiledGraph:
        """Make the workflow."""
        hints = read_hints(func)
        taken = _input_type(func, hints)
        returned, saved = _output_types(hints.get("return", Any))
        state, given, shown = state_types(taken, returned, saved)
        node = self._make_node(func)
        definition = GraphDefinition(
            name=node.name,
            description=" ".join((inspect.getdoc(func) or "").split("\n\n")[0].split()),
            state_type=state,
            context_type=self.context_schema,
            input_type=given,
            output_type=shown,
            nodes={node.name: node},
            edges=((START, node.name), (node.name, END)),
            joins=(),
            routers={},
            is_entrypoint=True,
            collects_interrupts=self.collect_interrupts,
        )
        return CompiledGraph(
            definition,
            checkpointer=self.checkpointer,
            store=self.store,
            cache=self.cache,
        )

    def _make_node(self, func: Callable[..., Any]) -> NodeSpec:
        node = read_node(
            self.name or function_name(func) or "entrypoint",
            func,
            executor=self.executor,
            retry_policies=self.retry_policies,
            limits=self.limits,
            cache_policy=self.cache_policy,
        )
        check_timeout(node)
        # the parameter's type is the input's, and a Command in the return hint leads nowhere
        return replace(node, input_type=None, destinations={})


def _input_type(func: Callable[..., Any], hints: dict[str, Any]) -> Any:
    """Return the type of the first parameter. Raises GraphDefinitionError where there is none."""
    if inspect.isgeneratorfunction(func) or inspect.isasyncgenfunction(func):
        raise GeneratorEntrypointError(function_name(func) or repr(func))
    parameters = list(inspect.signature(func).parameters.values())
    if not parameters:
        raise GraphDefinitionError(
            f"Entrypoint function must have at least one parameter: {function_name(func)!r} has none. Give it one for the "
            f"input."
        )
    return hints.get(parameters[0].name, Any)


def _output_types(hint: Any) -> tuple[Any, Any]:
    """Return what a return hint says of the result and of what is saved."""
    if hint is FinalValue:
        return Any, Any
    if typing.get_origin(hint) is FinalValue:
        value, save = typing.get_args(hint)
        return value, save
    return hint, hint


def _as_policies(policies: RetryPolicy | Sequence[RetryPolicy] | None) -> tuple[RetryPolicy, ...]:
    if policies is None:
        return ()
    return (policies,) if isinstance(policies, RetryPolicy) else tuple(policies)
