"""Where a run stands between its commits: which tasks run, wait for another attempt, or wait for answers.

Plain bookkeeping of one run actor; it decides nothing about the store and runs nothing. All of it can be rebuilt from the
last checkpoint, its results, attempts and answers, and after a crash it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from actors.executors.executor import Job
from fastgraph.execution.machine import Machine
from fastgraph.execution.tasks import ErrorRecord, Task, WaitKind
from fastgraph.graph.control import RunControl

__all__ = ["Asked", "EndKind", "RunEnding", "Situation", "Wait"]


class EndKind(StrEnum):
    """Why a run starts nothing more."""

    CANCEL = "cancel"
    FAIL = "fail"
    DRAIN = "drain"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnding:
    """The run is about to stop; `error` for FAIL, `reason` for the others."""

    kind: EndKind
    error: ErrorRecord | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What one question is about. `name` is a signal's, or a child's run id; at `due_at` a timer is over, and any other wait
    given up. `asked_by` is the task that asks: the run's own, or one nested in it."""

    kind: WaitKind = WaitKind.INTERRUPT
    name: str | None = None
    due_at: datetime | None = None
    asked_by: str | None = None


PLAIN_QUESTION = Wait()


@dataclass(slots=True)
class Asked:
    """The questions of one task of the run, in order, and the answers that have come.

    `waits` says more of those that are no plain interrupts or were asked by a nested task. While `is_waiting` the task is
    not executed: no answer has come since it asked last, or not all where it `collects` its questions.
    """

    task_id: str
    node: str
    interrupt_ids: list[str] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    waits: dict[str, Wait] = field(default_factory=dict)
    collects: bool = False
    is_waiting: bool = False

    @property
    def is_answered(self) -> bool:
        return all(interrupt in self.answers for interrupt in self.interrupt_ids)

    def wait_of(self, interrupt: str) -> Wait:
        """Return what a question is about."""
        return self.waits.get(interrupt, PLAIN_QUESTION)

    def open_waits(self) -> Iterator[tuple[str, Wait]]:
        """Go through the questions without an answer, in order."""
        for interrupt in self.interrupt_ids:
            if interrupt not in self.answers:
                yield interrupt, self.wait_of(interrupt)

    def answer(self, interrupt: str, answer: Any) -> None:
        """Take an answer; the task is worth executing again, unless it asks together and others are missing."""
        self.answers[interrupt] = answer
        self.is_waiting = self.collects and not self.is_answered

    def forget_from(self, refused: str) -> list[str]:
        """Forget the answer to this question and to later ones of whoever asked it; return their ids."""
        position, asked_by = self.interrupt_ids.index(refused), self.wait_of(refused).asked_by
        forgotten = [
            interrupt
            for interrupt in self.interrupt_ids[position:]
            if interrupt in self.answers and self.wait_of(interrupt).asked_by == asked_by
        ]
        for interrupt in forgotten:
            del self.answers[interrupt]
        self.is_waiting = True
        return forgotten

    def guess_waiting(self) -> None:
        """After a restart nobody knows which answers the task has seen: it waits unless somebody in it has them all."""
        last = {
            self.wait_of(interrupt).asked_by: interrupt in self.answers for interrupt in self.interrupt_ids
        }
        self.is_waiting = not (self.is_answered if self.collects else any(last.values()))


@dataclass(slots=True)
class Situation:
    """All that a run actor remembers of its step; `first_attempt_at` is in seconds since 1970."""

    machine: Machine
    first_step: int
    jobs: dict[str, Job] = field(default_factory=dict)
    queue: deque[Task] = field(default_factory=deque)
    attempts: dict[str, int] = field(default_factory=dict)
    first_attempt_at: dict[str, float] = field(default_factory=dict)
    retry_at: dict[str, datetime] = field(default_factory=dict)
    handled: dict[str, BaseException] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    ending: RunEnding | None = None
    # Paused by a command; and why its workflow, or the server, holds it.
    is_paused: bool = False
    hold: str | None = None
    control: RunControl = field(default_factory=RunControl)

    @property
    def starts_nothing(self) -> bool:
        """Whether what runs may end and nothing new begins: the run ends, is paused, or is held."""
        return self.ending is not None or self.is_paused or self.hold is not None

    def attempt_of(self, task_id: str) -> int:
        """The number of the attempt that is running or comes next; the first is 1."""
        return self.attempts.get(task_id, 1)

    def enter_step(self) -> None:
        """Forget the last step: its attempts and questions belong to tasks that are done."""
        self.attempts.clear()
        self.first_attempt_at.clear()
        self.handled.clear()
        self.asked.clear()

    @property
    def is_ending(self) -> bool:
        """True where the run will end, whatever its tasks still bring; a drain ends nothing."""
        return self.ending is not None and self.ending.kind is not EndKind.DRAIN

    @property
    def pending_interrupts(self) -> list[str]:
        """Ids of all questions to people without an answer, in the order of their tasks."""
        return [name for _, name, wait in self.open_waits() if wait.kind is WaitKind.INTERRUPT]

    def open_waits(self, kind: WaitKind | None = None) -> list[tuple[Asked, str, Wait]]:
        """Whatever is waited for, or what is of one kind, in the order of the tasks."""
        return [
            (asked, name, wait)
            for asked in self.asked.values()
            for name, wait in asked.open_waits()
            if kind is None or wait.kind is kind
        ]

    def next_due(self) -> datetime | None:
        """When the first wait is over or given up, or the first attempt is to be made; None where no time counts."""
        moments = [wait.due_at for _, _, wait in self.open_waits() if wait.due_at is not None]
        return min([*moments, *self.retry_at.values()], default=None)

    def startable_tasks(self) -> list[Task]:
        """Tasks of this step that neither run nor wait for anything, in path order."""
        waiting = {task.id for task in self.queue}
        return [
            task
            for task in self.machine.open_tasks
            if task.id not in self.jobs
            and task.id not in self.retry_at
            and task.id not in waiting
            and (task.id not in self.asked or not self.asked[task.id].is_waiting)
        ]
