"""When a run waits for its log: `sync`, `async` or `exit`.

`sync` waits at every step until it is durable. `async` lets the log commit while the next step is executed and waits at
the end; a killed process loses the last steps only. `exit` keeps the newest checkpoint alone, with what is known of its
step, and hands it in when the run ends, waits or fails; a killed process loses the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Final, Literal, Protocol, runtime_checkable

from fastgraph.checkpoint.logs import Pending, SavedCheckpoint, ThreadLog
from fastgraph.execution.checkpoint import KeyChange
from fastgraph.execution.tasks import TaskEnding, TaskFailed
from fastgraph.state.changes import DROP, Change
from fastgraph.state.values import StoredValue

__all__ = ["Durability", "StartsSettling", "finish", "keep"]

Durability = Literal["sync", "async", "exit"]

LAG_STEPS: Final = 64
"""How many steps of an `async` run may wait for their commit at most."""


@runtime_checkable
class StartsSettling(Protocol):
    """A log that can commit while its run goes on."""

    def start_settling(self) -> None:
        """Begin to commit what was handed in, and do not wait for it."""
        ...


def keep(log: ThreadLog, durability: Durability) -> ThreadLog:
    """Return the log as a run of that durability uses it; to be closed by `finish`."""
    if durability == "exit":
        return _ExitLog(log)
    if durability == "async" and isinstance(log, StartsSettling):
        return _LaggingLog(log, log.start_settling)
    return log


def finish(log: ThreadLog) -> Future[None] | None:
    """Hand in what a run has held back, and return what is done when all of it is durable; None where it is."""
    return log.close() if isinstance(log, _Wrapped) else log.settle()


class _Wrapped:
    """A log that hands on to another."""

    def __init__(self, log: ThreadLog) -> None:
        self._log = log
        self.key = log.key

    def find_latest_number(self) -> int:
        return self._log.find_latest_number()

    def find_latest(self) -> SavedCheckpoint | None:
        return self._log.find_latest()

    def find(self, number: int) -> SavedCheckpoint | None:
        return self._log.find(number)

    def list_newest_first(self) -> Iterator[SavedCheckpoint]:
        return self._log.list_newest_first()

    def append(self, saved: SavedCheckpoint, changes: Mapping[str, KeyChange]) -> None:
        self._log.append(saved, changes)

    def record(self, number: int, ending: TaskEnding) -> None:
        self._log.record(number, ending)

    def answer(self, number: int, answers: Mapping[str, StoredValue]) -> None:
        self._log.answer(number, answers)

    def find_record(self, task_id: str, key: str) -> bytes | None:
        return self._log.find_record(task_id, key)

    def keep_record(self, task_id: str, key: str, data: bytes) -> None:
        self._log.keep_record(task_id, key, data)

    def settle(self) -> Future[None] | None:
        return self._log.settle()

    def close(self) -> Future[None] | None:
        return self._log.settle()


class _LaggingLog(_Wrapped):
    """Does not wait for a step's commit, unless too many are open."""

    def __init__(self, log: ThreadLog, start_settling: Callable[[], None]) -> None:
        super().__init__(log)
        self._start_settling = start_settling
        self._open = 0

    def keep_record(self, task_id: str, key: str, data: bytes) -> None:
        super().keep_record(task_id, key, data)
        # whoever keeps a record goes on when it is durable, not before
        self._open = LAG_STEPS

    def settle(self) -> Future[None] | None:
        self._open += 1
        if self._open >= LAG_STEPS:
            self._open = 0
            return self._log.settle()
        self._start_settling()
        return None


class _ExitLog(_Wrapped):
    """Holds the newest checkpoint back until the run is over."""

    def __init__(self, log: ThreadLog) -> None:
        super().__init__(log)
        self._held: SavedCheckpoint | None = None
        self._parent: int | None = None
        self._beside: list[tuple[int, TaskEnding | Mapping[str, StoredValue]]] = []
        """What came to a checkpoint that stands in the log; it counts only where the run ends there."""

    def find_latest_number(self) -> int:
        return self._held.checkpoint.number if self._held else self._log.find_latest_number()

    def find_latest(self) -> SavedCheckpoint | None:
        return self._held or self._log.find_latest()

    def append(self, saved: SavedCheckpoint, changes: Mapping[str, KeyChange]) -> None:  # noqa: ARG002 - all of the state is handed in
        if self._held is None:
            self._parent = saved.checkpoint.parent
        self._held = saved.apart()

    def record(self, number: int, ending: TaskEnding) -> None:
        if self._held is None:
            self._beside.append((number, ending))
        elif self._held.checkpoint.number == number:
            self._held.pending.record(ending)

    def answer(self, number: int, answers: Mapping[str, StoredValue]) -> None:
        if self._held is None:
            self._beside.append((number, answers))
        elif self._held.checkpoint.number == number:
            self._held.pending.answers.update(answers)

    def settle(self) -> Future[None] | None:
        return None

    def close(self) -> Future[None] | None:
        held, self._held = self._held, None
        if held is not None:
            self._hand_in(held)
        else:
            for number, known in self._beside:
                if isinstance(known, Mapping):
                    self._log.answer(number, known)
                else:
                    self._log.record(number, known)
        self._beside = []
        return self._log.settle()

    def _hand_in(self, held: SavedCheckpoint) -> None:
        checkpoint, pending = replace(held.checkpoint, parent=self._parent), held.pending
        before = self._log.find(self._parent) if self._parent else None
        changes = {key: KeyChange(change=Change.set_to(value)) for key, value in checkpoint.values.items()}
        for key in before.checkpoint.values if before else ():
            changes.setdefault(key, KeyChange(change=DROP))
        self._log.append(replace(held, checkpoint=checkpoint, pending=Pending()), changes)
        failures = (TaskFailed(task_id=name, error=error) for name, error in pending.errors.items())
        known: list[TaskEnding] = [*pending.results.values(), *pending.steers, *pending.interrupts.values()]
        for ending in [*known, *failures]:
            self._log.record(checkpoint.number, ending)
        if pending.answers:
            self._log.answer(checkpoint.number, pending.answers)
