"""How a call takes up a thread: a new input, an answer, a Command, or nothing, at the newest checkpoint or an older one.

What comes out is where the machine begins. A new input is kept as LangGraph keeps it: a checkpoint before it, with START
due, and one after START's edges. Going on from an older checkpoint makes a fork, a copy of it under a new number, so that
what was stored after it stays. Commands from outside are recorded with the step that they meet and applied when it is
taken up, so a checkpoint is never written twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fastgraph.checkpoint.base import (
    GIVEN_INPUT,
    STEER,
    STEERED,
    CheckpointSource,
    Pending,
    SavedCheckpoint,
    ThreadLog,
)
from fastgraph.errors import EmptyInputError
from fastgraph.execution.checkpoint import EMPTY, Checkpoint, KeyChange, StepCommit
from fastgraph.execution.interrupts import interrupt_id, is_answer_map, match_answers
from fastgraph.execution.plan import START, GraphPlan
from fastgraph.execution.routing import INPUT
from fastgraph.execution.start import admit, start, steer
from fastgraph.execution.tasks import Folded, SendWrite, Task, TaskKind, TaskResult
from fastgraph.execution.tracked import tracked_ending
from fastgraph.execution.updates import group_writes
from fastgraph.execution.waits import wrap_answer
from fastgraph.graph.commands import Command
from fastgraph.graph.returns import read_return
from fastgraph.graph.state_access import InputReading
from fastgraph.graph.steering import apply_steers, find_saved, start_task_id
from fastgraph.graph.timeouts import as_limits
from fastgraph.state.changes import Change
from fastgraph.state.values import StoredValue

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph

__all__ = ["Opening", "run_metadata"]

Keep = Callable[[Checkpoint, Mapping[str, KeyChange], CheckpointSource, Pending], None]
_COPIES = ("update", "fork")
_COORDINATES = ("thread_id", "checkpoint_ns", "checkpoint_id", "checkpoint_map")


@dataclass(slots=True)
class Opening:
    """Where a call begins. `keep` stores a checkpoint; `checkpoint_id` names the one to begin from, None is the newest.

    After `begin` or `proceed`: `checkpoint` is what the machine starts at, `pending` what is known of its step,
    `first_step` where steps are counted from, `next_number` the number of the next checkpoint, and `carried` the changes
    that are not stored yet and belong to it. `commit` is START's step where one was taken, `is_new` says that an input
    was. `base` is
    what the call found, or the copy of it, and `source` how that was made.
    """

    graph: CompiledGraph
    log: ThreadLog
    keep: Keep
    checkpoint_id: str | None = None
    namespace: str = ""
    checkpoint: Checkpoint = EMPTY
    pending: Pending = field(default_factory=Pending)
    carried: dict[str, KeyChange] = field(default_factory=dict)
    commit: StepCommit | None = None
    is_new: bool = False
    source: Mapping[str, Any] = field(default_factory=dict)
    unknown_keys: tuple[str, ...] = ()
    unknown_targets: tuple[Any, ...] = ()
    first_step: int = field(init=False)
    next_number: int = field(init=False)
    saved: SavedCheckpoint | None = field(init=False)
    base: Checkpoint = field(init=False)
    _is_superseded: bool = field(init=False)
    _loose_answer: Any = field(default=None, init=False)
    _also: TaskResult | None = field(default=None, init=False)
    _shown_late: frozenset[str] = field(default=frozenset(), init=False)

    def __post_init__(self) -> None:
        self.saved, newest = find_saved(self.log, self.checkpoint_id)
        self.base = self.checkpoint = self.saved.checkpoint if self.saved else EMPTY
        self.next_number = newest + 1
        self.first_step = self.base.step + 1
        self._is_superseded = self.base.number != newest and self.saved is not None
        if self.saved is not None:
            self.pending = self.saved.pending.copy()
            self.source = {"source": self.saved.source, **self.saved.metadata}

    @property
    def stays(self) -> bool:
        """Whether START is not taken again; where it is, what stops before its nodes stops once more."""
        return all(due.node != START for due in self.base.due)

    def begin(self, given: Any) -> None:
        """Take a new input; what the thread had left undone is dropped."""
        graph = self.graph
        self.is_new = True
        self._apply_steers(self.pending.steers)
        base = self.base = self.checkpoint
        reading = graph.state.read_input(given, base.values)
        self.unknown_keys = reading.unknown_keys
        if graph.plan.begins_directly:
            self._begin_directly(reading)
            return
        entry, changes = admit(graph.plan, base, number=self.next_number, extra=reading.extra, is_input=True)
        self.pending = Pending()
        self._keep(entry, {**self.carried, **changes}, "input")
        told = self._also or TaskResult(task_id=GIVEN_INPUT)
        input_ = TaskResult(task_id=GIVEN_INPUT, writes=reading.writes, goto=told.goto, sends=told.sends)
        self._record(entry.number, input_)
        self._take_start(entry, input_, reading.folded)

    def _begin_directly(self, reading: InputReading) -> None:
        """Take the input of an entrypoint: its node is due at once."""
        commit = start(self.graph.plan, self.base, reading.writes, reading.folded)
        self.pending = Pending()
        self._keep(
            replace(commit.checkpoint, number=self.next_number), {**self.carried, **commit.changes}, "input"
        )
        self.commit = replace(commit, checkpoint=self.checkpoint)

    def proceed(self, command: Command[Any] | None) -> None:
        """Go on with a thread: with an answer, an update or targets of a Command, or with nothing (None)."""
        resume = command.resume if command is not None else None
        told = self._read_command(command) if command is not None else None
        if resume is not None and self.graph.checkpointer is None:
            raise RuntimeError(
                "Cannot use Command(resume=…) without a checkpointer: compile the graph with one."
            )
        is_blank = self._is_blank()
        if resume is None and told is None and (is_blank or command is not None):
            raise EmptyInputError(
                "Received no input for a thread that has nothing to continue. Give the graph an input."
            )
        if self.saved is None or is_blank:
            self._begin_with(command, told)
        else:
            self._continue(self.saved, resume, told)

    def _is_blank(self) -> bool:
        """Say whether nobody has ever written anything to the thread: updates of nothing make no thread to go on with."""
        saved, keys = self.saved, self.graph.plan.keys
        while saved is not None:
            checkpoint = saved.checkpoint
            if saved.source not in _COPIES or checkpoint.due or checkpoint.joins:
                return False
            for key, value in checkpoint.values.items():
                first = keys[key].start_value if key in keys else None
                if first is None or first.to_bytes() != value.to_bytes():
                    return False
            saved = self.log.find(checkpoint.parent) if checkpoint.parent else None
        return True

    def _begin_with(self, command: Command[Any] | None, told: TaskResult | None) -> None:
        """Begin a thread with a Command, which counts twice, as in LangGraph: before the input, and as the input."""
        if told is not None:
            if self.base.number:
                self.log.record(
                    self.base.number, tracked_ending(told) if self.graph.state.untracked else told
                )
            self._apply_steers([told])
            self.checkpoint = replace(self.checkpoint, due=())
            self._also = told
        self.begin(command)

    def _continue(self, saved: SavedCheckpoint, resume: Any, told: TaskResult | None) -> None:
        is_travel = self.checkpoint_id is not None and resume is None
        is_fork = is_travel and (saved.source not in _COPIES or self._is_superseded)
        if resume is not None:
            self._answer(resume)
        steers = list(self.pending.steers)
        given = self.pending.results.get(GIVEN_INPUT)
        if told is not None:
            steers.append(told)
            if not is_fork:
                self._record(self.base.number, told)
        if is_travel:
            self.pending.answers.clear()
        if is_travel or self._is_superseded:
            self.pending.results.clear()
        self._apply_steers(steers)
        if is_fork:
            self._fork(given)
            if told is not None and told.goto:
                # what was led to counts as having run last
                self._record(
                    self.checkpoint.number,
                    TaskResult(task_id=STEERED, writes=(), goto=told.goto, has_update=False),
                )
            self.source = {**self.source, "source": "fork"}
        self.base = self.checkpoint
        if given is not None and any(due.node == START for due in self.checkpoint.due):
            if len(self.checkpoint.due) == 1:
                self._take_start(self.checkpoint, given)
            else:
                # other tasks are due in START's step, so it is a step like any other, with START's result at hand
                name = start_task_id(self.log.key, self.checkpoint, self.namespace)
                self._record(self.checkpoint.number, TaskResult(task_id=name, has_update=False))
                self.pending.results[name] = replace(given, task_id=name)

    def answer_loosely(self, tasks: Sequence[Task]) -> None:
        """Give an answer to nothing that was asked to the first of these tasks: its next question finds it.

        That is LangGraph's way. It lets an answer come through after `update_state` changed the thread under a question.
        """
        if self._loose_answer is None or not tasks:
            return
        # which of several will ask is not known; a node is likelier to than one of many Sends
        task = min(tasks, key=lambda task: task.kind is TaskKind.PUSH)
        position = 0
        while interrupt_id(task.id, position) in self.pending.answers:
            position += 1
        name = interrupt_id(task.id, position)
        where = f"the answer to interrupt {name}"
        answers = {name: self.graph.state.encode_any(self._loose_answer, where=where)}
        self.pending.answers.update(answers)
        self.log.answer(self.checkpoint.number, answers)

    def merge(self, commit: StepCommit) -> StepCommit:
        """Return the first commit with what was carried, so that the stored changes lead from the stored parent."""
        if not self.carried and not self._shown_late:
            return commit
        values = commit.checkpoint.values
        carried = {
            key: KeyChange(change=Change.set_to(values[key])) if key in commit.changes else change
            for key, change in self.carried.items()
            if key in values or key not in commit.changes
        }
        written, self.carried, self._shown_late = commit.written | self._shown_late, {}, frozenset()
        return replace(commit, changes={**commit.changes, **carried}, written=written)

    def _fork(self, given: TaskResult | None) -> None:
        """Copy the checkpoint under a new number; its tasks get new ids and are all executed."""
        fork = replace(
            self.checkpoint,
            number=self.next_number,
            step=self.checkpoint.step + 1,
            parent=self.checkpoint.number,
            passed_breakpoints=frozenset(),
        )
        self.pending = Pending()
        self._keep(fork, self.carried, "fork")
        if given is not None:
            self._record(fork.number, given)

    def _take_start(self, entry: Checkpoint, given: TaskResult, folded: Folded | None = None) -> None:
        """Apply an input's writes and take START's edges; START's routers are left to the machine, as a task."""
        graph, writes = self.graph, given.writes
        name = start_task_id(self.log.key, entry, self.namespace)
        before = replace(entry, step=entry.step - 1, due=())
        is_last = _leads_to_deferred_only(graph.plan)
        if folded is None or is_last:
            folded = graph.state.fold(group_writes([(None, writes)]), entry.values, is_last=is_last)
        extra = entry.due[0].argument if entry.due else None
        if graph.plan.nodes[START].has_routers:
            commit = start(graph.plan, replace(before, number=entry.number - 1), writes, folded, extra=extra)
            self.carried = dict(commit.changes)
            self.checkpoint = replace(commit.checkpoint, parent=entry.parent)
            if graph.plan.channel_keys:
                # what a channel shows may depend on where the routers lead
                self._shown_late, commit = commit.written, replace(commit, written=frozenset())
        else:
            commit = start(graph.plan, before, writes, folded, source=GIVEN_INPUT)
            if given.goto or given.sends:
                steered = steer(graph.plan, commit.checkpoint, (), goto=given.goto, sends=given.sends)
                commit = replace(commit, checkpoint=steered.checkpoint)
            self._record(entry.number, TaskResult(task_id=name, has_update=False))
            self.pending = Pending()
            self._keep(replace(commit.checkpoint, number=self.next_number), commit.changes, "loop")
        self.commit = replace(commit, checkpoint=self.checkpoint)

    def _keep(
        self, checkpoint: Checkpoint, changes: Mapping[str, KeyChange], source: CheckpointSource
    ) -> None:
        self.keep(checkpoint, changes, source, self.pending)
        self.checkpoint = checkpoint
        self.next_number = checkpoint.number + 1
        self.carried = {}

    def _record(self, number: int, result: TaskResult) -> None:
        self.pending.record(result)
        if number:
            self.log.record(number, tracked_ending(result) if self.graph.state.untracked else result)

    def _answer(self, resume: Any) -> None:
        """Keep the answers with the pending step, each behind the task's earlier ones."""
        asked = {question.id: question.kind for question in self.pending.open_questions()}
        answers: dict[str, StoredValue] = {}
        for name, answer in match_answers(resume, [*asked], is_strict=self.graph.plan.is_strict).items():
            told = wrap_answer(asked[name], answer)
            answers[name] = self.graph.state.encode_any(told, where=f"the answer to interrupt {name}")
        if answers:
            self.pending.answers.update(answers)
            self.log.answer(self.base.number, answers)
        elif not asked and not is_answer_map(resume):
            self._loose_answer = resume

    def _read_command(self, command: Command[Any]) -> TaskResult | None:
        state = self.graph.state
        if not command.update and not command.goto:
            return None
        told = read_return(command, INPUT)
        writes, _ = state.encode_update(told.updates)
        sends = tuple(
            SendWrite(send.node, state.encode_argument(send.node, send.arg), as_limits(send.timeout))
            for send in told.sends
        )
        return TaskResult(task_id=STEER, writes=writes, goto=tuple(told.goto), sends=sends)

    def _apply_steers(self, steers: list[TaskResult]) -> None:
        if steers:
            commit = apply_steers(self.graph, self.checkpoint, steers)
            self.checkpoint = commit.checkpoint
            self.carried = dict(commit.changes)
            self.unknown_targets = commit.unknown_targets


def run_metadata(config: Mapping[str, Any]) -> dict[str, object]:
    """Return what a call's config adds to the metadata of its checkpoints: its metadata, and plain facts under
    `configurable` that are no coordinates of a checkpoint."""
    told = {**(config.get("metadata") or {})}
    for key, value in (config.get("configurable") or {}).items():
        is_plain = isinstance(value, (str, int, float, bool))
        if is_plain and key not in _COORDINATES and not key.startswith("__"):
            told.setdefault(key, value)
    return told


def _leads_to_deferred_only(plan: GraphPlan) -> bool:
    """Say whether channels are to be told that nothing is due after START, for deferred nodes come then."""
    entry = plan.nodes[START]
    is_all_deferred = all(plan.nodes[target].is_deferred for target in entry.targets)
    return bool(plan.channel_keys) and not entry.has_routers and is_all_deferred
