"""Changing a thread from outside: `update_state` makes a checkpoint as if a node had returned something.

What a node does when it has returned happens: reducers, static edges, conditional edges. What was pending on the
checkpoint that is changed is dropped with it, since the new checkpoint says what comes next; the old one stays.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from fastgraph.checkpoint.base import GIVEN_INPUT, STEERED, CheckpointSource, Pending, SavedCheckpoint
from fastgraph.clock import SystemClock
from fastgraph.errors import InvalidUpdateError
from fastgraph.execution.checkpoint import EMPTY, Checkpoint, KeyChange
from fastgraph.execution.plan import END, START
from fastgraph.execution.routing import Choice, route
from fastgraph.execution.start import admit, merge_due
from fastgraph.execution.tasks import DueTask, Task, TaskKind, TaskResult
from fastgraph.execution.tracked import tracked_checkpoint, tracked_ending
from fastgraph.execution.updates import apply_writes, group_writes
from fastgraph.graph.no_services import NoServices
from fastgraph.graph.snapshots import ThreadPlace, find_place, place_config, step_tasks
from fastgraph.graph.steering import apply_steers, find_saved
from fastgraph.graph.task_call import TaskCall, finish_task
from fastgraph.ids import checkpoint_id, new_id, task_id
from fastgraph.in_process.opening import run_metadata
from fastgraph.state.changes import DROP, Change
from fastgraph.state.values import StoredValue

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph

__all__ = ["StateUpdate", "apply_superstep", "update_thread"]

_STEPS_LEFT = 2  # what the routers of an update see, which belongs to no call with a limit; as in LangGraph

_AS_INPUT = "__input__"
_AS_COPY = "__copy__"


class StateUpdate(NamedTuple):
    """One update of a step: what node `as_node` is to have returned; `task_id` names the task that it stands for."""

    values: Any
    as_node: str | None = None
    task_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Base:
    """What a step of updates begins from; `is_head` says that nothing was stored after it."""

    place: ThreadPlace
    saved: SavedCheckpoint | None
    newest: int

    @property
    def checkpoint(self) -> Checkpoint:
        return self.saved.checkpoint if self.saved else EMPTY

    @property
    def step(self) -> int:
        return self.saved.checkpoint.step if self.saved else -1

    @property
    def is_head(self) -> bool:
        return self.saved is not None and self.saved.checkpoint.number == self.newest


async def update_thread(
    graph: CompiledGraph, config: Mapping[str, Any], supersteps: Sequence[Sequence[StateUpdate]]
) -> dict[str, Any]:
    """Apply steps of updates to a thread and return the config of the last checkpoint made.

    Raises ValueError where there is nothing to apply, InvalidUpdateError for updates that can't be. Suspends only where
    a conditional edge is async.
    """
    place = find_place(graph, config, for_update=True)
    if not supersteps:
        raise ValueError("No supersteps provided: give at least one.")
    if any(not updates for updates in supersteps):
        raise ValueError("No updates provided: each superstep needs at least one.")
    number = 0
    for updates in supersteps:
        number = await apply_superstep(place, [StateUpdate(*update) for update in updates])
        place = replace(place, wanted=checkpoint_id(place.log.key, number))
    if (done := place.log.settle()) is not None:
        done.result()
    return place_config(place, number)


async def apply_superstep(place: ThreadPlace, updates: Sequence[StateUpdate]) -> int:
    """Apply one step of updates where a thread stands and return the number of the checkpoint made. Raises as
    `update_thread`."""
    base = _Base(place, *find_saved(place.log, place.wanted))
    values, as_node, _ = updates[0]
    if values is None and as_node == END:
        _check_alone(updates, "Cannot apply multiple updates when clearing state")
        return _clear(base)
    if as_node == _AS_INPUT:
        _check_alone(updates, "Cannot apply multiple updates when updating as input")
        return _give_input(base, values)
    if as_node == _AS_COPY:
        _check_alone(updates, "Cannot copy checkpoint with multiple updates")
        return await _copy(base, values)
    return await _act(base, _name_nodes(base, updates))


def _check_alone(updates: Sequence[StateUpdate], sentence: str) -> None:
    if len(updates) > 1:
        raise InvalidUpdateError(sentence)


def _clear(base: _Base) -> int:
    """End what is pending: finished tasks count, the others are dropped."""
    place, before = base.place, base.checkpoint
    entry, begun = admit(place.graph.plan, before, number=base.newest + 1)
    after, changes = replace(before, due=(), values=entry.values), dict(begun)
    if base.saved is not None:
        graph, pending = place.graph, base.saved.pending
        steered = apply_steers(graph, before, pending.steers)
        tasks = step_tasks(place, base.saved)
        results = [_whole_result(pending, task) for task in tasks if task.id in pending.results]
        writes = group_writes((result.task_id, result.writes) for result in results)
        values = steered.checkpoint.values
        nodes = {task.id: task.node for task in tasks}
        choices = [Choice(nodes[result.task_id], result.goto, result.sends) for result in results]
        way = route(graph.plan, choices, before.joins, before.deferred) if tasks else None
        folded = graph.state.fold(writes, values, is_last=way is not None and way.is_finish)
        values, changed = apply_writes(graph.plan, values, writes, folded)
        changes = {**steered.changes, **{key: _set_to(values, key) for key in changed}}
        after = replace(after, values=values)
        if way is not None:
            # what is dropped counts as having run
            ran = (
                tuple(sorted({task.node for task in tasks if task.kind is TaskKind.PULL})) or before.finished
            )
            after = replace(after, due=way.due, deferred=way.deferred, joins=way.joins, finished=ran)
    return _keep(base, after, changes, "update")


def _whole_result(pending: Pending, task: Task) -> TaskResult:
    """Return a task's result; START's is kept with the input that it wrote."""
    result, given = pending.results[task.id], pending.results.get(GIVEN_INPUT)
    return replace(given, task_id=task.id) if task.node == START and given is not None else result


def _give_input(base: _Base, values: Any) -> int:
    """Make the checkpoint of a new input, and run nothing."""
    graph = base.place.graph
    if values is None:
        raise InvalidUpdateError(f"Received no input writes for {START}: the values are None.")
    reading = graph.state.read_input(values, base.checkpoint.values)
    entry, changes = admit(
        graph.plan, base.checkpoint, number=base.newest + 1, extra=reading.extra, is_input=True
    )
    given = TaskResult(task_id=GIVEN_INPUT, writes=reading.writes)
    entry = replace(entry, due=merge_due(entry.due, base.checkpoint.due))
    return _keep(base, entry, changes, "input", step=entry.step, results=(given,))


async def _copy(base: _Base, values: Any) -> int:
    """Copy a checkpoint beside it; a list of (values, node) is applied to the copy at once."""
    place, saved = base.place, base.saved
    if saved is None:
        raise InvalidUpdateError("Cannot copy a non-existent checkpoint")
    copied = saved.checkpoint
    parent = place.log.find(copied.parent) if copied.parent else None
    gone = set(parent.checkpoint.values) - set(copied.values) if parent else set()
    changes = {key: _set_to(copied.values, key) for key in copied.values}
    changes |= {key: KeyChange(change=DROP) for key in gone}
    given = saved.pending.results.get(GIVEN_INPUT)
    number = _keep(base, copied, changes, "fork", parent=copied.parent, results=(given,) if given else ())
    if not isinstance(values, list) or not values:
        return number
    place = replace(place, wanted=checkpoint_id(place.log.key, number))
    grouped: dict[str, list[StateUpdate]] = {}
    for item in values:
        if not isinstance(item, Sequence):
            raise InvalidUpdateError(f"Invalid update item: {item} when copying checkpoint")
        grouped.setdefault(item[1], []).append(StateUpdate(item[0], item[1]))
    return await apply_superstep(place, [update for updates in grouped.values() for update in updates])


def _name_nodes(base: _Base, updates: Sequence[StateUpdate]) -> list[StateUpdate]:
    """Check the nodes of updates, and find the one of a single update that names none."""
    named = []
    for update in updates:
        node = update.as_node
        if node is None and len(updates) > 1:
            raise InvalidUpdateError("as_node is required when applying multiple updates")
        if node is None:
            node = _infer_node(base)
        if node is None:
            raise InvalidUpdateError(
                "Ambiguous update, specify as_node: several nodes ran in the last step, or none that counts."
            )
        if node != START and node not in base.place.graph.nodes:
            known = ", ".join(base.place.graph.nodes)
            raise InvalidUpdateError(
                f"Node {node} does not exist. Graph {base.place.graph.name!r} has: {known}."
            )
        named.append(update._replace(as_node=node))
    return named


def _infer_node(base: _Base) -> str | None:
    """Return the node that ran last, START where none has yet, None where several did together.

    Tasks of Sends do not count, as in LangGraph: then it is the step before.
    """
    saved = base.saved
    while saved is not None:
        checkpoint = saved.checkpoint
        parent = base.place.log.find(checkpoint.parent) if checkpoint.parent else None
        ran = set(checkpoint.finished)
        if saved.source == "loop" and parent is not None:
            kinds = {due.node: due.kind for due in reversed(parent.checkpoint.due)}
            ran = {node for node in ran if kinds.get(node, TaskKind.PULL) is TaskKind.PULL}
            steered = parent.pending.results.get(STEERED)
            for told in (*((steered,) if steered else ()), *parent.pending.steers):
                # a Command that led to a node came after what had made the others due
                ran = ran.intersection(told.goto) or ran
        if saved.source == "input" and parent is not None:
            # an input drops what was pending, which counts as having run
            ran = {due.node for due in parent.checkpoint.due if due.kind is TaskKind.PULL}
        if ran:
            return ran.pop() if len(ran) == 1 else None
        saved = parent
    return START


async def _act(base: _Base, updates: Sequence[StateUpdate]) -> int:
    """Let nodes have returned something, all in one step."""
    place, graph = base.place, base.place.graph
    entry, started = admit(graph.plan, base.checkpoint, number=base.newest + 1)
    results = [await _finish(base, task, update.values) for task, update in _as_tasks(base, updates)]
    nodes = [str(update.as_node) for update in updates]
    writes = group_writes((result.task_id, result.writes) for result in results)
    choices = [Choice(node, result.goto, result.sends) for node, result in zip(nodes, results, strict=True)]
    way = route(graph.plan, choices, base.checkpoint.joins, base.checkpoint.deferred)
    folded = graph.state.fold(writes, entry.values, is_last=way.is_finish)
    values, changes = apply_writes(graph.plan, entry.values, writes, folded)
    for node, result in zip(nodes, results, strict=True):
        # a task that has its result keeps it, as in LangGraph, and one that only sends something has none by that
        spec = graph.plan.nodes[node]
        is_trace = bool(result.writes or result.goto or spec.targets or spec.joins)
        is_kept = base.saved is not None and result.task_id in base.saved.pending.results
        if base.is_head and is_trace and not is_kept:
            place.log.record(base.checkpoint.number, tracked_ending(result))
    # what the tasks wrote need not be at hand under this checkpoint's parent, so the changes refer to nothing
    own = {key: KeyChange(change=change.change) for key, change in changes.items()}
    own |= {key: _set_to(values, key) for key in started if key in changes}
    due = merge_due(_held_due(graph, base.checkpoint), way.due)
    after = replace(base.checkpoint, values=values, due=due, deferred=way.deferred, joins=way.joins)
    return _keep(base, after, {**started, **own}, "update")


def _held_due(graph: CompiledGraph, checkpoint: Checkpoint) -> tuple[DueTask, ...]:
    """Return the due tasks that stay due after an update, as in LangGraph: a join that is complete, and a deferred node
    whose time has come, wait until they are executed."""
    plan = graph.plan
    held = []
    for due in checkpoint.due:
        spec = plan.nodes.get(due.node)
        joins = tuple(trigger for trigger in due.triggers if trigger in plan.joins)
        if due.kind is TaskKind.PULL and spec is not None and (joins or spec.is_deferred):
            held.append(due if spec.is_deferred else replace(due, triggers=joins))
    return tuple(held)


def _as_tasks(base: _Base, updates: Sequence[StateUpdate]) -> list[tuple[Task, StateUpdate]]:
    """Give each update a task: the one that was named or is due for its node, else one of its own."""
    due: dict[str, deque[str]] = defaultdict(deque)
    for task in step_tasks(base.place, base.saved) if base.saved else ():
        due[task.node].append(task.id)
    name = checkpoint_id(base.place.log.key, base.checkpoint.number)
    tasks = []
    for position, update in enumerate(updates):
        node = str(update.as_node)
        own = task_id(name, base.place.namespace, base.step + 1, node, f"update:{position}")
        chosen = update.task_id or (due[node].popleft() if due[node] else own)
        task = Task(
            id=chosen,
            node=node,
            kind=TaskKind.PULL,
            path=f"update:{position}",
            step=base.step + 1,
            triggers=(),
            remaining_steps=_STEPS_LEFT,
        )
        tasks.append((task, update))
    return tasks


async def _finish(base: _Base, task: Task, values: Any) -> TaskResult:
    place = base.place
    call = TaskCall(
        graph=place.graph,
        task=task,
        values=base.checkpoint.values,
        attempt=1,
        answers={},
        config=place.config,
        context=None,
        services=NoServices(),
        namespace=place.namespace,
    )
    return await finish_task(call, values)


def _keep(
    base: _Base,
    checkpoint: Checkpoint,
    changes: Mapping[str, KeyChange],
    source: CheckpointSource,
    *,
    step: int | None = None,
    parent: int | None = None,
    results: Sequence[TaskResult] = (),
) -> int:
    """Store a checkpoint as the thread's newest and return its number."""
    number = base.newest + 1
    is_copy = source == "fork"
    after = replace(
        checkpoint,
        number=number,
        step=base.step + 1 if step is None else step,
        parent=parent if is_copy else base.checkpoint.number or None,
        passed_breakpoints=frozenset(),
    )
    base.place.log.append(
        SavedCheckpoint(
            checkpoint=tracked_checkpoint(after),
            source=source,
            run_id=new_id(),
            created_at=SystemClock().now(),
            metadata=_metadata(base),
            pending=Pending(),
        ),
        changes,
    )
    for result in results:
        base.place.log.record(number, result)
    return number


def _metadata(base: _Base) -> dict[str, object]:
    parents = base.saved.metadata.get("parents") if base.saved else None
    return {**run_metadata(base.place.config), **({"parents": parents} if parents else {})}


def _set_to(values: Mapping[str, StoredValue], key: str) -> KeyChange:
    return KeyChange(change=Change.set_to(values[key]) if key in values else DROP)
