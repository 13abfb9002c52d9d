"""The run actor: owns one run from its claim to its end, and hears all that concerns it, one message at a time.

What it does with what it hears stands in `run_flow.py`. What it knows beyond the store is worth nothing: kill it at any
line, and another one goes on from the last commit. All handlers run on the actors' loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, assert_never

import pykka
import structlog

from actors.executors.executor import Job
from actors.host.tools import HostTools
from actors.runs import facts
from actors.runs.beginning import BadInputError, UnfitError, begin
from actors.runs.committer import RunCommitter
from actors.runs.draining import HOST_ENDS
from actors.runs.looks import executor_of
from actors.runs.messages import (
    Claim,
    CommitFailed,
    DrainRun,
    FlushStream,
    GraceOver,
    HoldRun,
    InboxGrew,
    LeaveReason,
    LoopBlocked,
    LostOwnership,
    NestedWritten,
    RetryDue,
    RunLeft,
    RunOverdue,
    StepOverdue,
    TaskEnded,
    WaitsDue,
)
from actors.runs.outbox import Outbox, draft_items
from actors.runs.run_flow import RunFlow
from actors.runs.shown_error import error_json
from actors.runs.situation import Situation
from actors.runs.stream_buffer import FLUSH_SECONDS, QUIET_FLUSH_SECONDS, StreamBuffer
from actors.runs.task_starter import TaskStarter
from actors.runtime.async_actor import AsyncActor
from fastgraph.database.records import ClaimedRun
from fastgraph.errors import ConflictError, LostOwnershipError
from fastgraph.execution.tasks import TaskEnding
from fastgraph.graph.compiled import CompiledGraph
from fastgraph.graph.failures import record_error
from fastgraph.status import RunStatus

__all__ = ["RunActor"]


class RunActor(AsyncActor):
    """One per active run. Started by the supervisor, which hears `RunLeft` when the run is done, waits, or is lost."""

    inbox_capacity = 20_000  # endings of at most `max_concurrency` tasks, and a few messages of the host

    def __init__(
        self, claimed: ClaimedRun, graph: CompiledGraph, tools: HostTools, supervisor: pykka.ActorRef[Any]
    ) -> None:
        super().__init__()
        self._claimed = claimed
        self._graph = graph
        self._tools = tools
        self._supervisor = supervisor
        self._stream = StreamBuffer(
            tools.clock,
            on_first=partial(tools.bridge.post, self._flush_later),
            on_full=partial(tools.bridge.post, self._tell_self, FlushStream()),
        )
        self._committer = RunCommitter(
            claimed,
            tools.boot_id,
            tools.writer,
            self._stream,
            on_inbox=partial(self._tell_self, InboxGrew()),
        )
        self._background: set[asyncio.Task[None]] = set()
        self._timers: list[asyncio.TimerHandle] = []
        self._has_left = False
        self._flushed_at = 0.0
        self._log = structlog.get_logger(__name__).bind(run_id=claimed.run_id, epoch=claimed.epoch)
        self._situation: Situation | None = None
        self._trace = tools.traces.begin(claimed) if tools.traces is not None else None
        self._flow: RunFlow

    @property
    def jobs(self) -> list[Job]:
        """What this run executes now; the actors' loop only."""
        return [] if self._situation is None else list(self._situation.jobs.values())

    def executor_of(self, job: Job) -> str:
        """Say what executes a job of this run."""
        return executor_of(self._graph, job.call.task.node)

    def last_checkpoint(self) -> dict[str, Any] | None:
        """Return the number of the checkpoint that the run stands at, and its age where it was committed here."""
        if self._situation is None:
            return None
        at = self._committer.checkpoint_at
        age = None if at is None else round(self._tools.clock.monotonic() - at, 3)
        return {"number": self._situation.machine.checkpoint.number, "age_seconds": age}

    # What happens to the actor itself.

    async def on_start(self) -> None:  # type: ignore[override]  # an AsyncActor's hooks may be coroutines
        """Begin or take up the run; whatever is wrong with its input or state ends the run, not the actor."""
        claimed, tools = self._claimed, self._tools
        if claimed.recovered_from is not None:
            self._committer.draft.events.append(facts.recovered(claimed, tools.clock.now()))
        try:
            beginning = await begin(claimed, self._graph, tools)
        except UnfitError as error:
            await self._guarded(self._leave_unfit(error))
            return
        except BadInputError as error:
            await self._guarded(self._fail_at_start(error.error))
            return
        self._situation = beginning.situation
        starter = TaskStarter(
            claimed=claimed,
            graph=self._graph,
            tools=tools,
            config=beginning.config,
            stream=self._stream,
            on_end=self._job_ended,
            on_nested=self._nested_written,
        )
        self._flow = RunFlow(
            claimed=claimed,
            graph=self._graph,
            tools=tools,
            committer=self._committer,
            starter=starter,
            beginning=beginning,
            outlet=self,
        )
        await self._guarded(self._flow.begin(beginning))

    async def on_receive(self, message: Any) -> None:
        if self._has_left:
            return
        await self._guarded(self._handle(message))

    def on_stop(self) -> None:
        self._abandon()

    def on_failure(self, *_: object) -> None:
        self._abandon()

    async def _guarded(self, work: Any) -> None:
        """Do the work; a refused guard or a lost lease ends this actor quietly."""
        try:
            await work
        except LostOwnershipError as error:
            self._log.warning("run lost", reason=str(error))
            self._lose()

    async def _handle(self, message: Any) -> None:
        match message:
            case TaskEnded():
                await self._task_ended(message)
            case FlushStream():
                await self._committer.commit()
            case RetryDue():
                await self._flow.retry_due(message.task_id)
            case NestedWritten():
                self._take_nested(message.outbox)
            case WaitsDue():
                await self._flow.waits_due()
            case RunOverdue() | StepOverdue():
                await self._flow.overdue(message)
            case InboxGrew():
                await self._flow.read_inbox()
            case GraceOver():
                await self._flow.grace_over(message)
            case LoopBlocked():
                await self._flow.loop_blocked(message)
            case HoldRun():
                await self._flow.hold(message.reason)
            case DrainRun():
                await self._flow.begin_ending(HOST_ENDS)
            case LostOwnership():
                self._lose()
            case CommitFailed():
                raise message.error
            case _:
                assert_never(message)

    async def _task_ended(self, message: TaskEnded) -> None:
        if self._trace is not None:
            lasted = self._tools.clock.monotonic() - (message.job.started_at or 0.0)
            self._trace.task_ended(message.job, message.ending, lasted_seconds=lasted)
        await self._flow.task_ended(message.job, message.ending)

    def _tell_self(self, message: Any) -> None:
        if not self._has_left and self.actor_ref.is_alive():
            self.actor_ref.tell(message)

    def _flush_later(self) -> None:
        """Store what was said soon where it was quiet before, so that a watcher sees it at once, else batch by batch."""
        now = self.loop.time()
        due = max(now + QUIET_FLUSH_SECONDS, self._flushed_at + FLUSH_SECONDS)
        self._flushed_at = due
        self.loop.call_later(due - now, self._tell_self, FlushStream())

    def leave(self, reason: LeaveReason) -> None:
        """Tell the supervisor why, and stop."""
        self._has_left = True
        self._abandon()
        if self._trace is not None:
            status = self._committer.status if reason is LeaveReason.ENDED else None
            self._trace.left(str(reason), None if status is None else str(status))
        left = RunLeft(run_key=self._claimed.run_key, epoch=self._claimed.epoch, reason=reason)
        if self._supervisor.is_alive():
            self._supervisor.tell(left)
        self.stop()

    def _lose(self) -> None:
        self.leave(LeaveReason.LOST)

    def _abandon(self) -> None:
        """Take no result any more of what still runs."""
        self._stream.close()
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        if hasattr(self, "_flow"):
            self._flow.abandon()

    # Beginning.

    async def _fail_at_start(self, error: Exception) -> None:
        now = self._tools.clock.now()
        draft = self._committer.draft
        draft.status = RunStatus.FAILED
        if self._claimed.status is RunStatus.QUEUED:
            draft.events.append(facts.started(self._claimed, now))
        record = record_error(error)
        draft.events.append(facts.failed(record, now))
        draft.error = error_json(record)
        await self._committer.commit()
        self.leave(LeaveReason.ENDED)

    async def _leave_unfit(self, error: UnfitError) -> None:
        """Give the run back, saying why; the supervisor does not claim it again in this boot."""
        draft = self._committer.draft
        draft.waiting_for = str(error)
        draft.release = True
        await self._committer.commit()
        self._log.warning("run does not fit the workflow of this host", reason=str(error))
        self.leave(LeaveReason.UNFIT)

    # What the flow asks of its actor.

    def _job_ended(self, job: Job, ending: TaskEnding) -> None:
        """Called in an executor's thread."""
        self._tools.bridge.post(self._tell_self, TaskEnded(job=job, ending=ending))

    def _nested_written(self, outbox: Outbox) -> None:
        """Called in a user thread."""
        self._tools.bridge.post(self._tell_self, NestedWritten(outbox=outbox))

    def _take_nested(self, outbox: Outbox) -> None:
        """Draft what a running task says of what is nested in it, and tell it when that is durable."""
        items, waiting = outbox.take()
        draft_items(self._committer.draft, items)
        self.commit_soon(waiting)

    def later(self, seconds: float, message: Any) -> None:
        """Hear `message` after so many seconds, if this actor is still here then."""
        handle = self.loop.call_later(seconds, self._tell_self, message)
        self._timers.append(handle)

    def wake_later(self, seconds: float) -> None:
        """Let the supervisor look for work in so long: no actor waits for it, and the poll would be a little late."""
        self.loop.call_later(seconds, _request_claim, self._supervisor)

    def commit_soon(self, waiting: Sequence[Future[None]] = ()) -> None:
        """Commit in the background: what ends meanwhile shares the next commit. `waiting` are done by then."""
        task = self.loop.create_task(self._commit_in_background(waiting))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _commit_in_background(self, waiting: Sequence[Future[None]]) -> None:
        try:
            await self._committer.commit()
            for settled in waiting:
                if settled.set_running_or_notify_cancel():
                    settled.set_result(None)
        except LostOwnershipError:
            self._tell_self(LostOwnership())
        except ConflictError:
            self._log.debug("release refused; whoever drafted it hears of it too")
        except Exception as error:  # noqa: BLE001 - a boundary: the actor dies of it, and its supervisor mends the run
            self._tell_self(CommitFailed(error=error))
        finally:
            for settled in waiting:
                settled.cancel()  # what is done by now stays done


def _request_claim(supervisor: pykka.ActorRef[Any]) -> None:
    if supervisor.is_alive():
        supervisor.tell(Claim())
