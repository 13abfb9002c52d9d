"""The superstep machine: checkpoint and results in, due tasks and commits out.

    machine = Machine(plan, checkpoint, thread_key=…, run_id=…, recursion_limit=…, first_step=…)
    while not machine.is_ended:
        machine.check_steps()                    raises GraphRecursionError
        if machine.breakpoint(): stop            a static interrupt; machine.pass_breakpoint() goes on
        for task in machine.open_tasks: …        run them in any order, anywhere; machine.record(result)
        folded = run_fold(machine.fold_work())   on a user thread, and only if machine.needs_fold
        commit = machine.advance(folded)         to be stored

It never waits, reads no clock, draws no number and calls no user code. The same checkpoint always gives the same tasks
with the same ids, and the order in which results arrive changes nothing: writes apply in the order of the tasks' paths
(pulled nodes by name, then Sends as they were sent). A crash between two commits costs what was not recorded, nothing
more: rebuild the machine from the stored checkpoint and record the stored results again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fastgraph.errors import GraphRecursionError, TaskMismatchError
from fastgraph.execution.checkpoint import Checkpoint, KeyChange, StepCommit
from fastgraph.execution.fold import FoldWork
from fastgraph.execution.plan import START, GraphPlan
from fastgraph.execution.routing import Choice, Route, route
from fastgraph.execution.tasks import DueTask, Folded, Task, TaskKind, TaskResult
from fastgraph.execution.updates import (
    Writes,
    find_changes,
    find_updated,
    group_writes,
    make_fold_work,
    needs_fold,
    put_writes,
)
from fastgraph.ids import checkpoint_id, task_id

__all__ = ["ALL_NODES", "Machine"]

ALL_NODES = "*"


class Machine:
    """One run's way through one graph. Not thread-safe; whoever owns the run owns its machine.

    `first_step` is the step number at which the run began to count: that of its input (the checkpoint's step + 1, before
    `start`), or of the checkpoint it continues + 1. With `recursion_limit` N a fresh run may do N steps and must then be
    at its end one step before that, as in LangGraph: a chain of three nodes needs a limit of four.
    """

    def __init__(
        self,
        plan: GraphPlan,
        checkpoint: Checkpoint,
        *,
        thread_key: int,
        run_id: str,
        recursion_limit: int,
        first_step: int,
        namespace: str = "",
        next_number: int | None = None,
        interrupt_before: Sequence[str] = (),
        interrupt_after: Sequence[str] = (),
    ) -> None:
        self.plan = plan
        self.run_id = run_id
        self.namespace = namespace
        self.recursion_limit = recursion_limit
        self._thread_key = thread_key
        self._next_number = next_number or checkpoint.number + 1
        self._last_step = first_step + recursion_limit + 1
        self._interrupt_before = frozenset(interrupt_before)
        self._interrupt_after = frozenset(interrupt_after)
        self._checkpoint = checkpoint
        self._tasks: tuple[Task, ...] = ()
        self._ids: frozenset[str] = frozenset()
        self._results: dict[str, TaskResult] = {}
        self._grouped: Writes | None = None
        self._checkpoint_id = ""
        self._enter(checkpoint)

    @property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint whose step is being done."""
        return self._checkpoint

    @property
    def checkpoint_id(self) -> str:
        """The name of that checkpoint."""
        return self._checkpoint_id

    @property
    def tasks(self) -> tuple[Task, ...]:
        """This step's tasks in path order."""
        return self._tasks

    @property
    def open_tasks(self) -> tuple[Task, ...]:
        """Those of this step's tasks that have no recorded result, in the order to start them: what was sent comes first."""
        if not self._results and len(self._tasks) < 2:
            return self._tasks
        left = [task for task in self._tasks if task.id not in self._results]
        if len(left) > 1:
            left.sort(key=_starts_late)
        return tuple(left)

    @property
    def is_step_done(self) -> bool:
        return len(self._results) == len(self._tasks)

    @property
    def is_ended(self) -> bool:
        """True where nothing is due, no limit is passed and no breakpoint holds the end."""
        return not self._tasks and not self.is_out_of_steps and not self.breakpoint()

    @property
    def is_out_of_steps(self) -> bool:
        return self._checkpoint.step + 1 > self._last_step and not self._held_after()

    def check_steps(self) -> None:
        """Raise GraphRecursionError where the next step would be one too many."""
        if self.is_out_of_steps:
            raise GraphRecursionError(self.recursion_limit)

    def breakpoint(self) -> tuple[str, ...]:
        """Return the nodes whose static interrupt holds the run here, sorted; empty where it may go on."""
        if not self._interrupt_before and not self._interrupt_after:
            return ()
        held = self._held_after() or tuple(
            sorted({task.node for task in self._tasks if self._stops(task.node, self._interrupt_before)})
        )
        return tuple(node for node in held if node not in self._checkpoint.passed_breakpoints)

    def pass_breakpoint(self) -> None:
        """Go on from this checkpoint without a static interrupt; a run that is resumed does so."""
        nodes = frozenset((*self._checkpoint.finished, *(task.node for task in self._tasks)))
        self._checkpoint = replace(self._checkpoint, passed_breakpoints=nodes)

    def record(self, result: TaskResult) -> None:
        """Take the result of one of this step's tasks, in any order.

        Raises TaskMismatchError where the step has no such task or has its result.
        """
        if result.task_id in self._results:
            raise TaskMismatchError(
                f"Task {result.task_id} of run {self.run_id} has a result already; it was kept."
            )
        if result.task_id not in self._ids:
            raise TaskMismatchError(
                f"Task {result.task_id} does not belong to step {self._checkpoint.step + 1} of run {self.run_id}, "
                f"whose tasks are: {', '.join(self._ids) or 'none'}."
            )
        self._results[result.task_id] = result

    def record_failure(self, failed_task_id: str, handler: str) -> Task:
        """Put the task of node `handler` in the place of one that failed for good, and return it.

        It has the failed task's input and its place in the order of writes; the edges of the failed node are not taken.
        The same failure always makes the same task. Raises TaskMismatchError where the step has no such open task.
        """
        failed = next((task for task in self.open_tasks if task.id == failed_task_id), None)
        if failed is None:
            raise TaskMismatchError(
                f"Task {failed_task_id} of run {self.run_id} is no open task of step {self._checkpoint.step + 1}, so "
                f"no handler can stand in for it."
            )
        name = task_id(
            self._checkpoint_id, self.namespace, failed.step, handler, f"{failed.path}|{failed.id}"
        )
        task = replace(failed, id=name, node=handler, failed_node=failed.node, limits=None)
        self._tasks = tuple(task if other is failed else other for other in self._tasks)
        self._ids = frozenset(task.id for task in self._tasks)
        return task

    @property
    def needs_fold(self) -> bool:
        """Say whether `advance` must be handed what `run_fold` makes of `fold_work()`."""
        return self._own_folded() is None and needs_fold(self.plan, self._writes())

    def fold_work(self) -> FoldWork:
        """Return what the reducers have to do for this step; the step must be done."""
        # only channels of the user's own want to know whether anything is due after the step
        is_last = bool(self.plan.channel_keys) and self._route().is_finish
        return make_fold_work(
            self.plan, self._checkpoint.values, self._writes(), is_step=not self._is_entry, is_last=is_last
        )

    def advance(self, folded: Folded | None = None, *, is_kept: bool = True) -> StepCommit:
        """Go to the next checkpoint and return what has to be stored for it; the changes are left out where nothing is kept.

        Raises TaskMismatchError where tasks are open, InvalidUpdateError where the writes don't fit together; the
        machine stands where it stood then.
        """
        writes = self._writes()
        before = self._checkpoint
        folded = folded or self._own_folded()
        is_step = not self._is_entry
        values = put_writes(self.plan, before.values, writes, folded, is_step=is_step)
        changes: Mapping[str, KeyChange] = {}
        if is_kept:
            changes = find_changes(self.plan, before.values, writes, folded, is_step=is_step)
        way = self._route()
        after = Checkpoint(
            number=self._next_number,
            step=before.step + 1,
            parent=before.number or None,
            values=values,
            due=way.due,
            deferred=way.deferred,
            joins=way.joins,
            finished=self._nodes(),
        )
        self._next_number += 1
        self._enter(after)
        return StepCommit(
            checkpoint=after,
            changes=changes,
            is_end=not way.due,
            written=find_updated(self.plan, writes, values, folded),
            unknown_targets=way.unknown,
        )

    @property
    def _is_entry(self) -> bool:
        """Whether this step is START's routers only: it belongs to the input, whose keys live on into the next step."""
        return len(self._tasks) == 1 and self._tasks[0].node == START

    def _nodes(self) -> tuple[str, ...]:
        """Return the names of the nodes of this step's tasks, sorted."""
        if len(self._tasks) == 1:
            return (self._tasks[0].node,)
        return tuple(sorted({task.node for task in self._tasks}))

    def _route(self) -> Route:
        choices = []
        for task in self._tasks:
            result = self._results[task.id]
            choices.append(Choice(task.node, result.goto, result.sends))
        return route(self.plan, choices, self._checkpoint.joins, self._checkpoint.deferred)

    def _enter(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._results = {}
        self._grouped = None
        name = checkpoint_id(self._thread_key, checkpoint.number)
        self._checkpoint_id = name
        pushes = 0
        tasks = []
        for due in checkpoint.due:
            if due.kind is TaskKind.PUSH:
                path = f"push:{pushes:010d}"
                pushes += 1
            else:
                path = f"pull:{due.node}"
            tasks.append(self._make_task(due, name, path))
        self._tasks = tuple(tasks)
        self._ids = frozenset([task.id for task in tasks])

    def _make_task(self, due: DueTask, checkpoint_name: str, path: str) -> Task:
        step = self._checkpoint.step + 1
        return Task(
            id=task_id(checkpoint_name, self.namespace, step, due.node, path),
            node=due.node,
            kind=due.kind,
            path=path,
            step=step,
            triggers=due.triggers,
            argument=due.argument,
            limits=due.limits,
            remaining_steps=self._last_step - step,
        )

    def _writes(self) -> Writes:
        if self._grouped is None:
            self._grouped = self._group()
        return self._grouped

    def _group(self) -> Writes:
        if not self.is_step_done:
            missing = ", ".join(repr(task.node) for task in self.open_tasks)
            raise TaskMismatchError(
                f"Step {self._checkpoint.step + 1} of run {self.run_id} still waits for {missing}."
            )
        return group_writes((task.id, self._results[task.id].writes) for task in self._tasks)

    def _own_folded(self) -> Folded | None:
        """Return what the only task of the step folded by itself; with several tasks nobody could have, nor where a channel
        has to be told whether the step is the last."""
        if len(self._tasks) != 1 or not self._results or self.plan.channel_keys:
            return None
        return self._results[self._tasks[0].id].folded

    def _held_after(self) -> tuple[str, ...]:
        """Return the nodes that led here and stop the run after them."""
        if not self._interrupt_after:
            return ()
        checkpoint = self._checkpoint
        return tuple(
            node
            for node in checkpoint.finished
            if self._stops(node, self._interrupt_after) and node not in checkpoint.passed_breakpoints
        )

    @staticmethod
    def _stops(node: str, names: frozenset[str]) -> bool:
        return node in names or (ALL_NODES in names and node != START)


def _starts_late(task: Task) -> bool:
    return task.kind is TaskKind.PULL
