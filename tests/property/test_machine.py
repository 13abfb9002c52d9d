"""The machine against random graphs: neither the order of completion nor a crash changes what a run becomes."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from fastgraph.execution.checkpoint import Checkpoint, StepCommit
from fastgraph.execution.machine import Machine
from fastgraph.execution.plan import START
from fastgraph.execution.tasks import TaskKind, TaskResult
from property.graphs import STEPS, World, fold, worlds

History = list[StepCommit]


def finish_step(world: World, machine: Machine, order: Random) -> StepCommit:
    tasks = list(machine.open_tasks)
    order.shuffle(tasks)
    for task in tasks:
        machine.record(world.answer(task))
    return machine.advance(fold(machine.fold_work()) if machine.needs_fold else None)


def run(world: World, order: Random) -> History:
    history = [world.begin()]
    machine = world.machine(history[0].checkpoint)
    while not machine.is_ended and not machine.is_out_of_steps:
        history.append(finish_step(world, machine, order))
    return history


def run_with_crashes(world: World, chance: Random) -> History:
    """Run with a machine that is thrown away at random moments; only commits and recorded results are kept."""
    history = [world.begin()]
    recorded: dict[str, TaskResult] = {}
    machine = world.machine(history[0].checkpoint)
    while True:
        if chance.random() < 0.4:
            machine = world.machine(history[-1].checkpoint)
            for result in recorded.values():
                machine.record(result)
        if machine.is_ended or machine.is_out_of_steps:
            return history
        if machine.open_tasks:
            result = world.answer(chance.choice(machine.open_tasks))
            recorded[result.task_id] = result
            machine.record(result)
        else:
            history.append(machine.advance(fold(machine.fold_work()) if machine.needs_fold else None))
            recorded = {}


@given(world=worlds(), first=st.integers(), second=st.integers())
def test_order_of_completion_never_changes_the_state(world: World, first: int, second: int) -> None:
    assert run(world, Random(first)) == run(world, Random(second))


@settings(max_examples=200)
@given(world=worlds(), chance=st.integers())
def test_crash_at_any_point_gives_the_same_history(world: World, chance: int) -> None:
    assert run_with_crashes(world, Random(chance)) == run(world, Random(0))


@given(world=worlds())
def test_task_ids_never_repeat_in_a_run(world: World) -> None:
    ids: list[str] = []
    for commit in run(world, Random(0)):
        ids += [task.id for task in world.machine(commit.checkpoint).tasks]
    assert len(ids) == len(set(ids))


@given(world=worlds())
def test_steps_count_up_by_one_and_stop_at_the_limit(world: World) -> None:
    checkpoints = [commit.checkpoint for commit in run(world, Random(0))]
    first = checkpoints[0]
    assert first.number == 1
    assert first.step == (-1 if world.plan.nodes[START].has_routers else 0)
    for before, after in pairwise(checkpoints):
        assert (after.number, after.step, after.parent) == (before.number + 1, before.step + 1, before.number)
    assert checkpoints[-1].step <= STEPS


@given(world=worlds())
def test_due_tasks_are_pulled_by_name_once_then_sent(world: World) -> None:
    for commit in run(world, Random(0)):
        due = commit.checkpoint.due
        pulled = [task.node for task in due if task.kind is TaskKind.PULL]
        assert pulled == sorted(set(pulled))
        assert [task.kind for task in due] == sorted((task.kind for task in due), key=[*TaskKind].index)


@given(world=worlds())
def test_joins_fire_only_when_all_their_sources_were_seen(world: World) -> None:
    seen: dict[str, set[str]] = {}
    for commit in run(world, Random(0)):
        checkpoint: Checkpoint = commit.checkpoint
        for name, join in world.plan.joins.items():
            seen.setdefault(name, set()).update(join.sources & set(checkpoint.finished))
            fires = any(name in task.triggers for task in checkpoint.due)
            waits = any(name in task.triggers for task in checkpoint.deferred)
            assert (fires or waits) == (seen[name] >= join.sources)
            if fires:
                seen[name] = set()
            assert checkpoint.joins.get(name, frozenset()) == frozenset(seen[name])
