"""Run the user code of one task: build its input, call the node, read what it returned, ask its routers.

    ending = run_task(call)                in the thread that executes a sync node
    ending = await run_task_async(call)    on the loop that executes async nodes

This is the border between user code and everything else. Whatever the node does, exactly one ending comes back, made of
stored values only, so the same call serves threads, loops, processes and other machines. One piece of code serves both
colours: a sync node never suspends, so its coroutine is driven by hand.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from fastgraph.errors import (
    AsyncNodeError,
    GraphInterrupt,
    InvalidUpdateError,
    NodeError,
    ParentCommand,
)
from fastgraph.execution.plan import START
from fastgraph.execution.tasks import (
    CacheEntry,
    Folded,
    SendWrite,
    Task,
    TaskEnding,
    TaskKind,
    TaskResult,
)
from fastgraph.execution.updates import group_writes, needs_fold, put_writes
from fastgraph.graph.caching import FindsCached, decode_cached, find_entry
from fastgraph.graph.commands import Command, NestedInterrupt, Send
from fastgraph.graph.control import RunControl
from fastgraph.graph.current import CurrentTask, find_current_task, running
from fastgraph.graph.endings import read_error, read_together
from fastgraph.graph.injection import inject
from fastgraph.graph.layers import see_layers
from fastgraph.graph.namespaces import parent_namespace
from fastgraph.graph.returns import Returned, read_choice, read_return
from fastgraph.graph.services import TaskServices
from fastgraph.graph.timeouts import Watch, as_limits, run_within
from fastgraph.graph.validation import sync_timeout
from fastgraph.state.frozen import frozen
from fastgraph.state.values import StoredValue

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph
    from fastgraph.graph.nodes import NodeSpec, RouterSpec
    from fastgraph.store.base import BaseStore

__all__ = ["TaskCall", "attempt_task", "drive", "finish_task", "read_error", "run_task", "run_task_async"]

T = TypeVar("T")
RunSync = Callable[..., Awaitable[Any]]


@frozen
class TaskCall:
    """One attempt of one task.

    `values` are those of the task's checkpoint, `attempt` counts from 1, `answers` are by interrupt id, those to what
    is nested in the task among them. `context` is what the run was given, as JSON or as an object. `fold` is set for a
    step of one task: the reducers then run at its end, and the result brings what they made. `error` is what the task
    of an error handler is told; `cache` is where the result is to be cached, if whoever made the call has looked there.
    `store` is what the node finds as its store, where that is not the graph's own, `first_attempt_at` when the first
    attempt began, in seconds since 1970.
    """

    graph: CompiledGraph
    task: Task
    values: Mapping[str, StoredValue]
    attempt: int
    answers: Mapping[str, Any]
    config: Mapping[str, Any]
    context: Any
    services: TaskServices
    fold: bool = False
    namespace: str = ""
    error: BaseException | None = None
    cache: CacheEntry | None = None
    control: RunControl | None = None
    store: BaseStore | None = None
    first_attempt_at: float | None = None


def run_task(call: TaskCall) -> TaskEnding:
    """Execute a task of a sync node in this thread. Never raises: whatever the node raises becomes its ending."""
    try:
        return drive(attempt_task(call))
    except BaseException as error:  # noqa: BLE001 - the border: SystemExit and all end up in the run's record
        return read_error(call, error)[0]


async def run_task_async(call: TaskCall) -> TaskEnding:
    """Execute a task on this loop. Raises CancelledError only where this coroutine's own task is being cancelled."""
    try:
        return await attempt_task(call, run_sync=asyncio.to_thread)
    except asyncio.CancelledError as error:
        mine = asyncio.current_task()
        if mine is not None and mine.cancelling():
            raise
        return read_error(call, error)[0]
    except GeneratorExit:
        raise
    except BaseException as error:  # noqa: BLE001 - the border, as above
        return read_error(call, error)[0]


async def attempt_task(call: TaskCall, *, run_sync: RunSync | None = None) -> TaskResult:
    """Execute a task and let its exceptions through, GraphInterrupt among them: for callers in the same process.

    `run_sync` runs a sync function off the loop (`asyncio.to_thread`); without it a sync node runs right here.
    """
    call = see_layers(call)
    task = call.task
    if run_sync is None and call.graph.needs_loop(task.node):
        raise AsyncNodeError(task.node)
    node = call.graph.nodes.get(task.node)
    entry: CacheEntry | None = call.cache
    if node is not None and node.cache_policy is not None:
        entry, cached = await _look_up(call, run_sync)
        if cached is not None:
            return cached
    limits = task.limits or (node.limits if node else None)
    if limits is None or node is None or node.executor == "process":
        result = await _attempt(call, node, call.services, run_sync)
    elif not node.is_async:
        raise sync_timeout(task.node)
    else:
        watch = Watch(call.services, limits)
        result = await run_within(
            limits,
            task.node,
            watch,
            lambda: _attempt(call, node, watch.services, run_sync, heartbeat=watch.heartbeat),
        )
    return replace(result, cache=entry) if entry else result


async def _look_up(call: TaskCall, run_sync: RunSync | None) -> tuple[CacheEntry | None, TaskResult | None]:
    """Return where the task's result is cached, and the result where it is there already."""
    if call.cache is not None or not isinstance(call.services, FindsCached):
        return call.cache, None
    entry = find_entry(call)
    if entry is None:
        return None, None
    find = call.services.find_cached
    found = await run_sync(find, entry) if run_sync else find(entry)
    return entry, None if found is None else decode_cached(call, found)


async def _attempt(
    call: TaskCall,
    node: NodeSpec | None,
    services: TaskServices,
    run_sync: RunSync | None,
    **more: Any,
) -> TaskResult:
    """Call the node, if there is one, and make its result."""
    task = call.task
    current = CurrentTask(
        task=task,
        attempt=call.attempt,
        answers=call.answers,
        config=call.config,
        context=call.graph.state.read_context(call.context),
        services=services,
        namespace=call.namespace,
        control=call.control,
        first_attempt_at=call.first_attempt_at or time.time(),
        node_metadata=node.metadata if node else None,
        store=_store_of(call),
        error=NodeError(task.failed_node, call.error) if task.failed_node and call.error else None,
        **more,
    )
    with running(current):
        if node is None:
            # START returns nothing, but its routers see what the input had beside the state's keys
            beside = task.argument.fresh() if task.argument is not None else None
            return await _finish(call, current, beside, Returned())
        current.previous = call.graph.state.read_previous(call.values)
        try:
            value = await _call_to_end(call, current, node, run_sync)
            returned = _read(call, value)
        except ParentCommand as up:
            value = _receive(up, call.namespace)
            returned = read_return(value, node.name)
        return await _finish(call, current, value, returned)


def _read(call: TaskCall, value: Any) -> Returned:
    state = call.graph.state
    return read_return(state.as_update(value), call.task.node, is_root=state.is_root)


async def _call_to_end(call: TaskCall, current: CurrentTask, node: NodeSpec, run_sync: RunSync | None) -> Any:
    """Call the node and wait for what it has begun beside its own code."""
    try:
        value = await _call_node(call, current, node, run_sync)
    except GraphInterrupt as asked:
        if current.open is None:
            raise
        more = await current.open.finish(run_sync)
        raise NestedInterrupt(read_together(call, asked, more)) from asked
    except BaseException:
        if current.open is not None:
            await current.open.abandon(run_sync)
        raise
    if current.open is not None:
        await current.open.finish(run_sync)
    return value


async def finish_task(call: TaskCall, value: Any) -> TaskResult:
    """Do what follows when a node has returned `value`: read it, encode it, ask the routers. The node is not called."""
    current = CurrentTask(
        task=call.task,
        attempt=call.attempt,
        answers=call.answers,
        config=call.config,
        context=call.graph.state.read_context(call.context),
        services=call.services,
        namespace=call.namespace,
        store=_store_of(call),
    )
    with running(current):
        returned = _read(call, value)
        return await _finish(call, current, value, returned)


def _receive(up: ParentCommand, namespace: str) -> Command[Any]:
    """Take a Command that came up from a nested run; one of the node itself goes up by one graph."""
    command: Command[Any] = up.command
    if command.graph != Command.PARENT:
        return replace(command, graph=None)
    up.command = replace(command, graph=parent_namespace(namespace))
    up.args = (up.command,)
    raise up


def _store_of(call: TaskCall) -> BaseStore | None:
    """The call's store, else the graph's, else, in a nested run, that of the task around it."""
    if call.store is not None or call.graph.store is not None:
        return call.store if call.store is not None else call.graph.store
    around = find_current_task()
    return around.store if around is not None else None


async def _call_node(call: TaskCall, current: CurrentTask, node: NodeSpec, run_sync: RunSync | None) -> Any:
    graph = call.graph
    if call.task.kind is TaskKind.PUSH and call.task.argument is not None:
        argument = call.task.argument.fresh()
    else:
        argument = graph.state.read_state(node.input_type, call.values, call.task)
    extras = inject(node.injected, current) if node.injected else {}
    current.is_async = node.is_async
    if not node.is_async:
        return (
            await run_sync(node.function, argument, **extras)
            if run_sync
            else node.function(argument, **extras)
        )
    return await node.function(argument, **extras)


async def _finish(call: TaskCall, current: CurrentTask, value: Any, returned: Returned) -> TaskResult:
    """Encode the update, fold it where asked, and ask the routers with the task's own update applied."""
    graph, task = call.graph, call.task
    writes, unknown = graph.state.encode_update(
        [*current.pushed, *returned.updates] if current.pushed else returned.updates
    )
    node = graph.nodes.get(task.node)
    if node is not None and node.subgraph is not None:
        # the nested graph's own keys are nobody's mistake
        unknown = ()
    if unknown and graph.plan.is_strict:
        raise InvalidUpdateError(
            f"Node {task.node!r} wrote to key {unknown[0]!r}, which the state does not have. "
            f"Its keys: {', '.join(graph.state_keys)}."
        )
    routers = graph.routers.get(task.node, ())
    folded: Folded | None = None
    if call.fold or routers:
        grouped = group_writes(((task.id, writes),))
        is_step = task.node != START  # START's routers read the input's state, which ends no step
        if needs_fold(graph.plan, grouped):
            folded = graph.state.fold(grouped, call.values, is_step=is_step)
    goto, sends = returned.goto, returned.sends
    if routers:
        after = put_writes(graph.plan, call.values, grouped, folded, is_step=is_step)
        for router in routers:
            answer = await _ask(graph, router, current, after, value)
            chosen, sent = read_choice(router, answer, task.node)
            goto, sends = goto + chosen, sends + sent
    return TaskResult(
        task_id=task.id,
        writes=writes,
        goto=tuple(goto),
        sends=_encode_sends(graph, sends) if sends else (),
        has_update=returned.has_update,
        unknown_keys=unknown,
        folded=folded if call.fold else None,
    )


def _encode_sends(graph: CompiledGraph, sends: Sequence[Send]) -> tuple[SendWrite, ...]:
    encode = graph.state.encode_argument
    return tuple(SendWrite(send.node, encode(send.node, send.arg), as_limits(send.timeout)) for send in sends)


async def _ask(
    graph: CompiledGraph,
    router: RouterSpec,
    current: CurrentTask,
    values: Mapping[str, StoredValue],
    value: Any,
) -> Any:
    source = graph.nodes.get(current.task.node)
    kind = router.input_type or (source.input_type if source else None)
    state = graph.state.read_state(kind, values, current.task)
    if router.input_type is None and isinstance(state, dict) and isinstance(value, dict):
        # what the node returned beside the state's keys reaches its routers, as in LangGraph
        state = {**value, **state}
    answer = router.function(state, **(inject(router.injected, current) if router.injected else {}))
    return await answer if router.is_async else answer


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends to its end, without a loop."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    coroutine.close()
    raise RuntimeError("A coroutine that was to run without a loop waited for one.")
