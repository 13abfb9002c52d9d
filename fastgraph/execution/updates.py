"""What a step's writes make of the state, as far as no user code is needed.

A key of one value a step takes its write as it is, and the change refers to the task that wrote it, so that nothing is
stored twice. Keys with reducers and channels of the user's own come back folded from a user thread; here they are only
put in their place. A key that a step does not write stays as it is, unless its kind says that it is empty then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fastgraph.errors import InvalidUpdateError
from fastgraph.execution.checkpoint import KeyChange
from fastgraph.execution.fold import FoldWork, KeyFold
from fastgraph.execution.plan import GraphPlan
from fastgraph.execution.tasks import Folded, Write
from fastgraph.state.changes import DROP, Change, ChangeKind
from fastgraph.state.values import StoredValue

__all__ = [
    "Writes",
    "apply_writes",
    "find_changes",
    "find_updated",
    "group_writes",
    "make_fold_work",
    "needs_fold",
    "put_writes",
]

Writes = Mapping[str, tuple[tuple[str | None, Write], ...]]
"""Key -> its writes in path order, each with the id of the task that wrote it (None for input)."""


def group_writes(tasks: Iterable[tuple[str | None, tuple[Write, ...]]]) -> Writes:
    """Group the writes of tasks, given in path order, by key."""
    grouped: dict[str, tuple[tuple[str | None, Write], ...]] = {}
    several: dict[str, list[tuple[str | None, Write]]] = {}
    for task_id, writes in tasks:
        for write in writes:
            key = write.key
            if key not in grouped:  # most keys are written once a step
                grouped[key] = ((task_id, write),)
            elif key in several:
                several[key].append((task_id, write))
            else:
                several[key] = [*grouped[key], (task_id, write)]
    for key, found in several.items():
        grouped[key] = tuple(found)
    return grouped


def needs_fold(plan: GraphPlan, writes: Writes) -> bool:
    """Say whether a step with these writes needs code: a reducer, or a channel that is asked at every step."""
    return bool(plan.channel_keys) or not plan.folded_keys.isdisjoint(writes)


def make_fold_work(
    plan: GraphPlan,
    values: Mapping[str, StoredValue],
    writes: Writes,
    *,
    is_step: bool = True,
    is_last: bool = False,
) -> FoldWork:
    """Collect what the code of the keys needs; empty where none has any."""
    keys = plan.folded_keys.intersection(writes)
    if is_step or is_last:
        keys = keys.union(plan.channel_keys)
    return FoldWork(
        keys=tuple(
            KeyFold(key=key, current=values.get(key), writes=tuple(write for _, write in writes.get(key, ())))
            for key in sorted(keys)
        ),
        is_step=is_step,
        is_last=is_last,
    )


def apply_writes(
    plan: GraphPlan,
    values: Mapping[str, StoredValue],
    writes: Writes,
    folded: Folded | None,
    *,
    is_step: bool = True,
) -> tuple[Mapping[str, StoredValue], Mapping[str, KeyChange]]:
    """Return the values after the step and how each key changed.

    `is_step` is False for writes from outside, which clear no key. Raises InvalidUpdateError where a key that takes one
    value has several writes; nothing is changed then. A written key with a reducer must be in `folded`.
    """
    after = put_writes(plan, values, writes, folded, is_step=is_step)
    return after, find_changes(plan, values, writes, folded, is_step=is_step)


def put_writes(
    plan: GraphPlan,
    values: Mapping[str, StoredValue],
    writes: Writes,
    folded: Folded | None,
    *,
    is_step: bool = True,
) -> Mapping[str, StoredValue]:
    """Return the values after the step: the first half of `apply_writes`, for whoever stores nothing of them."""
    if not writes and not plan.cleared_keys and not plan.channel_keys:
        return values
    after = dict(values)
    for key, writers in writes.items():
        if key not in plan.folded_keys:
            after[key] = _counting_write(plan, key, writers)[1].value
        elif folded is None or (key not in folded.values and key not in folded.emptied):
            raise InvalidUpdateError(f"Key {key!r} has a reducer and its writes were not folded.")
    if folded is not None:
        after.update(folded.values)
        for key in folded.emptied:
            after.pop(key, None)
    if is_step:
        for key in plan.cleared_keys:
            if key not in writes:
                after.pop(key, None)
    return after


def find_changes(
    plan: GraphPlan,
    values: Mapping[str, StoredValue],
    writes: Writes,
    folded: Folded | None,
    *,
    is_step: bool = True,
) -> Mapping[str, KeyChange]:
    """Return how each key differs after the step from `values`, which stood before it; `put_writes` takes the writes."""
    changes: dict[str, KeyChange] = {}
    for key, writers in writes.items():
        if key not in plan.folded_keys:
            task_id, write = writers[-1]
            if write.value.is_tracked:
                changes[key] = KeyChange(Change.set_to(write.value), task_id)
    if folded is not None:
        for key, change in folded.changes.items():
            changes[key] = KeyChange(change, _sole_source(change, writes.get(key, ())))
        for key in folded.emptied:
            if key in values or key in folded.values:
                changes[key] = KeyChange(DROP)
    if is_step:
        for key in plan.cleared_keys:
            if key not in writes and (key in values or (folded is not None and key in folded.values)):
                changes[key] = KeyChange(DROP)
    return changes


def find_updated(
    plan: GraphPlan, writes: Writes, values: Mapping[str, StoredValue], folded: Folded | None
) -> frozenset[str]:
    """Return the keys that a step updated, whether it changed them or not, and that show something after it; none where
    nothing was written, since what clears or finishes itself is not shown for its own sake."""
    if not writes:
        return frozenset()
    if not plan.channel_keys:
        return frozenset(writes) if not plan.cleared_keys else frozenset(writes) & values.keys()
    plain = frozenset(writes).difference(plan.channel_keys) & values.keys()
    return plain | folded.seen if folded is not None else plain


def _counting_write(
    plan: GraphPlan, key: str, writers: tuple[tuple[str | None, Write], ...]
) -> tuple[str | None, Write]:
    if len(writers) > 1 and plan.keys[key].kind.is_single:
        raise InvalidUpdateError(
            f"Key {key!r} of graph {plan.name!r} was written {len(writers)} times in one step and can take one value only. "
            f"Give it a reducer: Annotated[<type>, <function of two values>]."
        )
    return writers[-1]


def _sole_source(change: Change, writers: tuple[tuple[str | None, Write], ...]) -> str | None:
    """Return the task whose write is the very value that the change sets or appends, so that it is not stored twice."""
    if len(writers) != 1 or change.kind not in (ChangeKind.SET, ChangeKind.APPEND):
        return None
    task_id, write = writers[0]
    return task_id if change.operand == write.value.to_bytes() else None
