"""What a step's writes make of the state, as far as no user code is needed.

A key of one value a step takes its write as it is, and the change refers to the task that wrote it, so that nothing is
stored twice. Keys with reducers come back folded from a user thread; here they are only put in their place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fastgraph.errors import InvalidUpdateError
from fastgraph.execution.checkpoint import KeyChange
from fastgraph.execution.fold import FoldWork, KeyFold
from fastgraph.execution.plan import GraphPlan, KeyKind
from fastgraph.execution.tasks import Folded, Write
from fastgraph.state.changes import Change, ChangeKind
from fastgraph.state.values import StoredValue

__all__ = ["Writes", "apply_writes", "group_writes", "make_fold_work", "needs_fold"]

Writes = Mapping[str, tuple[tuple[str | None, Write], ...]]
"""Key -> its writes in path order, each with the id of the task that wrote it (None for input)."""


def group_writes(tasks: Iterable[tuple[str | None, tuple[Write, ...]]]) -> Writes:
    """Group the writes of tasks, given in path order, by key."""
    grouped: dict[str, list[tuple[str | None, Write]]] = {}
    for task_id, writes in tasks:
        for write in writes:
            grouped.setdefault(write.key, []).append((task_id, write))
    return {key: tuple(writes) for key, writes in grouped.items()}


def needs_fold(plan: GraphPlan, writes: Writes) -> bool:
    """Say whether some written key has a reducer."""
    return any(plan.keys[key].kind is KeyKind.REDUCER for key in writes)


def make_fold_work(plan: GraphPlan, values: Mapping[str, StoredValue], writes: Writes) -> FoldWork:
    """Collect what the reducers of the written keys need; empty where none has one."""
    return FoldWork(
        keys=tuple(
            KeyFold(key=key, current=values.get(key), writes=tuple(write for _, write in writes[key]))
            for key in sorted(writes)
            if plan.keys[key].kind is KeyKind.REDUCER
        )
    )


def apply_writes(
    plan: GraphPlan, values: Mapping[str, StoredValue], writes: Writes, folded: Folded | None
) -> tuple[Mapping[str, StoredValue], Mapping[str, KeyChange]]:
    """Return the values after the step and how each key changed.

    Raises InvalidUpdateError where a key without a reducer has several writes; nothing is changed then. A key with a
    reducer must be in `folded`.
    """
    if not writes:
        return values, {}
    after = dict(values)
    changes: dict[str, KeyChange] = {}
    for key, writers in writes.items():
        if plan.keys[key].kind is KeyKind.LAST_VALUE:
            task_id, write = _only_write(plan, key, writers)
            after[key] = write.value
            changes[key] = KeyChange(change=Change.set_to(write.value), from_task=task_id)
        elif folded is None or key not in folded.values:
            raise InvalidUpdateError(f"Key {key!r} has a reducer and its writes were not folded.")
        else:
            after[key] = folded.values[key]
            if key in folded.changes:
                changes[key] = KeyChange(
                    change=folded.changes[key], from_task=_sole_source(folded.changes[key], writers)
                )
    return after, changes


def _only_write(
    plan: GraphPlan, key: str, writers: tuple[tuple[str | None, Write], ...]
) -> tuple[str | None, Write]:
    if len(writers) > 1:
        raise InvalidUpdateError(
            f"Key {key!r} of graph {plan.name!r} was written {len(writers)} times in one step and can take one value only. "
            f"Give it a reducer: Annotated[<type>, <function of two values>]."
        )
    return writers[0]


def _sole_source(change: Change, writers: tuple[tuple[str | None, Write], ...]) -> str | None:
    """Return the task whose write is the very value that the change sets or appends, so that it is not stored twice."""
    if len(writers) != 1 or change.kind not in (ChangeKind.SET, ChangeKind.APPEND):
        return None
    task_id, write = writers[0]
    return task_id if change.operand == write.value.to_bytes() else None
