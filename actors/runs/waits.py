"""What one run waits for: answers of people, moments, signals, children. Who is answered is executed again by the flow.

Nothing here is lost with the actor: questions, answers and signals are rows, and a claim reads them again. A run that only
waits is given up with the time at which it wakes; this module's own timer serves a run that has other work meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from actors.executors.executor import Job
from actors.host.tools import HostTools
from actors.runs import questions
from actors.runs.beginning import breakpoint_task
from actors.runs.children import find_ended
from actors.runs.committer import RunCommitter
from actors.runs.inbox import ChildEnded, Command, Resume, SignalCame
from actors.runs.messages import WaitsDue
from actors.runs.outlet import Outlet
from actors.runs.reading import read_patiently
from actors.runs.situation import Asked, Situation, Wait
from fastgraph.database.records import ClaimedRun
from fastgraph.database.signals import StoredSignal, read_signals
from fastgraph.execution.tasks import TaskFailed, TaskInterrupted, WaitKind
from fastgraph.execution.waits import TIMED_OUT, came
from fastgraph.state.plain import decode

__all__ = ["RunWaits"]


class RunWaits:
    """The waits of one run; belongs to its flow."""

    def __init__(
        self,
        *,
        claimed: ClaimedRun,
        tools: HostTools,
        committer: RunCommitter,
        situation: Situation,
        outlet: Outlet,
    ) -> None:
        self._claimed = claimed
        self._tools = tools
        self._committer = committer
        self._situation = situation
        self._outlet = outlet
        self._signals: list[StoredSignal] = []
        self._taken: set[int] = set()
        self._outcomes: dict[str, Any] = {}
        self._heard = claimed.consumed  # signals up to this inbox number were told of; none is taken before
        self._armed_for: datetime | None = None

    async def begin(self) -> None:
        """Answer what has come while nobody owned the run."""
        await self.look()

    async def take_questions(self, job: Job, ending: TaskInterrupted) -> None:
        """Draft what a task asks or waits for, and answer what is there already."""
        task = job.call.task
        collects = self._situation.machine.plan.collects_interrupts
        asked = self._situation.asked.setdefault(
            task.id, Asked(task_id=task.id, node=task.node, collects=collects)
        )
        now = self._tools.clock.now()
        for request in ending.interrupts:
            if request.id in asked.interrupt_ids:
                continue
            asked.interrupt_ids.append(request.id)
            asked_by = None if request.task_id == task.id else request.task_id
            if request.kind is not WaitKind.INTERRUPT or asked_by:
                asked.waits[request.id] = Wait(
                    kind=request.kind, name=request.name, due_at=request.due_at, asked_by=asked_by
                )
            questions.draft_question(self._committer.draft, task, request, now)
        # an answer may have come while the task ran, to a question that another part of it had asked before
        have = [request.id in asked.answers for request in ending.interrupts]
        asked.is_waiting = not (asked.is_answered if collects else any(have))
        self._outlet.commit_soon()
        await self.look()

    async def look(self) -> None:
        """Answer what a task has just begun to wait for, where that is there already."""
        if self._claimed.inbox and not self._signals and self._situation.open_waits(WaitKind.SIGNAL):
            await self._read_signals()
        await self._look_at_children()
        self.answer()

    def may_pass(self, nodes: Sequence[str]) -> bool:
        """Say whether the static interrupt that holds the run here was answered; ask, where that was not done yet."""
        situation = self._situation
        place = breakpoint_task(situation.machine.checkpoint.number)
        asked = situation.asked.get(place)
        if asked is None:
            question = questions.breakpoint_question(self._claimed.run_id, place, nodes)
            situation.asked[place] = Asked(task_id=place, node=nodes[0], interrupt_ids=[question["id"]])
            now = self._tools.clock.now()
            questions.draft_breakpoint(self._committer.draft, place, nodes[0], question, now)
            return False
        if asked.is_answered:
            situation.machine.pass_breakpoint()
        return asked.is_answered

    async def fetch(self, commands: Sequence[Command]) -> None:
        """Read what these commands tell of, before any of them counts as consumed."""
        numbers = [command.number for command in commands if isinstance(command, SignalCame)]
        if numbers:
            self._heard = max(numbers)
            await self._read_signals()
        await self._look_at_children()

    def hear(self, command: Resume | SignalCame | ChildEnded) -> None:
        """Draft what a command tells; `answer` then looks who was waiting for it."""
        draft, now = self._committer.draft, self._tools.clock.now()
        match command:
            case Resume():
                questions.draft_answers(draft, self._situation, command, now)
            case SignalCame():
                came_now = [signal for signal in self._signals if signal.number == command.number]
                questions.draft_signals(draft, came_now, now)
            case ChildEnded():
                questions.draft_child_ended(draft, command, now)

    def refuse(self, failed: TaskFailed) -> None:
        """Take back an answer that did not fit; the next signal may."""
        questions.draft_refusal(self._committer.draft, self._situation, failed, self._tools.clock.now())
        self.answer()

    def due(self) -> None:
        """A moment that was waited for has come."""
        self._armed_for = None
        self.answer()
        self._outlet.commit_soon()

    def answer(self) -> None:
        """Answer all waits whose time, signal or child has come, and set the timer for the next."""
        now, draft = self._tools.clock.now(), self._committer.draft
        for asked, name, wait in self._situation.open_waits():
            if wait.kind is WaitKind.SIGNAL and (signal := self._take_signal(wait)) is not None:
                draft.taken_signals.append((signal.number, name))
                questions.draft_answer(draft, asked, name, came(decode(signal.body)), now)
            elif wait.kind is WaitKind.CHILD and wait.name in self._outcomes:
                questions.draft_answer(draft, asked, name, came(self._outcomes[wait.name]), now)
            elif wait.due_at is not None and wait.due_at <= now:
                over = came(None) if wait.kind is WaitKind.TIMER else dict(TIMED_OUT)
                questions.draft_answer(draft, asked, name, over, now)
        self._arm(now)

    async def _look_at_children(self) -> None:
        """Find out how the children ended that are waited for, by what their own rows say."""
        names = [wait.name for _, _, wait in self._situation.open_waits(WaitKind.CHILD) if wait.name]
        if names:
            self._outcomes = await find_ended(self._tools, names)

    def _arm(self, now: datetime) -> None:
        moments = [wait.due_at for _, _, wait in self._situation.open_waits() if wait.due_at is not None]
        first = min(moments, default=None)
        if first is not None and (self._armed_for is None or first < self._armed_for):
            self._armed_for = first
            self._outlet.later((first - now).total_seconds(), WaitsDue())

    def _take_signal(self, wait: Wait) -> StoredSignal | None:
        found = next((signal for signal in self._signals if signal.name == wait.name), None)
        if found is not None:
            self._signals.remove(found)
            self._taken.add(found.number)
        return found

    async def _read_signals(self) -> None:
        """Read the signals that no wait has got; those that were taken may not be committed yet."""
        stored = await read_patiently(
            self._tools.store, lambda connection: read_signals(connection, run_key=self._claimed.run_key)
        )
        self._signals = [
            signal for signal in stored if signal.number <= self._heard and signal.number not in self._taken
        ]
