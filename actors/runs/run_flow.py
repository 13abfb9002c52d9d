"""The way of one run through its graph, from commit to commit: what a run actor does with what it hears.

It starts no task before the step that leads there is durable, and takes no result that it did not wait for. It runs no user
code: tasks, validators and reducers run on executors. Every method belongs to the run actor's loop and is called by one
handler at a time; LostOwnershipError goes up to the actor, which ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from actors.executors.executor import Job
from actors.host.tools import HostTools
from actors.runs import facts, inbox, questions
from actors.runs.beginning import Beginning
from actors.runs.blocked_loops import draft_blocked
from actors.runs.checkpointing import Checkpointing
from actors.runs.committer import RunCommitter
from actors.runs.draining import asked_from_inside, has_drained, wants_drain
from actors.runs.encoding import encode_result
from actors.runs.failing import draft_handover, draft_retry
from actors.runs.limits import refuse_large
from actors.runs.messages import GraceOver, LeaveReason, LoopBlocked, RetryDue, RunOverdue, StepOverdue
from actors.runs.obeying import draft_command
from actors.runs.outlet import Outlet
from actors.runs.reading import read_patiently
from actors.runs.situation import EndKind, RunEnding
from actors.runs.step_limit import StepLimit, step_timed_out
from actors.runs.stepping import advance, graph_result, update_result
from actors.runs.task_starter import TaskStarter
from actors.runs.waits import RunWaits
from fastgraph.database.inbox import read_own_commands
from fastgraph.database.records import ClaimedRun
from fastgraph.errors import ConflictError, FastGraphError, RunTimeoutError
from fastgraph.execution.tasks import TaskEnding, TaskFailed, TaskInterrupted, TaskResult
from fastgraph.graph.compiled import CompiledGraph
from fastgraph.graph.failures import record_error
from fastgraph.status import RunStatus

__all__ = ["PASSIVATE_SECONDS", "RunFlow"]

PASSIVATE_SECONDS = 60.0


class RunFlow:
    """One run's flow; made when the run has begun."""

    def __init__(
        self,
        *,
        claimed: ClaimedRun,
        graph: CompiledGraph,
        tools: HostTools,
        committer: RunCommitter,
        starter: TaskStarter,
        beginning: Beginning,
        outlet: Outlet,
    ) -> None:
        self._claimed = claimed
        self._graph = graph
        self._tools = tools
        self._committer = committer
        self._starter = starter
        self._situation = beginning.situation
        self._outlet = outlet
        self._step_limit = StepLimit(graph.step_timeout, outlet)
        self._waits = RunWaits(
            claimed=claimed, tools=tools, committer=committer, situation=self._situation, outlet=outlet
        )
        self._consumed = claimed.consumed
        self._checkpointing = Checkpointing(
            claimed=claimed, tools=tools, committer=committer, beginning=beginning
        )
        committer.result_seqs.update(beginning.result_seqs)

    def abandon(self) -> None:
        """Take no result any more of what still runs."""
        for job in self._situation.jobs.values():
            self._starter.abandon(job)
        self._situation.jobs.clear()

    # Beginning.

    async def begin(self, beginning: Beginning) -> None:
        """Draft what the claim began with, obey what waits in the inbox, and go."""
        tools, claimed, draft = self._tools, self._claimed, self._committer.draft
        situation = self._situation
        now = tools.clock.now()
        draft.status = RunStatus.RUNNING
        draft.waiting_for = ""
        if claimed.status is RunStatus.QUEUED:
            draft.graph_hash = self._graph.graph_hash
            draft.events.append(facts.started(claimed, now))
        for commit in beginning.earlier:
            await self._checkpointing.draft(commit)
            await self._committer.commit()
        if beginning.commit is not None:
            draft = self._committer.draft
            if beginning.unknown_keys:
                draft.events.append(facts.dropped_input_keys(beginning.unknown_keys, now))
            await self._checkpointing.draft(beginning.commit)
        for task_id, moment in situation.retry_at.items():
            self._outlet.later(max(0.0, (moment - now).total_seconds()), RetryDue(task_id=task_id))
        if claimed.deadline_at is not None:
            self._outlet.later(max(0.0, (claimed.deadline_at - now).total_seconds()), RunOverdue())
        await self._waits.begin()
        if beginning.is_over and not claimed.commands:
            await self._complete(update_result(claimed, situation.machine))
        elif claimed.commands:
            await self._obey(inbox.read_commands(claimed.commands))
        else:
            await self._stand()

    # From step to step.

    async def retry_due(self, task_id: str) -> None:
        """A failed task's backoff is over."""
        self._situation.retry_at.pop(task_id, None)
        await self._go_on()

    async def waits_due(self) -> None:
        """A moment that a task waits for has come."""
        self._waits.due()
        await self._go_on()

    async def _stand(self) -> None:
        """The machine stands at a checkpoint: end there, hold there, or go on from there."""
        machine = self._situation.machine
        if self._situation.starts_nothing:
            await self._settle()
            return
        try:
            machine.check_steps()
        except FastGraphError as error:
            await self._fail(error)
            return
        held = machine.breakpoint()
        if held and not self._waits.may_pass(held):
            await self._wait()
        else:
            await self._go_on()

    async def _go_on(self) -> None:
        """Start every task that can be started; where none runs and none can, wait or finish the step."""
        situation, machine = self._situation, self._situation.machine
        if situation.starts_nothing:
            await self._settle()
            return
        if machine.is_step_done:
            await (self._finish_step() if machine.tasks else self._complete_graph())
            return
        situation.queue.extend(situation.startable_tasks())
        batch = self._starter.take(situation)
        if batch:
            facts.draft_starts(self._committer.draft, situation, batch, self._tools.clock.now())
            await self._committer.commit()
            self._step_limit.begin(situation)
            for task in batch:
                self._starter.start(situation, task)
        elif not situation.jobs:
            await self._wait()

    async def _finish_step(self) -> None:
        """All tasks of the step have results: fold, advance, and draft the next checkpoint beside the last result."""
        machine = self._situation.machine
        try:
            commit = await advance(self._graph, self._tools, machine)
        except Exception as error:  # noqa: BLE001 - reducers are user code; InvalidUpdateError is the machine's own refusal
            await self._fail(error)
            return
        now = self._tools.clock.now()
        for unknown in commit.unknown_targets:
            self._committer.draft.events.append(facts.unknown_target(unknown, now))
        await self._checkpointing.draft(commit)
        self._situation.enter_step()
        if wants_drain(self._situation) and machine.tasks:
            await self.begin_ending(asked_from_inside(self._situation))
        else:
            await self._stand()

    async def _complete_graph(self) -> None:
        await self._complete(await graph_result(self._graph, self._tools, self._situation.machine))

    async def _complete(self, result: bytes | None) -> None:
        await self._be_running()
        draft = self._committer.draft
        draft.status, draft.result = RunStatus.COMPLETED, result
        draft.events.append(facts.completed(self._tools.clock.now()))
        await self._committer.commit()
        self._outlet.leave(LeaveReason.ENDED)

    async def loop_blocked(self, message: LoopBlocked) -> None:
        """Show who blocks the loop, and start elsewhere what only shares it."""
        draft_blocked(self._committer.draft, self._situation, message, self._tools.clock.now())
        self._outlet.commit_soon()
        await self._go_on()

    # Tasks that end.

    async def task_ended(self, job: Job, ending: TaskEnding) -> None:
        """An attempt is over; one that was given up meanwhile is not listened to."""
        situation = self._situation
        if situation.jobs.get(ending.task_id) is not job:
            return
        del situation.jobs[ending.task_id]
        match ending:
            case TaskResult():
                await self._take_result(job, ending)
            case TaskInterrupted():
                await self._waits.take_questions(job, ending)
                await self._go_on()
            case TaskFailed():
                await self._take_failure(job, ending)
            case _:
                assert_never(ending)

    async def _take_result(self, job: Job, result: TaskResult) -> None:
        situation, machine = self._situation, self._situation.machine
        task = job.call.task
        refused = refuse_large(result, task, job.call.attempt, self._tools.settings.max_value_bytes)
        if refused is not None:
            await self._take_failure(job, refused)
            return
        machine.record(result)
        row = await encode_result(
            result, task, machine.checkpoint.number, self._tools.store.spill, self._tools.settings.spill_bytes
        )
        facts.draft_result(self._committer.draft, job, result, row, self._tools.clock)
        if machine.is_step_done and not situation.starts_nothing:
            await self._finish_step()
            return
        self._outlet.commit_soon()
        await self._go_on()

    async def _take_failure(self, job: Job, failed: TaskFailed) -> None:
        situation, task, now = self._situation, job.call.task, self._tools.clock.now()
        draft = self._committer.draft
        if has_drained(situation, failed):
            await (self._go_on() if situation.ending else self.begin_ending(asked_from_inside(situation)))
        elif situation.ending is not None:
            draft.events.append(facts.node_failed(task, failed.error, now))
            await self._go_on()
        elif failed.refused_answer is not None:
            self._waits.refuse(failed)
            self._outlet.commit_soon()
            await self._go_on()
        elif failed.matched_policy is not None:
            delay = draft_retry(
                draft,
                situation,
                graph=self._graph,
                task=task,
                failed=failed,
                now=now,
                random=self._tools.random,
            )
            self._outlet.later(delay, RetryDue(task_id=task.id))
            self._outlet.commit_soon()
            await self._go_on()
        elif draft_handover(draft, situation, graph=self._graph, task=task, failed=failed, now=now):
            await self._go_on()
        else:
            draft.events.append(facts.node_failed(task, failed.error, now))
            await self.begin_ending(RunEnding(kind=EndKind.FAIL, error=failed.error))

    # Waiting.

    async def _be_running(self) -> None:
        """Let the store see the run running before it sees it end or wait: no run goes there from the queue."""
        if self._committer.draft.status is RunStatus.RUNNING:
            await self._committer.commit()

    async def _wait(self) -> None:
        """Nothing runs: give the run up, with the reason why it waits, unless it goes on within a minute."""
        situation, now = self._situation, self._tools.clock.now()
        await self._be_running()
        draft = self._committer.draft
        if situation.retry_at:
            first = min(situation.retry_at.values())
            if (first - now).total_seconds() <= PASSIVATE_SECONDS:
                await self._committer.commit()
                return
        questions.draft_waiting(draft, situation, now)
        if await self._release() and draft.wake_at:
            seconds = (draft.wake_at - now).total_seconds()
            if seconds < PASSIVATE_SECONDS:
                self._outlet.wake_later(seconds)

    async def _give_back(self) -> None:
        """Nothing runs and nothing may start: nobody need own the run until that changes."""
        if self._committer.draft.status is not None:  # a release that is refused would take it along
            await self._committer.commit()
        self._committer.draft.release_reason = self._situation.hold
        await self._release()

    async def _release(self) -> bool:
        """Give the claim up and leave; False where a command came between, which is obeyed and decides what is next."""
        draft = self._committer.draft
        draft.release, draft.seen_inbox = True, self._consumed
        try:
            await self._committer.commit()
        except ConflictError:
            await self.read_inbox()
            return False
        self._outlet.leave(LeaveReason.WAITS)
        return True

    async def read_inbox(self) -> None:
        """Obey the commands that came since the last look."""
        rows = await read_patiently(
            self._tools.store,
            lambda connection: read_own_commands(
                connection, self._claimed, owner=self._tools.boot_id, consumed=self._consumed
            ),
        )
        if rows:
            await self._obey(inbox.read_commands(rows))

    async def _obey(self, commands: Sequence[inbox.Command]) -> None:
        """Do what the commands say and remember, with their effect, that they are consumed: with a cancel's, the end."""
        await self._waits.fetch(commands)
        if any(isinstance(command, inbox.Pause) for command in commands):
            await self._be_running()
        draft, now = self._committer.draft, self._tools.clock.now()
        cancel: inbox.Cancel | None = None
        for command in commands:
            self._consumed += 1
            asked = draft_command(
                draft, command, situation=self._situation, waits=self._waits, graph=self._graph, now=now
            )
            cancel = cancel or asked
            if cancel is None and not self._situation.is_ending:
                draft.consumed = self._consumed
        self._waits.answer()
        if cancel is not None:
            await self.begin_ending(RunEnding(kind=EndKind.CANCEL, reason=cancel.reason))
        else:
            self._outlet.commit_soon()
            await self._stand()

    # Ending before the graph's end.

    async def begin_ending(self, ending: RunEnding) -> None:
        """Start nothing more, ask what runs to stop, and give it its grace."""
        situation, settings = self._situation, self._tools.settings
        if situation.is_ending:
            return
        situation.ending = ending
        situation.queue.clear()
        if ending.kind is EndKind.DRAIN:
            situation.control.request_drain(ending.reason or "shutdown")
        else:
            for job in situation.jobs.values():
                job.cancel()
        grace = settings.drain_seconds if ending.kind is EndKind.DRAIN else settings.cancel_grace_seconds
        if not situation.jobs:
            await self.end_now()
            return
        self._outlet.later(grace, GraceOver(ending=ending))
        self._outlet.commit_soon()

    async def overdue(self, message: RunOverdue | StepOverdue) -> None:
        """The time of the run, or of its step, is up."""
        if isinstance(message, RunOverdue):
            await self._fail(RunTimeoutError(self._claimed.timeout_seconds))
        elif self._step_limit.is_passed(self._situation, message):
            await self._fail(step_timed_out())

    async def _fail(self, error: Exception) -> None:
        await self.begin_ending(RunEnding(kind=EndKind.FAIL, error=record_error(error)))

    async def _settle(self) -> None:
        """Nothing new may start: end, or give the run back, when what runs has ended."""
        if not self._situation.jobs:
            await (self._give_back() if self._situation.ending is None else self.end_now())

    async def hold(self, reason: str | None) -> None:
        """Start nothing more for that reason, which is no word of the run itself; None lets it go on."""
        self._situation.hold = reason
        self._situation.queue.clear()
        await self._go_on()

    async def grace_over(self, message: GraceOver) -> None:
        """What still runs has had its time, unless the run ends for another reason by now, with a grace of its own."""
        if self._situation.ending is message.ending:
            await self.end_now()

    async def end_now(self) -> None:
        """Write the end; what still runs is abandoned and its late results are refused."""
        ending = self._situation.ending
        assert ending is not None, "an end has a reason"
        if self._situation.is_ending:
            await self._be_running()
            self._committer.draft.consumed = self._consumed
        draft, now = self._committer.draft, self._tools.clock.now()
        facts.draft_end(draft, ending, now)
        await self._committer.commit()
        self._outlet.leave(LeaveReason.RELEASED if ending.kind is EndKind.DRAIN else LeaveReason.ENDED)
