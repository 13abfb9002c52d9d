"""What goes into the store and what comes out of it: the words between the store and the actors.

Classes named by a verb are *operations* of the Writer; `run_keys` are the rows of `runs` it will lock. Operations of one
group share a transaction; one that is refused answers with its own error and hinders nobody else. `bytes` are JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastgraph.events import EventKind
from fastgraph.status import RunStatus

__all__ = [
    "AcceptRun",
    "Accepted",
    "ArtifactRow",
    "AttemptRow",
    "CacheRow",
    "CheckpointRow",
    "ClaimRuns",
    "ClaimedRun",
    "CommandKind",
    "CommitRun",
    "Committed",
    "DeleteRun",
    "InboxRow",
    "InterruptRow",
    "NewEvent",
    "ResultRow",
    "SendCommand",
    "SendSignal",
    "StoreUpload",
    "TaskRecordRow",
    "TerminateRun",
]

CommandKind = str  # "cancel", "resume", "signal", "child_ended" and others


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event before it has a number. `data` is its JSON value. `result` is the index in the commit's `results` whose
    update the reader puts into `data` as `update`. A streamed batch has kind "stream", `covers` > 0 numbers and as data
    an array of `{"event","node","at","data"}` objects, one for each number."""

    kind: EventKind | str
    at: datetime
    node: str | None = None
    data: bytes | None = None
    result: int | None = None
    covers: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """What one task wrote, once. `update` is a JSON object key -> value (an array of objects where a key was written
    twice, `null` where the node returned None); `routing` is JSON or None: `{"goto": [...], "sends": [[node, value],
    ...]}`."""

    task_id: str
    node: str
    path: str
    checkpoint_number: int
    namespace: str = ""
    update: bytes
    routing: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointRow:
    """A checkpoint of the run's thread. `changes` is a JSON object key -> change as `fastgraph.state.changes` encodes
    it, where a change may also be a reference: `["@", seq]` (set to) or `["@a", seq]` (append) the value that the
    run's result with event number `seq` holds under the same key. Numbers are final: the store keeps these bytes as
    they are. `machine` holds due tasks and joins. `is_snapshot`: the changes are the whole state. `state_bytes` is
    the size of the whole state."""

    number: int
    parent: int | None
    step: int
    changes: bytes
    machine: bytes
    is_snapshot: bool
    state_bytes: int
    namespace: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactRow:
    artifact_id: str
    name: str
    media_type: str
    size: int
    sha256: str
    node: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InterruptRow:
    """A question, or a wait of another kind (`fastgraph.execution.tasks.WaitKind`). `task_id` is the run's own task that is
    executed again for the answer; `asked_by` the task that asks where that is nested in it, under `namespace`."""

    interrupt_id: str
    task_id: str
    node: str
    position: int
    value: bytes
    response_schema: bytes | None = None
    kind: str = "interrupt"
    name: str | None = None
    due_at: datetime | None = None
    namespace: str = ""
    asked_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheRow:
    """What a node or task with a cache policy returned, for runs of its workflow to come; None never expires."""

    namespace: tuple[str, ...]
    key: str
    value: bytes
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """An attempt of a task that failed and is to be repeated at `next_at`; `attempt` counts from 1."""

    task_id: str
    node: str
    attempt: int
    next_at: datetime
    error: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRecordRow:
    """A small fact of a task, kept for its next execution; one with the same key takes the older one's place."""

    task_id: str
    record_key: str
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitRun:
    """The fenced commit: guard on (owner, epoch, seq), then everything or nothing.

    `results` present resets the run's count of deaths. `status` None leaves it. An ending status also clears the owner,
    ends interrupts, attempts and the thread's turn, and sets finished_at; so the same function serves terminate.
    `waiting_for` (a sentence, "" clears it) and `graph_hash` are kept with the run where they are not None.
    `answered` are interrupt ids with their answers, None where an answer was refused and is wanted again. `taken_signals`
    are numbers of signals with the interrupt id of the wait that got them. `nested` are checkpoints of lineages inside
    the run, with the keys of their threads. `release` gives up the claim (waiting, drain); `release_reason` is what the
    next owner tells of it, None for nothing. `consumed` is how many inbox rows have been consumed in all; with
    `seen_inbox` set and `release`, the commit is refused by ConflictError where the inbox has grown since (no lost
    wake-up).
    """

    run_key: int
    run_id: str
    thread_key: int
    owner: str
    epoch: int
    expected_seq: int
    events: tuple[NewEvent, ...] = ()
    results: tuple[ResultRow, ...] = ()
    checkpoint: CheckpointRow | None = None
    artifacts: tuple[ArtifactRow, ...] = ()
    interrupts: tuple[InterruptRow, ...] = ()
    answered: tuple[tuple[str, bytes | None], ...] = ()
    attempts: tuple[AttemptRow, ...] = ()
    cached: tuple[CacheRow, ...] = ()
    taken_signals: tuple[tuple[int, str], ...] = ()
    records: tuple[TaskRecordRow, ...] = ()
    nested: tuple[tuple[int, CheckpointRow], ...] = ()
    parent_run_key: int | None = None
    status: RunStatus | None = None
    result: bytes | None = None
    error: bytes | None = None
    waiting_for: str | None = None
    graph_hash: str | None = None
    consumed: int | None = None
    seen_inbox: int | None = None
    release: bool = False
    release_reason: str | None = None
    wake_at: datetime | None = None

    @property
    def run_keys(self) -> tuple[int, ...]:
        return (self.run_key,)

    @property
    def size_bytes(self) -> int:
        size = 200 * (len(self.events) + len(self.results) + 1)
        size += sum(len(event.data or b"") for event in self.events)
        size += sum(len(row.update) for row in self.results)
        return size + (len(self.checkpoint.changes) if self.checkpoint else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """A commit is durable: the run's last event number and how many inbox rows it has had. `woken` is the key of the parent
    that was told of the run's end."""

    run_key: int
    run_id: str
    seq: int
    inbox: int
    woken: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptRun:
    """A new run, with its event 1 (`queued`) and, where `thread_id` is new, its thread. Answers `Accepted`; the same
    `idempotency_key` with the same `request_hash` answers the first run's id with `is_new` False, with another hash
    it is refused by ConflictError. `on_busy_thread="reject"` is refused by ConflictError while another run of the
    thread is active. An interrupted run of the thread is superseded, as DESIGN says. `priority`: see `ranks.py`."""

    run_id: str
    name: str
    workflow: str
    thread_id: str
    payload: bytes
    tags: tuple[str, ...] = ()
    context: bytes | None = None
    config: bytes | None = None
    on_busy_thread: str = "queue"
    idempotency_key: str | None = None
    request_hash: str | None = None
    parent_run_key: int | None = None
    parent_task_id: str | None = None
    parent_close_policy: str | None = None
    deadline_at: datetime | None = None
    priority: int = 0
    now: datetime
    run_keys: tuple[int, ...] = ()

    @property
    def size_bytes(self) -> int:
        return 600 + len(self.payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """`superseded` are the runs of the thread that ended because of this one; their actors are worth a hint."""

    run_id: str
    run_key: int
    is_new: bool
    superseded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRuns:
    """Take up to `limit` claimable runs of the given workflows for a host: ownerless, status queued or running, or
    waiting with `inbox > consumed` or `wake_at` due; their thread's turn free or theirs; deaths below `max_deaths`
    unless `only_run_id` names the run; those of `exclude` (run keys) left out. The lowest rank goes first
    (`fastgraph.database.ranks`). `max_active` are workflows of which no more than so many runs may have an owner at once,
    whoever it is. Raises the epoch, takes the turn. Answers a tuple of ClaimedRun (payload and all)."""

    owner: str
    workflows: tuple[str, ...]
    limit: int
    now: datetime
    max_deaths: int = 2
    only_run_id: str | None = None
    exclude: tuple[int, ...] = ()
    max_active: tuple[tuple[str, int], ...] = ()
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """A command from outside, in order of `key`; `body` is JSON."""

    key: int
    kind: CommandKind
    body: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedRun:
    """All that a run actor needs to begin. `checkpoint_number` is the thread's last one (0: none); `inbox` how many
    inbox rows it has had, `consumed` how many were consumed; `commands` are the unconsumed ones. `recovered_from` is
    the boot that lost it, with the reason, or None. `base_checkpoint` is the thread's last checkpoint before this
    run. At `deadline_at` it is given up."""

    run_key: int
    run_id: str
    thread_key: int
    thread_id: str
    workflow: str
    name: str
    epoch: int
    seq: int
    status: RunStatus
    deaths: int
    inbox: int
    consumed: int
    payload: bytes
    context: bytes | None
    config: bytes | None
    checkpoint_number: int
    base_checkpoint: int
    graph_hash: str | None
    migration: bytes | None = None
    recovered_from: str | None
    recovered_reason: str | None
    parent_run_key: int | None = None
    deadline_at: datetime | None = None
    timeout_seconds: float = 0.0
    commands: tuple[InboxRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SendCommand:
    """Put a command into a run's inbox. Refused by ConflictError where the run has ended (or, for `resume`, waits for
    no answer), by RunNotFoundError where it does not exist. `cancel` of a run that no live host owns and that is not
    claimable by itself (queued, waiting) ends it at once, by the same function as terminate. Answers Committed."""

    run_id: str
    kind: CommandKind
    body: bytes
    now: datetime
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSignal:
    """Keep a signal for a run and wake it: in order, once for each `dedup_id`. Refused by ConflictError where the run has
    ended, by RunNotFoundError where it does not exist. Answers Committed, also for one that came before."""

    run_id: str
    name: str
    body: bytes
    dedup_id: str | None = None
    now: datetime
    run_keys: tuple[int, ...] = ()

    @property
    def size_bytes(self) -> int:
        return 300 + len(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminateRun:
    """End a run whoever owns it: epoch + 1, its own event, timers, interrupts, turn. `kind` and `status` say how."""

    run_id: str
    status: RunStatus
    kind: EventKind
    data: bytes | None
    error: bytes | None
    now: datetime
    expected_epoch: int | None = None
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRun:
    """Delete an ended run and all that hangs on it; files are left to the sweeper. Answers the deleted artifacts'
    sha256s."""

    run_id: str
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreUpload:
    """An artifact that came in through the API; it belongs to no run."""

    artifact: ArtifactRow
    now: datetime
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 300
