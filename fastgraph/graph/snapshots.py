"""`StateSnapshot`: where a thread stands between two steps, and how it came there, as LangGraph shows it.

The newest state is shown as it is now: what finished tasks of its pending step wrote is applied, its `next` are the nodes
that have not finished, its interrupts those that wait. One that is asked for by its id, or stands in the history, is the
record of its step: the values it began with, all its tasks and what became of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from fastgraph.checkpoint.base import GIVEN_INPUT, BaseCheckpointSaver, Pending, SavedCheckpoint, ThreadLog
from fastgraph.clock import to_rfc3339
from fastgraph.errors import ConfigError
from fastgraph.execution.dataflow import make_machine
from fastgraph.execution.plan import START
from fastgraph.execution.tasks import ErrorRecord, Task, TaskResult
from fastgraph.graph.commands import Interrupt
from fastgraph.graph.half_step import with_finished
from fastgraph.graph.namespaces import lasting_namespace, task_place
from fastgraph.graph.steering import apply_steers, find_saved, parse_number
from fastgraph.graph.subgraphs import find_kept, find_nested
from fastgraph.ids import checkpoint_id
from fastgraph.state.values import StoredValue

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph

__all__ = [
    "PregelTask",
    "StateSnapshot",
    "ThreadPlace",
    "find_place",
    "list_snapshots",
    "place_config",
    "step_tasks",
    "take_snapshot",
]


class PregelTask(NamedTuple):
    """A task of a step: its error as text, its questions, its result; `state` is a nested graph's, or its config."""

    id: str
    name: str
    path: tuple[str | int | bool, ...]
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadPlace:
    """A lineage of checkpoints and the graph whose it is; `wanted` is the id of one of them, None for the newest."""

    graph: CompiledGraph
    saver: BaseCheckpointSaver
    log: ThreadLog
    thread_id: str
    namespace: str
    wanted: Any
    config: Mapping[str, Any]


def find_place(
    graph: CompiledGraph, config: Mapping[str, Any] | None, *, for_update: bool = False
) -> ThreadPlace:
    """Return the place that a config names. `checkpoint_ns` leads to a nested graph.

    Raises ConfigError without a checkpointer or a thread, ValueError `for_update` of a nested graph that is none.
    """
    merged = graph.merge_config(config)
    configurable = merged.get("configurable") or {}
    thread_id, namespace = configurable.get("thread_id"), str(configurable.get("checkpoint_ns") or "")
    if graph.checkpointer is None:
        raise ConfigError(
            f"No checkpointer set: the state of graph {graph.name!r} is not kept. Compile it with one."
        )
    if thread_id is None:
        raise ConfigError(
            f"The state of graph {graph.name!r} can't be found: the config names no thread. "
            'Give one: config={"configurable": {"thread_id": "<name>"}}.'
        )
    nested = _find_nested(graph, namespace)
    if nested is None and for_update:
        raise ConfigError(f"Subgraph {namespace} not found in graph {graph.name!r}.")
    graph_there = nested or graph
    if nested is not None and nested.checkpointer_mode is True:
        namespace = lasting_namespace(namespace)
    return ThreadPlace(
        graph=graph_there,
        saver=graph.checkpointer,
        log=graph.checkpointer.open_thread(str(thread_id), namespace, reader=graph_there.state),
        thread_id=str(thread_id),
        namespace=namespace,
        wanted=configurable.get("checkpoint_id"),
        config=merged,
    )


def take_snapshot(place: ThreadPlace, *, subgraphs: bool = False) -> StateSnapshot:
    """Return the newest state of a place, or of the checkpoint it names. With `subgraphs` those of nested graphs, too."""
    saved, _ = find_saved(place.log, place.wanted)
    if saved is None:
        return StateSnapshot({}, (), place.config, None, None, None, (), ())
    return _describe(place, saved, is_live=place.wanted is None, subgraphs=subgraphs)


def list_snapshots(
    place: ThreadPlace,
    *,
    filter: Mapping[str, Any] | None = None,  # noqa: A002 - LangGraph's name
    before: Mapping[str, Any] | None = None,
    limit: int | None = None,
) -> Iterator[StateSnapshot]:
    """Go through the states of a place, newest first, those of all branches."""
    wanted = parse_number(place.wanted, place.log.key) if place.wanted is not None else None
    named = ((before or {}).get("configurable") or {}).get("checkpoint_id")
    end = parse_number(named, place.log.key) if named is not None else None
    newest_first = place.log.list_newest_first()
    if wanted is not None:
        newest_first = iter([saved for saved in [place.log.find(wanted)] if saved is not None])
    fitting = (
        saved
        for saved in newest_first
        if (end is None or saved.checkpoint.number < end) and _fits(saved, filter)
    )
    # read at once, so that whoever looks at the history may go on with the thread meanwhile
    for saved in list(islice(fitting, limit)):
        yield _describe(place, saved, is_live=False, subgraphs=False)


def step_tasks(place: ThreadPlace, saved: SavedCheckpoint) -> tuple[Task, ...]:
    """Return the tasks of the step that stands on a checkpoint."""
    checkpoint = saved.checkpoint
    return make_machine(
        place.graph.plan,
        checkpoint,
        thread_key=place.log.key,
        run_id=saved.run_id,
        recursion_limit=1,
        first_step=checkpoint.step,
        namespace=place.namespace,
    ).tasks


def place_config(place: ThreadPlace, number: int, parents: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the config that names a checkpoint of a place."""
    name = checkpoint_id(place.log.key, number)
    configurable: dict[str, Any] = {
        "thread_id": place.thread_id,
        "checkpoint_ns": place.namespace,
        "checkpoint_id": name,
    }
    if parents:
        configurable["checkpoint_map"] = {**parents, place.namespace: name}
    return {"configurable": configurable}


def _find_nested(graph: CompiledGraph, namespace: str) -> CompiledGraph | None:
    """Follow the nodes of a namespace; None where one of them is no nested graph."""
    for part in namespace.split("|") if namespace else ():
        if part.isdigit():
            continue
        spec = graph.nodes.get(part.partition(":")[0])
        nested = find_nested(spec) if spec is not None else None
        if nested is None:
            return None
        graph = nested
    return graph


def _fits(saved: SavedCheckpoint, wanted: Mapping[str, Any] | None) -> bool:
    if not wanted:
        return True
    metadata = _metadata(saved)
    return all(metadata.get(key) == value for key, value in wanted.items())


def _metadata(saved: SavedCheckpoint) -> dict[str, Any]:
    return {"source": saved.source, "step": saved.checkpoint.step, "parents": {}, **saved.metadata}


def _describe(place: ThreadPlace, saved: SavedCheckpoint, *, is_live: bool, subgraphs: bool) -> StateSnapshot:
    graph, checkpoint, pending = place.graph, saved.checkpoint, saved.pending
    in_order = step_tasks(place, saved)
    tasks = _in_shown_order(graph, in_order)
    if pending.steers:
        checkpoint = replace(
            checkpoint, values=apply_steers(graph, checkpoint, pending.steers).checkpoint.values
        )
    done = pending.results if is_live else {}
    values = with_finished(graph, checkpoint, in_order, done, is_snapshot=True)
    metadata = _metadata(saved)
    parents = metadata["parents"]
    shown = tuple(
        _describe_task(place, pending, task, is_live=is_live, subgraphs=subgraphs) for task in tasks
    )
    return StateSnapshot(
        values=_read_values(graph, values),
        next=tuple(task.node for task in tasks if task.id not in done),
        config=place_config(place, checkpoint.number, parents),
        metadata=metadata,
        created_at=to_rfc3339(saved.created_at),
        parent_config=place_config(place, checkpoint.parent, parents) if checkpoint.parent else None,
        tasks=shown,
        interrupts=tuple(question for task in shown for question in task.interrupts),
    )


def _in_shown_order(graph: CompiledGraph, tasks: tuple[Task, ...]) -> list[Task]:
    """Put what was sent first, then nodes as they were added, as LangGraph shows them; a node that is gone is left out."""
    places = {name: place for place, name in enumerate(graph.nodes)}
    sent = [task for task in tasks if task.path.startswith("push") and task.node in places]
    pulled = [task for task in tasks if not task.path.startswith("push") and task.node in {*places, START}]
    return sent + sorted(pulled, key=lambda task: places.get(task.node, -1))


def _read_values(graph: CompiledGraph, values: Mapping[str, StoredValue]) -> Any:
    read = graph.state.read_values(graph.state_keys, values)
    key = graph.state.shown_key
    return read.get(key) if key else read


def _describe_task(
    place: ThreadPlace, pending: Pending, task: Task, *, is_live: bool, subgraphs: bool
) -> PregelTask:
    result, error = pending.results.get(task.id), pending.errors.get(task.id)
    asked = pending.interrupts.get(task.id) if not (is_live and result) else None
    questions = asked.interrupts if asked else ()
    if is_live and place.graph.collects_interrupts:
        questions = tuple(question for question in questions if question.id not in pending.answers)
    if task.node == START and result is not None:
        result = pending.results.get(GIVEN_INPUT, result)
    kind, _, at = task.path.partition(":")
    return PregelTask(
        id=task.id,
        name=task.node,
        path=(f"__pregel_{kind}", int(at), False) if kind == "push" else (f"__pregel_{kind}", at),
        error=_text_of(error) if error else None,
        interrupts=tuple(Interrupt.from_request(request) for request in questions),
        state=_nested_state(place, task, subgraphs=subgraphs),
        result=None if result is None else _read_result(place.graph, result),
    )


def _text_of(error: ErrorRecord) -> str:
    """Return its `repr`, as far as it is known. A KeyError's text is its key's repr already, and pydantic's its own."""
    if not error.message:
        return f"{error.type}()"
    if error.type == "ValidationError":
        return error.message
    return f"{error.type}({error.message if error.type == 'KeyError' else repr(error.message)})"


def _nested_state(place: ThreadPlace, task: Task, *, subgraphs: bool) -> Any:
    """Return a config that leads to a nested graph's state, or with `subgraphs` that state; None for any other node."""
    nested = find_kept(place.graph.nodes.get(task.node))
    if nested is None:
        return None
    namespace = task_place(place.namespace, task.node, task.id)
    config = {"configurable": {"thread_id": place.thread_id, "checkpoint_ns": namespace}}
    if not subgraphs:
        return config
    if nested.checkpointer_mode is True:
        namespace = lasting_namespace(namespace)
        config = {"configurable": {"thread_id": place.thread_id, "checkpoint_ns": namespace}}
    log = place.saver.open_thread(place.thread_id, namespace, reader=nested.state)
    there = replace(place, graph=nested, log=log, namespace=namespace, wanted=None, config=config)
    return take_snapshot(there, subgraphs=True)


def _read_result(graph: CompiledGraph, result: TaskResult) -> Any:
    """Return what a task wrote by key; several writes of one key are a list under `$writes`, as in LangGraph."""
    written: dict[str, list[Any]] = {}
    for write in result.writes:
        if write.key in graph.state_keys:
            written.setdefault(write.key, []).append(write.value.fresh())
    shown = {key: values[0] if len(values) == 1 else {"$writes": values} for key, values in written.items()}
    key = graph.state.shown_key
    return shown.get(key) if key else shown
