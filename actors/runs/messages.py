"""What run actors and their supervisor say to each other. No logic here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from actors.executors.executor import Job
from actors.runs.outbox import Outbox
from actors.runs.situation import RunEnding
from actors.runtime.messages import ControlMessage, DownReason
from fastgraph.database.pausing import Pauses
from fastgraph.execution.tasks import TaskEnding

__all__ = [
    "Claim",
    "CommitFailed",
    "DrainRun",
    "DrainRuns",
    "FlushStream",
    "GraceOver",
    "HoldRun",
    "HoldRuns",
    "InboxGrew",
    "InboxesGrew",
    "LeaveReason",
    "LoopBlocked",
    "LoseRuns",
    "LostOwnership",
    "NestedWritten",
    "RetryDue",
    "RunDown",
    "RunLeft",
    "RunOverdue",
    "StepOverdue",
    "TaskEnded",
    "WaitsDue",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEnded:
    """From an executor's thread to a run actor: an attempt is over."""

    job: Job
    ending: TaskEnding


@dataclass(frozen=True, slots=True, kw_only=True)
class FlushStream:
    """From a run actor's timer to itself: what the nodes said has to be stored now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryDue:
    """From a run actor's timer to itself: a failed task's backoff is over."""

    task_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NestedWritten:
    """From a user thread to a run actor: a running task has put something into its outbox."""

    outbox: Outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitsDue:
    """From a run actor's timer to itself: a moment that one of its tasks waits for has come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOverdue:
    """From a run actor's timer to itself: the run has not ended by its deadline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOverdue:
    """From a run actor's timer to itself: the step on checkpoint `number` has had the time that its graph gives a step."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxGrew:
    """From the supervisor to a run actor, or from its committer: somebody put a command into the run's inbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxesGrew:
    """From the timekeeper to the supervisor: these runs have commands that no hint may have told of."""

    run_keys: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitFailed(ControlMessage):
    """From a run actor to itself: a commit in the background failed for good. The actor dies of it and is mended."""

    error: Exception


@dataclass(frozen=True, slots=True, kw_only=True)
class GraceOver:
    """From a run actor's timer to itself: what ran when `ending` began has had its time."""

    ending: RunEnding


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRun:
    """From the supervisor to a run actor: let what runs end, start nothing more and give the run back, for that reason;
    None takes it back."""

    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRuns:
    """From the timekeeper to the supervisor: that is what is paused beside single runs."""

    pauses: Pauses


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopBlocked:
    """From the timekeeper to a run actor: its tasks sit on a loop that somebody blocks. With `is_abandoned` they are to
    be started again elsewhere."""

    jobs: tuple[Job, ...]
    blocker: Job | None
    seconds: float
    stack: str
    is_abandoned: bool


class DrainRun(ControlMessage):
    """From the supervisor to a run actor: finish what runs, start nothing more, and give the run back."""

    __slots__ = ()


class LostOwnership(ControlMessage):
    """To a run actor: the guard refused, or the lease can't be renewed. Write nothing more and go."""

    __slots__ = ()


class LeaveReason(StrEnum):
    """Why a run actor left its run in order."""

    ENDED = "ended"
    WAITS = "waits"
    RELEASED = "released"
    LOST = "lost"
    UNFIT = "unfit"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLeft(ControlMessage):
    """From a run actor to the supervisor, just before it stops. A run may have a new actor (and epoch) by then."""

    run_key: int
    epoch: int
    reason: LeaveReason


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDown(ControlMessage):
    """From a run actor's lifeline to the supervisor: it has ended, in order or not."""

    run_key: int
    epoch: int
    reason: DownReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """From a hint, a poll or the supervisor itself: look for runs that nobody owns."""


class DrainRuns(ControlMessage):
    """From the host to the supervisor: claim no more and give all runs back."""

    __slots__ = ()


class LoseRuns(ControlMessage):
    """From the timekeeper to the supervisor: the lease is lost, stop every run actor at once."""

    __slots__ = ()
