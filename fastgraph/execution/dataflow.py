"""The machine of a dataflow graph: a node starts when all that may lead to it is done, not at the end of a step.

Tasks that need not wait for one another go their own ways between two checkpoints, which are one wide step of the graph.
A node waits while something that can lead to it runs or waits, so it has all its triggers when it starts, once; a task
that was sent starts at once. What a task sees is its checkpoint and what those wrote that can lead to it (a sent one:
what led to its sender), so neither the order nor the time of anything else can show. Writes apply in the order of the
regions (`regions.py`), then of the turns in a loop, then of the paths. A checkpoint is cut where all that runs next
follows from all that is done, which is so in every order of completion or in none: a chain has one for each node.

The rest is a `Machine`: it does no I/O, and rebuilt from a checkpoint and the recorded results it stands where it stood.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from fastgraph.errors import ConfigError, FastGraphError, GraphRecursionError, InvalidUpdateError
from fastgraph.execution.checkpoint import Checkpoint, StepCommit, UnknownTarget
from fastgraph.execution.flow_writes import check_concurrent, last_writes
from fastgraph.execution.fold import FoldWork, KeyFold
from fastgraph.execution.machine import Machine
from fastgraph.execution.plan import START, GraphPlan
from fastgraph.execution.routing import Choice, follow
from fastgraph.execution.tasks import DueTask, Folded, Layer, Task, TaskKind, TaskResult
from fastgraph.execution.updates import Writes, apply_writes, find_updated, group_writes
from fastgraph.ids import checkpoint_id, task_id

__all__ = ["DataflowMachine", "make_machine"]

Place = tuple[int, int, int, str]
"""Where a task's writes apply: its region's rank, the turn of the region, how often it was sent on, its name there."""


def make_machine(plan: GraphPlan, checkpoint: Checkpoint, **options: Any) -> Machine:
    """Make the machine that a plan asks for; `options` are those of `Machine`."""
    return (Machine if plan.regions is None else DataflowMachine)(plan, checkpoint, **options)


@dataclass(slots=True)
class _Slot:
    """A task and what it follows from. `node` is whose place it has, also where an error handler stands in."""

    task: Task
    node: str
    place: Place
    depth: int
    ancestors: frozenset[str]


class DataflowMachine(Machine):
    """One run's way through a dataflow graph. `tasks` and `open_tasks` grow as results are recorded.

    A result of a task that does not exist yet is kept until it does, so stored results may come in any order. Raises
    ConfigError for a static interrupt, since there is no moment between two steps.
    """

    def __init__(
        self,
        plan: GraphPlan,
        checkpoint: Checkpoint,
        *,
        interrupt_before: Sequence[str] = (),
        interrupt_after: Sequence[str] = (),
        **options: Any,
    ) -> None:
        if interrupt_before or interrupt_after:
            raise ConfigError(
                f"Graph {plan.name!r} is a dataflow graph and has no moment between two steps to stop at: "
                f"call interrupt() in a node instead of interrupt_before and interrupt_after."
            )
        assert plan.regions is not None
        self._regions = plan.regions
        super().__init__(plan, checkpoint, **options)

    def record(self, result: TaskResult) -> None:
        """Take the result of a task, in any order, and make the tasks that it was the last to be waited for."""
        if result.task_id not in self._slots:
            self._early[result.task_id] = result
            return
        super().record(result)
        self._grouped = None
        self._follow(self._slots[result.task_id], result)
        self._settle()
        while (name := next((name for name in self._early if name in self._slots), None)) is not None:
            self.record(self._early.pop(name))

    def record_failure(self, failed_task_id: str, handler: str) -> Task:
        task = super().record_failure(failed_task_id, handler)
        self._slots[task.id] = replace(self._slots.pop(failed_task_id), task=task)
        return task

    def fold_work(self) -> FoldWork:
        """Return what the reducers have to do; a key that was written in several layers stands there several times."""
        self._writes()
        folds = []
        for layer in self._layers(self._slots.values()):
            grouped = group_writes(layer)
            for key in sorted(self.plan.folded_keys.intersection(grouped)):
                writes = tuple(write for _, write in grouped[key])
                folds.append(KeyFold(key=key, current=self._checkpoint.values.get(key), writes=writes))
        return FoldWork(keys=tuple(folds), is_step=False)

    def advance(self, folded: Folded | None = None, *, is_kept: bool = True) -> StepCommit:  # noqa: ARG002 - a step is wide
        writes = self._writes()
        before = self._checkpoint
        folded = folded or self._own_folded()
        values, changes = apply_writes(
            self.plan, before.values, last_writes(self.plan, writes), folded, is_step=False
        )
        due, deferred = self._due()
        after = Checkpoint(
            number=self._next_number,
            step=before.step + 1 + max((slot.depth for slot in self._slots.values()), default=0),
            parent=before.number or None,
            values=values,
            due=due,
            deferred=deferred,
            joins={name: seen for name, seen in self._seen.items() if seen},
            finished=tuple(sorted({slot.task.node for slot in self._slots.values()})),
        )
        unknown = tuple(sorted(self._unknown))
        self._next_number += 1
        self._enter(after)
        return StepCommit(
            checkpoint=after,
            changes=changes,
            is_end=not due,
            written=find_updated(self.plan, writes, values, folded),
            unknown_targets=unknown,
        )

    def _enter(self, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self._checkpoint_id = checkpoint_id(self._thread_key, checkpoint.number)
        self._results = {}
        self._grouped = None
        self._slots: dict[str, _Slot] = {}
        self._early: dict[str, TaskResult] = {}
        self._seen = dict(checkpoint.joins)
        self._turns: dict[int, int] = {}
        self._unknown: list[UnknownTarget] = []
        self._fault: FastGraphError | None = None
        self._waiting = {
            task.node: set(task.triggers)
            for task in (*checkpoint.due, *checkpoint.deferred)
            if task.kind is TaskKind.PULL
        }
        sent = [task for task in checkpoint.due if task.kind is TaskKind.PUSH]
        self._sent: list[tuple[DueTask, _Slot | None, str]] = [
            (task, None, f"{number:010d}") for number, task in enumerate(sent)
        ]
        self._tasks = ()
        self._ids = frozenset()
        if not self.is_out_of_steps:
            self._start()

    def _follow(self, slot: _Slot, result: TaskResult) -> None:
        """Take the edges of a task that is done: whom it triggers, what it sends, which joins have seen it."""
        try:
            way = follow(self.plan, Choice(slot.task.node, result.goto, result.sends))
        except InvalidUpdateError as error:
            self._fault = self._fault or error
            return
        self._unknown += way.unknown
        allowed = self._regions.reach[slot.node]
        for target in (*way.triggers, *(task.node for task in way.pushed)):
            if target not in allowed:
                self._fault = self._fault or InvalidUpdateError(
                    f"Node {slot.node!r} of dataflow graph {self.plan.name!r} chose {target!r}, which it did not say it may "
                    f"lead to. Name it: destinations= of the node, or the path_map of its conditional edge."
                )
        for target, triggers in way.triggers.items():
            self._waiting.setdefault(target, set()).update(triggers)
        for name in way.joins:
            self._seen[name] = self._seen.get(name, frozenset()) | {slot.node}
            join = self.plan.joins.get(name)
            if join is not None and self._seen[name] >= join.sources:
                self._waiting.setdefault(join.target, set()).add(name)
        self._sent += [
            (task, slot, f"{slot.place[3]}>{number:06d}") for number, task in enumerate(way.pushed)
        ]

    def _settle(self) -> None:
        """Start what can start, unless a checkpoint comes first."""
        if self._fault is not None:
            return
        if len(self._results) == len(self._slots) and self._is_cut():
            return
        self._start()

    def _is_cut(self) -> bool:
        """Say whether everything that is next follows from everything that is done; nothing runs now."""
        done = self._slots.keys()
        ready = self._ready()
        if all(self.plan.nodes[node].is_deferred for node in ready) and not self._sent:
            return True
        follows_all = all(self._ancestors_of(node) == done for node in ready)
        return follows_all and all(
            sender is not None and {*sender.ancestors, sender.task.id} == done for _, sender, _ in self._sent
        )

    def _ready(self) -> list[str]:
        """Return the waiting nodes that nothing holds, by name."""
        running = {slot.node for name, slot in self._slots.items() if name not in self._results}
        return [node for node in sorted(self._waiting) if not self._is_held(node, running)]

    def _is_held(self, node: str, running: set[str]) -> bool:
        regions, nodes = self._regions, self.plan.nodes
        others = [other for other in self._waiting if not nodes[other].is_deferred]
        if nodes[node].is_deferred:
            if running or others or self._sent:
                return True
            others = list(self._waiting)
        if any(regions.are_together(other, node) or regions.leads_to(other, node) for other in running):
            return True
        return any(
            not regions.are_together(other, node) and regions.leads_to(other, node) for other in others
        )

    def _start(self) -> None:
        sent, self._sent = self._sent, []
        for task, sender, name in sent:
            self._start_sent(task, sender, name)
        ready = self._ready()
        for rank in {self._regions.rank[node] for node in ready}:
            self._turns[rank] = self._turns.get(rank, 0) + 1
        for node in ready:
            self._start_pulled(node)
        self._tasks = tuple(slot.task for slot in sorted(self._slots.values(), key=_place))
        self._ids = frozenset(self._slots)

    def _start_pulled(self, node: str) -> None:
        rank = self._regions.rank[node]
        turn = self._turns[rank]
        triggers = self._waiting.pop(node)
        for name in triggers:
            self._seen.pop(name, None)
        ancestors = self._ancestors_of(node)
        seen = [self._slots[name] for name in ancestors]
        argument = None
        if node == START:
            argument = next((task.argument for task in self._checkpoint.due if task.node == START), None)
        due = DueTask(node=node, kind=TaskKind.PULL, triggers=tuple(sorted(triggers)), argument=argument)
        self._add(
            due,
            path=f"pull:{node}" if turn == 1 else f"pull:{node}:{turn}",
            place=(rank, turn, 0, node),
            depth=1 + max((slot.depth for slot in seen), default=-1),
            ancestors=ancestors,
            layers=self._layers(seen),
        )

    def _start_sent(self, due: DueTask, sender: _Slot | None, name: str) -> None:
        rank = self._regions.rank[due.node]
        if sender is None:
            self._add(
                due,
                path=f"push:{name}",
                place=(rank, 0, 1, name),
                depth=0,
                ancestors=frozenset(),
                layers=(),
            )
            return
        stays = sender.place[0] == rank
        self._add(
            due,
            path=f"sent:{sender.task.id}:{name[-6:]}",
            place=(rank, sender.place[1] if stays else 0, sender.place[2] + 1 if stays else 1, name),
            depth=sender.depth + 1,
            ancestors=sender.ancestors | {sender.task.id},
            layers=(*sender.task.layers, *self._layers([sender])),
        )

    def _add(
        self,
        due: DueTask,
        *,
        path: str,
        place: Place,
        depth: int,
        ancestors: frozenset[str],
        layers: tuple[Layer, ...],
    ) -> None:
        step = self._checkpoint.step + 1 + depth
        if step > self._last_step:
            self._fault = self._fault or GraphRecursionError(self.recursion_limit)
            return
        task = Task(
            id=task_id(self._checkpoint_id, self.namespace, step, due.node, path),
            node=due.node,
            kind=due.kind,
            path=path,
            step=step,
            triggers=due.triggers,
            argument=due.argument,
            limits=due.limits,
            remaining_steps=self._last_step - step,
            layers=layers,
        )
        self._slots[task.id] = _Slot(task, due.node, place, depth, ancestors)

    def _ancestors_of(self, node: str) -> frozenset[str]:
        """Return the tasks whose writes a pulled task of this node sees."""
        regions = self._regions
        return frozenset(
            name
            for name, slot in self._slots.items()
            if name in self._results
            and (regions.are_together(slot.node, node) or regions.leads_to(slot.node, node))
        )

    def _layers(self, slots: Iterable[_Slot]) -> tuple[Layer, ...]:
        ordered = sorted(slots, key=_place)
        return tuple(
            tuple((slot.task.id, self._results[slot.task.id].writes) for slot in together)
            for _, together in groupby(ordered, key=lambda slot: slot.place[:3])
        )

    def _group(self) -> Writes:
        if self._fault is not None:
            raise self._fault
        writes = super()._group()
        nodes = {name: (slot.node, slot.place[:3]) for name, slot in self._slots.items()}
        check_concurrent(self.plan, self._regions, writes, nodes)
        return writes

    def _due(self) -> tuple[tuple[DueTask, ...], tuple[DueTask, ...]]:
        """Return what is due at the next checkpoint, and what goes on waiting."""
        pulled = [
            DueTask(node=node, kind=TaskKind.PULL, triggers=tuple(sorted(self._waiting[node])))
            for node in sorted(self._waiting)
        ]
        due = [task for task in pulled if not self.plan.nodes[task.node].is_deferred]
        ordered = sorted(self._sent, key=lambda item: (item[1].place if item[1] else (), item[2]))
        sent = [task for task, _, _ in ordered]
        if not due and not sent:
            return tuple(pulled), ()
        deferred = tuple(task for task in pulled if self.plan.nodes[task.node].is_deferred)
        return (*due, *sent), deferred


def _place(slot: _Slot) -> Place:
    return slot.place
