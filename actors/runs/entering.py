"""How a run enters a thread otherwise than with a new input at its end: going on, forking, changing the state.

    payload null                         go on where the thread stands; what finished of its step is not repeated
    payload null, a checkpoint           fork: a copy of it becomes the newest checkpoint, and its tasks are executed
    payload, a checkpoint                a new input on top of that checkpoint
    an update                            checkpoints as if nodes had returned something, and nothing is executed
    an update that goes on               the same, and what is due after it is executed; an update that names no node changes
                                         the state alone, and what was due stays due

What a checkpoint that is entered leads to is written under a new number, so all that was stored after it stays. The rules
are those of `invoke`, and user code (reducers, conditional edges) runs on a user thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from fastgraph.checkpoint.logs import SavedCheckpoint
from fastgraph.checkpoint.memory import InMemorySaver
from fastgraph.clock import SystemClock
from fastgraph.database.records import ClaimedRun
from fastgraph.errors import EmptyInputError, InvalidUpdateError
from fastgraph.execution.checkpoint import EMPTY, Checkpoint, KeyChange, StepCommit
from fastgraph.execution.routing import INPUT
from fastgraph.execution.start import start, steer
from fastgraph.execution.tasks import TaskEnding
from fastgraph.execution.updates import group_writes
from fastgraph.graph.compiled import CompiledGraph
from fastgraph.graph.snapshots import ThreadPlace
from fastgraph.graph.steering import find_saved
from fastgraph.graph.task_call import drive
from fastgraph.graph.updating import StateUpdate, apply_superstep
from fastgraph.ids import checkpoint_id, parse_checkpoint_id
from fastgraph.state.values import StoredValue

__all__ = ["Entry", "StateUpdateRequest", "apply_update", "fork_of", "patch_of", "read_entry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateUpdateRequest:
    """Steps of updates: `steps` are lists of {"values", "as_node"}. With `goes_on` the run is executed from there."""

    steps: tuple[tuple[StateUpdate, ...], ...]
    goes_on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Where and how a run enters its thread; `number` is a checkpoint's, None the newest."""

    number: int | None
    has_input: bool
    update: StateUpdateRequest | None = None

    @property
    def is_plain(self) -> bool:
        """A new input at the thread's end, as most runs begin."""
        return self.has_input and self.number is None and self.update is None


def read_entry(claimed: ClaimedRun) -> Entry:
    """Read it from a run's payload and config. Raises InvalidUpdateError for a checkpoint of another thread."""
    config: dict[str, Any] = orjson.loads(claimed.config) if claimed.config else {}
    number = None
    named = config.get("checkpoint_id")
    if named is not None:
        key, number = parse_checkpoint_id(named)
        if key != claimed.thread_key or not 0 < number <= claimed.checkpoint_number:
            raise InvalidUpdateError(f"Thread {claimed.thread_id} has no checkpoint {named}.")
    update = config.get("update_state")
    if update is not None:
        steps = tuple(
            tuple(StateUpdate(part.get("values"), part.get("as_node")) for part in step) for step in update
        )
        request = StateUpdateRequest(steps=steps, goes_on=bool(config.get("goes_on")))
        return Entry(number=number, has_input=False, update=request)
    return Entry(number=number, has_input=claimed.payload != b"null")


def fork_of(base: Checkpoint, *, number: int) -> StepCommit:
    """Return the copy of a checkpoint under a new number; its tasks get ids of their own and are all executed.

    Raises EmptyInputError where there is nothing to go on from.
    """
    if not base.number:
        raise EmptyInputError("The thread has no checkpoint to go on from. Give the run a payload.")
    fork = replace(
        base, number=number, step=base.step + 1, parent=base.number, passed_breakpoints=frozenset()
    )
    return StepCommit(checkpoint=fork, changes={}, is_end=not fork.due)


def patch_of(graph: CompiledGraph, base: Checkpoint, values: Any, *, number: int) -> StepCommit:
    """Return a checkpoint like `base` but for some keys, as reducers fold them in; what was due there is due here. Runs user
    code. Raises InvalidUpdateError, EmptyInputError where there is no checkpoint, and what reducers raise."""
    if not base.number:
        raise EmptyInputError(
            "The thread has no checkpoint whose state could be changed. Give the run a payload."
        )
    if not isinstance(values, dict):
        raise InvalidUpdateError("An update that names no node is an object of keys and values.")
    writes, unknown = graph.state.encode_update(list(values.items()))
    if unknown:
        known = ", ".join(graph.state_keys)
        raise InvalidUpdateError(f"The state has no key {unknown[0]!r} to update. Its keys: {known}.")
    folded = graph.state.fold(group_writes([(None, writes)]), base.values, is_step=False)
    patched = steer(graph.plan, base, writes, folded)
    after = replace(
        patched.checkpoint,
        number=number,
        step=base.step + 1,
        parent=base.number,
        passed_breakpoints=frozenset(),
    )
    own = {key: change._replace(from_task=None) for key, change in patched.changes.items()}
    return StepCommit(checkpoint=after, changes=own, is_end=not after.due, source="update")


def apply_update(
    graph: CompiledGraph,
    claimed: ClaimedRun,
    lineage: Sequence[SavedCheckpoint],
    newest: int,
    steps: Sequence[Sequence[StateUpdate]],
) -> list[StepCommit]:
    """Return the checkpoints that updates make, one a step. `lineage` is the checkpoint to begin from and its parent, where
    there are such. Runs user code. Raises InvalidUpdateError and what reducers and conditional edges raise."""
    log = _EnteredLog(claimed.thread_key, lineage, newest)
    place = ThreadPlace(
        graph=graph,
        saver=InMemorySaver(),  # nothing here looks beyond the log
        log=log,
        thread_id=claimed.thread_id,
        namespace="",
        wanted=_name(claimed, lineage[0].checkpoint.number) if lineage else None,
        config={"configurable": {"thread_id": claimed.thread_id, "run_id": claimed.run_id}},
    )
    for step in steps:
        if any(update.as_node == "__copy__" and update.values for update in step):
            raise InvalidUpdateError("A copy takes no values here: copy first, and update the copy then.")
        if [update.as_node for update in step] == [INPUT]:
            number = _give_input(place, log, step[0].values)
        else:
            work = apply_superstep(place, step)
            number = asyncio.run(work) if graph.is_async else drive(work)  # a conditional edge may wait
        place = replace(place, wanted=_name(claimed, number))
    return log.commits


def _name(claimed: ClaimedRun, number: int) -> str:
    return checkpoint_id(claimed.thread_key, number)


def _give_input(place: ThreadPlace, log: _EnteredLog, values: Any) -> int:
    """Make the checkpoint of an input, as a run with that payload would, and execute nothing."""
    if values is None:
        raise InvalidUpdateError("Received no input: the values are None.")
    saved, newest = find_saved(log, place.wanted)
    base = saved.checkpoint if saved else EMPTY
    reading = place.graph.state.read_input(place.graph.state.parse_payload(values), base.values)
    commit = start(place.graph.plan, base, reading.writes, reading.folded, extra=reading.extra)
    after = replace(commit.checkpoint, number=newest + 1)
    run_id = place.config["configurable"]["run_id"]
    log.append(
        SavedCheckpoint(checkpoint=after, source="input", run_id=run_id, created_at=SystemClock().now()),
        commit.changes,
    )
    return after.number


class _EnteredLog:
    """The part of a thread that an update looks at, in memory; what it appends is handed on as commits."""

    def __init__(self, key: int, lineage: Sequence[SavedCheckpoint], newest: int) -> None:
        self.key = key
        self.commits: list[StepCommit] = []
        self._saved = {saved.checkpoint.number: saved for saved in lineage}
        self._current = lineage[0].checkpoint.number if lineage else 0
        self._newest = newest

    def find_latest_number(self) -> int:
        return self._newest

    def find_latest(self) -> SavedCheckpoint | None:
        return self._saved.get(self._current)

    def find(self, number: int) -> SavedCheckpoint | None:
        return self._saved.get(number)

    def list_newest_first(self) -> Iterator[SavedCheckpoint]:
        return iter(sorted(self._saved.values(), key=lambda saved: -saved.checkpoint.number))

    def append(self, saved: SavedCheckpoint, changes: Mapping[str, KeyChange]) -> None:
        number = saved.checkpoint.number
        self._saved[number] = saved
        self._current = self._newest = number
        own = {key: change._replace(from_task=None) for key, change in changes.items()}
        self.commits.append(
            StepCommit(
                checkpoint=saved.checkpoint,
                changes=own,
                is_end=not saved.checkpoint.due,
                source=saved.source,
            )
        )

    def record(self, number: int, ending: TaskEnding) -> None:
        """What an update stands for is in its checkpoint already."""

    def answer(self, number: int, answers: Mapping[str, StoredValue]) -> None:  # noqa: ARG002
        raise InvalidUpdateError("An update answers no question. Resume the run for that.")

    def find_record(self, task_id: str, key: str) -> bytes | None:  # noqa: ARG002 - an update is no task
        return None

    def keep_record(self, task_id: str, key: str, data: bytes) -> None:  # noqa: ARG002
        raise InvalidUpdateError("An update keeps no records.")

    def settle(self) -> None:
        """The run's commit makes it durable."""
