"""What the modes `tasks`, `checkpoints` and `debug` show: payloads of LangGraph's shapes, made from what a run knows.

Only called where one of these modes is watched, so nothing here need be cheap. The values are fresh copies: a watcher may
keep or change them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fastgraph.checkpoint.base import Pending
from fastgraph.clock import SystemClock
from fastgraph.execution.checkpoint import Checkpoint
from fastgraph.execution.plan import START
from fastgraph.execution.tasks import Task, TaskInterrupted, TaskKind, TaskResult
from fastgraph.graph.commands import Interrupt
from fastgraph.graph.entrypoint_state import PREVIOUS_KEY
from fastgraph.graph.namespaces import task_place
from fastgraph.graph.subgraphs import find_kept
from fastgraph.ids import checkpoint_id, task_id

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph

__all__ = [
    "Place",
    "debug_event",
    "describe_checkpoint",
    "describe_ending",
    "describe_input",
    "describe_task",
    "questions_of",
    "shown_tags",
]

# what LangGraph keeps out of a task's metadata: it stands in the task itself
_OWN_FACTS = frozenset(
    {
        "thread_id",
        "checkpoint_id",
        "checkpoint_ns",
        "checkpoint_map",
        "langgraph_step",
        "langgraph_node",
        "langgraph_triggers",
        "langgraph_path",
        "langgraph_checkpoint_ns",
    }
)
_HIDDEN_TAGS = ("seq:step", "graph:step", "langsmith:hidden")


class Place:
    """Where a run's checkpoints are kept: its config, the key of its log, its namespace, the checkpoints around it."""

    def __init__(
        self, config: Mapping[str, Any], key: int, namespace: tuple[str, ...], parents: Mapping[str, str]
    ) -> None:
        self._configurable = {
            name: value
            for name, value in (config.get("configurable") or {}).items()
            if not name.startswith("__")
        }
        self.key = key
        self.namespace = "|".join(namespace)
        self.parents = dict(parents)

    def config_in(self, namespace: str) -> dict[str, Any]:
        """Return the config that names a namespace of the thread."""
        thread = {"thread_id": self._configurable.get("thread_id")}
        return {"configurable": {**thread, "checkpoint_ns": namespace}}

    def config_of(self, number: int) -> dict[str, Any]:
        """Return the config that names a checkpoint."""
        name = checkpoint_id(self.key, number)
        here: dict[str, Any] = {"checkpoint_ns": self.namespace, "checkpoint_id": name}
        if self.parents:
            here["checkpoint_map"] = {**self.parents, self.namespace: name}
        return {"configurable": {**self._configurable, **here}}


def describe_task(
    graph: CompiledGraph, task: Task, checkpoint: Checkpoint, config: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what is shown of a task that begins: id, name, input, triggers, and metadata where there is any."""
    node = graph.nodes.get(task.node)
    if task.kind is TaskKind.PUSH and task.argument is not None:
        given = task.argument.fresh()
    else:
        given = graph.state.read_state(node.input_type if node else None, checkpoint.values, task)
    payload = {"id": task.id, "name": task.node, "input": given, "triggers": task.triggers}
    metadata = {**(node.metadata if node else {}), **(config.get("metadata") or {})}
    shown = {name: value for name, value in metadata.items() if name not in _OWN_FACTS}
    if (tags := shown_tags(config)) is not None:
        shown["tags"] = tags
    return {**payload, "metadata": shown} if shown else payload


def shown_tags(config: Mapping[str, Any]) -> list[str] | None:
    """Return the tags that a user gave; None where there is none."""
    tags = [tag for tag in config.get("tags") or () if not tag.startswith(_HIDDEN_TAGS)]
    return tags or None


def describe_ending(
    task: Task,
    ending: TaskResult | TaskInterrupted | None,
    error: BaseException | str | None,
) -> dict[str, Any]:
    """Return what is shown of a task that ended: id, name, error, result, interrupts."""
    result = gather(ending) if isinstance(ending, TaskResult) else {}
    asked = questions_of(ending) if isinstance(ending, TaskInterrupted) else ()
    return {
        "id": task.id,
        "name": task.node,
        "error": error,
        "result": result,
        "interrupts": [asdict(question) for question in asked],
    }


def gather(result: TaskResult) -> dict[str, Any]:
    """Return a task's writes by key, without what an entrypoint saves; several to one key as `{"$writes": […]}`."""
    gathered: dict[str, list[Any]] = {}
    for write in result.writes:
        if write.key == PREVIOUS_KEY:
            continue
        gathered.setdefault(write.key, []).append(write.value.fresh())
    return {key: values[0] if len(values) == 1 else {"$writes": values} for key, values in gathered.items()}


def questions_of(ending: TaskInterrupted) -> tuple[Interrupt, ...]:
    """Return what a task asks, as its watcher sees it."""
    return tuple(Interrupt.from_request(request) for request in ending.interrupts)


def describe_input(graph: CompiledGraph, place: Place, base: Checkpoint, after: Checkpoint) -> dict[str, Any]:
    """Return what is shown of the checkpoint of an input on top of `base`; START's edges lead from it to `after`."""
    values = {**graph.state.start_values, **base.values}
    has_routers = any(task.node == START for task in after.due)
    number = after.number if has_routers else after.parent or 0
    step = base.step + 1
    config = place.config_of(number)
    task = task_id(config["configurable"]["checkpoint_id"], place.namespace, step, START, f"pull:{START}")
    return {
        "config": config,
        "parent_config": place.config_of(base.number) if base.number else None,
        "values": _read(graph, values),
        "metadata": {"source": "input", "step": step, "parents": place.parents},
        "next": [START],
        "tasks": [{"id": task, "name": START, "interrupts": (), "state": None}],
    }


def describe_checkpoint(
    graph: CompiledGraph,
    place: Place,
    checkpoint: Checkpoint,
    tasks: Sequence[Task],
    pending: Pending,
    *,
    metadata: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what is shown of a checkpoint and the tasks that it leads to."""
    return {
        "config": place.config_of(checkpoint.number),
        "parent_config": place.config_of(checkpoint.parent) if checkpoint.parent else None,
        "values": _read(graph, checkpoint.values),
        "metadata": {"step": checkpoint.step, "parents": place.parents, **_public(metadata)},
        "next": [task.node for task in tasks],
        "tasks": [_describe_due(graph, place, task, pending) for task in tasks],
    }


def _describe_due(graph: CompiledGraph, place: Place, task: Task, pending: Pending) -> dict[str, Any]:
    known: dict[str, Any] = {"id": task.id, "name": task.node}
    is_kept = find_kept(graph.nodes.get(task.node)) is not None
    state = place.config_in(task_place(place.namespace, task.node, task.id)) if is_kept else None
    error = pending.errors.get(task.id)
    if error is not None:
        return {**known, "error": f"{error.type}: {error.message}", "state": state}
    asked = pending.interrupts.get(task.id)
    interrupts = tuple(asdict(question) for question in questions_of(asked)) if asked else ()
    result = pending.results.get(task.id)
    written = gather(result) if result else {}
    return {
        **known,
        **({"result": written} if written else {}),
        "interrupts": interrupts,
        "state": state,
    }


def _read(graph: CompiledGraph, values: Mapping[str, Any]) -> Any:
    read = graph.state.read_values(graph.state_keys, values)
    key = graph.state.shown_key
    return read.get(key) if key else read


def _public(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what a nested run keeps for itself."""
    return {name: value for name, value in metadata.items() if name not in ("parent_task", "parent_call")}


def debug_event(kind: str, step: int, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Wrap a payload for the mode `debug`; `kind` is checkpoint, task or task_result."""
    return {"step": step, "timestamp": SystemClock().now().isoformat(), "type": kind, "payload": payload}
