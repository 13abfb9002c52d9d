"""One run's way into the store: at most one commit in flight, what comes meanwhile goes into the next.

Whoever owns a run numbers its events, so its commits must follow one another; a fan-out of a thousand tasks still costs
few commits, because results that arrive during a commit share the next one. A store that can't be written at the moment
is tried again for ever (nothing is marked failed for that); a refused guard ends it all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import monotonic
from typing import Protocol

import structlog

from actors.runs.stream_buffer import StreamBuffer
from actors.runtime.errors import InboxFullError
from fastgraph import fault_points
from fastgraph.database.records import (
    ArtifactRow,
    AttemptRow,
    CacheRow,
    CheckpointRow,
    ClaimedRun,
    CommitRun,
    Committed,
    InterruptRow,
    NewEvent,
    ResultRow,
    TaskRecordRow,
)
from fastgraph.errors import ConflictError, StoreUnavailableError
from fastgraph.events import EventKind
from fastgraph.status import RunStatus

__all__ = ["Draft", "RunCommitter", "WritesCommits"]

RETRY_SECONDS = 1.0

log = structlog.get_logger(__name__)

MakeCheckpoint = Callable[[Mapping[str, int]], CheckpointRow]


class WritesCommits(Protocol):
    """What a committer needs of the Writer's client."""

    async def write(self, operation: CommitRun) -> Committed: ...


@dataclass(slots=True)
class Draft:
    """What is to be committed next. `make_checkpoint` is called with task id -> number of the event that carries the
    task's result, which is known only when the commit is numbered."""

    events: list[NewEvent] = field(default_factory=list)
    results: list[ResultRow] = field(default_factory=list)
    make_checkpoint: MakeCheckpoint | None = None
    artifacts: list[ArtifactRow] = field(default_factory=list)
    interrupts: list[InterruptRow] = field(default_factory=list)
    answered: list[tuple[str, bytes | None]] = field(default_factory=list)
    attempts: list[AttemptRow] = field(default_factory=list)
    taken_signals: list[tuple[int, str]] = field(default_factory=list)
    records: list[TaskRecordRow] = field(default_factory=list)
    nested: list[tuple[int, MakeCheckpoint]] = field(default_factory=list)
    cached: list[CacheRow] = field(default_factory=list)
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
    is_refused: bool = False

    def add_result(self, row: ResultRow, event: NewEvent) -> None:
        """Add a task's result with the event that carries it."""
        self.results.append(row)
        self.events.append(event)

    @property
    def is_empty(self) -> bool:
        """True where there is nothing to write; a checkpoint, results and artifacts come with events."""
        return not (
            self.events
            or self.answered
            or self.attempts
            or self.taken_signals
            or self.records
            or self.nested
            or self.release
            or self.status is not None
            or self.consumed is not None
            or self.waiting_for is not None
        )

    def without_release(self) -> Draft:
        """What is left of a draft whose release was refused."""
        # that the run as a whole sleeps is told without a node; what a node waits for stands
        events = [event for event in self.events if event.kind is not EventKind.SLEEPING or event.node]
        return replace(
            self,
            events=events,
            release=False,
            status=None,
            wake_at=None,
            waiting_for=None,
            seen_inbox=None,
        )


class RunCommitter:
    """Belongs to one run actor and its loop. `draft` is open for additions at any time; `commit` makes it durable.

    `on_inbox` is called when a commit's answer says that somebody has sent a command: no hint is needed for that.
    """

    def __init__(
        self,
        claimed: ClaimedRun,
        owner: str,
        writer: WritesCommits,
        stream: StreamBuffer,
        on_inbox: Callable[[], object],
    ) -> None:
        self.draft = Draft()
        self.seq = claimed.seq
        self.result_seqs: dict[str, int] = {}
        self.checkpoint_at: float | None = None
        self.status: RunStatus | None = None
        self._inbox = claimed.inbox
        self._on_inbox = on_inbox
        self._claimed = claimed
        self._owner = owner
        self._writer = writer
        self._stream = stream
        self._lock = asyncio.Lock()
        self._failure: BaseException | None = None

    async def commit(self) -> None:
        """Make all that was drafted before this call durable.

        Raises LostOwnershipError where the guard refused (the actor must go) and ConflictError where the inbox has grown
        under a release: the release is taken back, and what else the draft held stays drafted. Other errors of the store
        after the passing ones were waited out. After an error other than ConflictError nothing can be committed any more.
        """
        mine = self.draft
        async with self._lock:
            if self._failure is not None:
                raise self._failure
            if self.draft is mine:
                await self._commit(mine)
            elif mine.is_refused:  # whoever waited for the lock before took this draft along, in vain
                raise ConflictError(f"Run {self._claimed.run_id} has a command that its owner has not seen.")

    async def _commit(self, draft: Draft) -> None:
        batch = self._stream.take()
        if batch is not None:  # what a node said comes before what became of it
            draft.events.insert(0, batch)
        if draft.is_empty:
            return
        self.draft = Draft()
        if draft.results:
            fault_points.reach(fault_points.NODE_RESULT_BEFORE_COMMIT)
        try:
            committed = await self._write(self._build(draft))
        except ConflictError:
            assert self.draft.is_empty, "a release is the last thing that an owner drafts"
            draft.is_refused = True
            self.draft = draft.without_release()
            raise
        except BaseException as error:
            self._failure = error
            raise
        self.seq = committed.seq
        if draft.status is not None:
            self.status = draft.status
        if draft.results:
            fault_points.passed(fault_points.NODE_RESULT_AFTER_COMMIT)
        if draft.make_checkpoint is not None:
            fault_points.passed(fault_points.CHECKPOINT_AFTER)
            self.result_seqs.clear()
            self.checkpoint_at = monotonic()
        if committed.inbox > self._inbox:
            self._inbox = committed.inbox
            self._on_inbox()

    def _build(self, draft: Draft) -> CommitRun:
        seq = self.seq
        for event in draft.events:
            seq += event.covers
            if event.result is not None:
                self.result_seqs[draft.results[event.result].task_id] = seq
        claimed = self._claimed
        return CommitRun(
            run_key=claimed.run_key,
            run_id=claimed.run_id,
            thread_key=claimed.thread_key,
            owner=self._owner,
            epoch=claimed.epoch,
            expected_seq=self.seq,
            events=tuple(draft.events),
            results=tuple(draft.results),
            checkpoint=draft.make_checkpoint(self.result_seqs) if draft.make_checkpoint else None,
            artifacts=tuple(draft.artifacts),
            interrupts=tuple(draft.interrupts),
            answered=tuple(draft.answered),
            attempts=tuple(draft.attempts),
            taken_signals=tuple(draft.taken_signals),
            records=tuple(draft.records),
            nested=tuple((key, make(self.result_seqs)) for key, make in draft.nested),
            parent_run_key=claimed.parent_run_key,
            cached=tuple(draft.cached),
            status=draft.status,
            result=draft.result,
            error=draft.error,
            waiting_for=draft.waiting_for,
            graph_hash=draft.graph_hash,
            consumed=draft.consumed,
            seen_inbox=draft.seen_inbox,
            release=draft.release,
            release_reason=draft.release_reason,
            wake_at=draft.wake_at,
        )

    async def _write(self, operation: CommitRun) -> Committed:
        while True:
            try:
                return await self._writer.write(operation)
            except (StoreUnavailableError, InboxFullError) as error:
                log.warning(
                    "run is held until the store can be written", run_id=operation.run_id, error=str(error)
                )
                await asyncio.sleep(RETRY_SECONDS)
