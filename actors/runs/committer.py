"""One run's way into the store: at most one commit in flight, what comes meanwhile goes into the next.

Whoever owns a run numbers its events, so its commits must follow one another; a fan-out of a thousand tasks still costs
few commits, because results that arrive during a commit share the next one. A store that can't be written at the moment
is tried again for ever (nothing is marked failed for that); a refused guard ends it all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from actors.runs.stream_buffer import StreamBuffer
from fastgraph.database.records import (
    ArtifactRow,
    AttemptRow,
    CheckpointRow,
    ClaimedRun,
    CommitRun,
    Committed,
    InterruptRow,
    NewEvent,
    ResultRow,
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
    answered: list[tuple[str, bytes]] = field(default_factory=list)
    attempts: list[AttemptRow] = field(default_factory=list)
    status: RunStatus | None = None
    result: bytes | None = None
    error: bytes | None = None
    waiting_for: str | None = None
    graph_hash: str | None = None
    consumed: int | None = None
    seen_inbox: int | None = None
    release: bool = False
    wake_at: datetime | None = None

    def add_result(self, row: ResultRow, event: NewEvent) -> None:
        """Add a task's result with the event that carries it."""
        self.results.append(row)
        self.events.append(event)

    @property
    def is_empty(self) -> bool:
        return not (
            self.events or self.answered or self.attempts or self.release or self.consumed is not None
        )


class RunCommitter:
    """Belongs to one run actor and its loop. `draft` is open for additions at any time; `commit` makes it durable."""

    def __init__(self, claimed: ClaimedRun, owner: str, writer: WritesCommits, stream: StreamBuffer) -> None:
        self.draft = Draft()
        self.seq = claimed.seq
        self.inbox = claimed.inbox
        self.result_seqs: dict[str, int] = {}
        self._claimed = claimed
        self._owner = owner
        self._writer = writer
        self._stream = stream
        self._lock = asyncio.Lock()
        self._failure: BaseException | None = None

    async def commit(self) -> None:
        """Make all that was drafted before this call durable.

        Raises LostOwnershipError where the guard refused (the actor must go) and ConflictError where the inbox has grown
        under a release (the release is taken back); other errors of the store, after the passing ones were waited out. After
        an error other than ConflictError nothing can be committed any more.
        """
        mine = self.draft
        async with self._lock:
            if self._failure is not None:
                raise self._failure
            if self.draft is not mine:  # whoever waited for the lock before took this draft along
                return
            self.draft = Draft()
            operation = self._build(mine)
            if operation is None:
                return
            try:
                committed = await self._write(operation)
            except ConflictError:
                self._reopen(mine)
                raise
            except BaseException as error:
                self._failure = error
                raise
            self.seq = committed.seq
            self.inbox = max(self.inbox, committed.inbox)

    def _reopen(self, draft: Draft) -> None:
        """Take back a release that was refused; what else it held goes into the next commit."""
        assert self.draft.is_empty, "a release is the last thing that an owner drafts"
        draft.release, draft.status, draft.wake_at = False, None, None
        draft.waiting_for, draft.seen_inbox = None, None
        draft.events = [event for event in draft.events if event.kind is not EventKind.SLEEPING]
        self.draft = draft

    def _build(self, draft: Draft) -> CommitRun | None:
        batch = self._stream.take()
        if batch is None and draft.is_empty:
            return None
        events: Sequence[NewEvent] = [batch, *draft.events] if batch is not None else draft.events
        seq = self.seq
        for event in events:
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
            events=tuple(events),
            results=tuple(draft.results),
            checkpoint=draft.make_checkpoint(self.result_seqs) if draft.make_checkpoint else None,
            artifacts=tuple(draft.artifacts),
            interrupts=tuple(draft.interrupts),
            answered=tuple(draft.answered),
            attempts=tuple(draft.attempts),
            status=draft.status,
            result=draft.result,
            error=draft.error,
            waiting_for=draft.waiting_for,
            graph_hash=draft.graph_hash,
            consumed=draft.consumed,
            seen_inbox=draft.seen_inbox,
            release=draft.release,
            wake_at=draft.wake_at,
        )

    async def _write(self, operation: CommitRun) -> Committed:
        while True:
            try:
                return await self._writer.write(operation)
            except StoreUnavailableError as error:
                log.warning(
                    "run is held until the store can be written", run_id=operation.run_id, error=str(error)
                )
                await asyncio.sleep(RETRY_SECONDS)
