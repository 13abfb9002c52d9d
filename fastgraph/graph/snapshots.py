"""`StateSnapshot`: where a thread stands between two steps, as LangGraph shows it.

The newest state has what finished tasks of its pending step wrote applied, and its `next` are the nodes that have not
finished; an earlier one, asked for by its id, is shown as it was stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from fastgraph.checkpoint.base import SavedCheckpoint, ThreadLog
from fastgraph.clock import to_rfc3339
from fastgraph.errors import ConfigError
from fastgraph.execution.machine import Machine
from fastgraph.execution.tasks import Task
from fastgraph.execution.updates import apply_writes, group_writes
from fastgraph.graph.commands import Interrupt
from fastgraph.ids import checkpoint_id, parse_checkpoint_id
from fastgraph.state.schema import ROOT
from fastgraph.state.values import StoredValue

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph

__all__ = ["PregelTask", "StateSnapshot", "take_snapshot"]


class PregelTask(NamedTuple):
    """A task of the pending step: its error as text, its questions, its result."""

    id: str
    name: str
    path: tuple[str | int, ...]
    error: str | None = None
    interrupts: tuple[Interrupt, ...] = ()
    state: Any = None
    result: Any = None


class StateSnapshot(NamedTuple):
    """A thread's state; `next` is empty where the thread has ended, and so is all the rest where it has not begun."""

    values: Any
    next: tuple[str, ...]
    config: Mapping[str, Any]
    metadata: Mapping[str, Any] | None
    created_at: str | None
    parent_config: Mapping[str, Any] | None
    tasks: tuple[PregelTask, ...]
    interrupts: tuple[Interrupt, ...]


def take_snapshot(graph: CompiledGraph, config: Mapping[str, Any]) -> StateSnapshot:
    """Return the newest state of the config's thread, or of the checkpoint that the config names."""
    configurable = graph.merge_config(config).get("configurable") or {}
    thread_id = configurable.get("thread_id")
    if graph.checkpointer is None or thread_id is None:
        missing = (
            "a checkpointer" if graph.checkpointer is None else 'config={"configurable": {"thread_id": …}}'
        )
        raise ConfigError(f"The state of graph {graph.name!r} is not kept anywhere: {missing} is missing.")
    log = graph.checkpointer.open_thread(str(thread_id), reader=graph.state)
    wanted = configurable.get("checkpoint_id")
    saved = log.find(parse_checkpoint_id(wanted)[1]) if wanted else log.find_latest()
    if saved is None:
        return StateSnapshot({}, (), config, None, None, None, (), ())
    return _describe(graph, log, saved, str(thread_id), is_half_step_shown=not wanted)


def _describe(
    graph: CompiledGraph, log: ThreadLog, saved: SavedCheckpoint, thread_id: str, *, is_half_step_shown: bool
) -> StateSnapshot:
    checkpoint, pending = saved.checkpoint, saved.pending
    machine = Machine(
        graph.plan,
        checkpoint,
        thread_key=log.key,
        run_id=saved.run_id,
        recursion_limit=1,
        first_step=checkpoint.step,
    )
    done = pending.results if is_half_step_shown else {}
    results = [done[task.id] for task in machine.tasks if task.id in done]
    writes = group_writes((result.task_id, result.writes) for result in results)
    values = checkpoint.values
    if writes:
        values, _ = apply_writes(graph.plan, values, writes, graph.state.fold(writes, values))
    tasks = tuple(_describe_task(graph, saved, task) for task in machine.tasks)
    return StateSnapshot(
        values=_read_values(graph, values),
        next=tuple(task.node for task in machine.tasks if task.id not in done),
        config=_config(thread_id, log.key, checkpoint.number),
        metadata={"source": saved.source, "step": checkpoint.step, "parents": {}, **saved.metadata},
        created_at=to_rfc3339(saved.created_at),
        parent_config=_config(thread_id, log.key, checkpoint.parent) if checkpoint.parent else None,
        tasks=tasks,
        interrupts=tuple(question for task in tasks for question in task.interrupts),
    )


def _read_values(graph: CompiledGraph, values: Mapping[str, StoredValue]) -> Any:
    read = graph.state.read_values(graph.state_keys, values)
    return read.get(ROOT) if graph.state.is_root else read


def _describe_task(graph: CompiledGraph, saved: SavedCheckpoint, task: Task) -> PregelTask:
    pending = saved.pending
    result, error, asked = (
        pending.results.get(task.id),
        pending.errors.get(task.id),
        pending.interrupts.get(task.id),
    )
    kind, _, place = task.path.partition(":")
    return PregelTask(
        id=task.id,
        name=task.node,
        path=(f"__pregel_{kind}", int(place) if kind == "push" else place),
        error=f"{error.type}: {error.message}" if error else None,
        interrupts=tuple(Interrupt(request.value.fresh(), request.id) for request in asked.interrupts)
        if asked
        else (),
        result=graph.state.read_update(result, graph.state_keys) if result else None,
    )


def _config(thread_id: str, thread_key: int, number: int) -> dict[str, Any]:
    place = {"thread_id": thread_id, "checkpoint_ns": "", "checkpoint_id": checkpoint_id(thread_key, number)}
    return {"configurable": place}
