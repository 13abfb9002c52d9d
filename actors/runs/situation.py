"""Where a run stands between its commits: which tasks run, wait for another attempt, or wait for answers.

Plain bookkeeping of one run actor; it decides nothing about the store and runs nothing. All of it can be rebuilt from the
last checkpoint, its results, attempts and answers, and after a crash it is.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from actors.executors.executor import Job
from fastgraph.execution.machine import Machine
from fastgraph.execution.tasks import ErrorRecord, Task

__all__ = ["Asked", "EndKind", "RunEnding", "Situation"]


class EndKind(StrEnum):
    """Why a run starts nothing more."""

    CANCEL = "cancel"
    FAIL = "fail"
    DRAIN = "drain"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnding:
    """The run is about to stop; `error` for FAIL, `reason` for CANCEL."""

    kind: EndKind
    error: ErrorRecord | None = None
    reason: str | None = None


@dataclass(slots=True)
class Asked:
    """The questions of one task, in order of position, and the answers that have come."""

    task_id: str
    node: str
    interrupt_ids: list[str] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)

    @property
    def is_answered(self) -> bool:
        return all(interrupt in self.answers for interrupt in self.interrupt_ids)

    def forget_from(self, refused: str) -> list[str]:
        """Forget the answer to this question and to later ones; return their ids."""
        position = self.interrupt_ids.index(refused)
        forgotten = [interrupt for interrupt in self.interrupt_ids[position:] if interrupt in self.answers]
        for interrupt in forgotten:
            del self.answers[interrupt]
        return forgotten


@dataclass(slots=True)
class Situation:
    """All that a run actor remembers of its step."""

    machine: Machine
    first_step: int
    jobs: dict[str, Job] = field(default_factory=dict)
    queue: deque[Task] = field(default_factory=deque)
    attempts: dict[str, int] = field(default_factory=dict)
    retry_at: dict[str, datetime] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    ending: RunEnding | None = None

    def attempt_of(self, task_id: str) -> int:
        """The number of the attempt that is running or comes next; the first is 1."""
        return self.attempts.get(task_id, 1)

    def enter_step(self) -> None:
        """Forget the last step: its attempts and questions belong to tasks that are done."""
        self.attempts.clear()
        self.asked.clear()

    @property
    def pending_interrupts(self) -> list[str]:
        """Ids of all questions without an answer, in the order of their tasks."""
        return [
            interrupt
            for asked in self.asked.values()
            for interrupt in asked.interrupt_ids
            if interrupt not in asked.answers
        ]

    def startable_tasks(self) -> list[Task]:
        """Tasks of this step that neither run nor wait for anything, in path order."""
        waiting = {task.id for task in self.queue}
        return [
            task
            for task in self.machine.open_tasks
            if task.id not in self.jobs
            and task.id not in self.retry_at
            and task.id not in waiting
            and (task.id not in self.asked or self.asked[task.id].is_answered)
        ]
