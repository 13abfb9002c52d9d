"""The machine of dataflow graphs: whatever finishes first, the checkpoints, the views and the tasks are the same."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from fastgraph.errors import FastGraphError
from fastgraph.execution.checkpoint import Checkpoint, StepCommit
from fastgraph.execution.machine import Machine
from fastgraph.execution.tasks import Layer, TaskKind, TaskResult
from fastgraph.execution.tracked import tracked_checkpoint, tracked_ending
from property.graphs import World, flows
from property.test_machine import advance, read_back

Views = dict[str, tuple[Layer, ...]]


def run(world: World, order: Random) -> tuple[list[StepCommit], Views, str | None]:
    """Run to the end, recording one result after the other in any order; return what each task saw, too."""
    history = [world.begin()]
    views: Views = {}
    machine = world.machine(history[0].checkpoint)
    try:
        while not machine.is_ended and not machine.is_out_of_steps:
            while machine.open_tasks:
                views |= {task.id: task.layers for task in machine.open_tasks}
                machine.record(world.answer(order.choice(machine.open_tasks)))
            history.append(advance(machine))
    except FastGraphError as error:
        return history, {}, type(error).__name__
    return history, views, None


def rebuild(world: World, checkpoint: Checkpoint, recorded: list[TaskResult]) -> Machine:
    machine = world.machine(checkpoint)
    for result in recorded:
        machine.record(result)
    return machine


@settings(max_examples=300)
@given(world=flows(), first=st.integers(), second=st.integers())
def test_order_of_completion_changes_nothing(world: World, first: int, second: int) -> None:
    assert run(world, Random(first)) == run(world, Random(second))


@settings(max_examples=200)
@given(world=flows(), chance=st.integers())
def test_crash_at_any_point_gives_the_same_history(world: World, chance: int) -> None:
    """Stored results may be read back in any order."""
    expected, _, error = run(world, Random(0))
    random = Random(chance)
    history = [tracked_checkpoint(world.begin().checkpoint)]
    recorded: list[TaskResult] = []
    machine = world.machine(history[0])
    seen_error: str | None = None
    while seen_error is None and not machine.is_ended and not machine.is_out_of_steps:
        if random.random() < 0.3:
            random.shuffle(recorded)
            machine = rebuild(world, read_back(history[-1]), recorded)
            continue
        try:
            if machine.open_tasks:
                result = world.answer(random.choice(machine.open_tasks))
                kept = tracked_ending(result)
                assert isinstance(kept, TaskResult)
                recorded.append(kept)
                machine.record(result)
            else:
                history.append(tracked_checkpoint(advance(machine).checkpoint))
                recorded = []
        except FastGraphError as raised:
            seen_error = type(raised).__name__
    assert seen_error == error
    assert history == [tracked_checkpoint(commit.checkpoint) for commit in expected]


@given(world=flows(), order=st.integers())
def test_node_starts_only_when_nothing_that_leads_to_it_runs(world: World, order: int) -> None:
    regions = world.plan.regions
    assert regions is not None
    random = Random(order)
    machine = world.machine(world.begin().checkpoint)
    for _ in range(60):
        if machine.is_ended or machine.is_out_of_steps:
            return
        pulled = [task for task in machine.open_tasks if task.kind is TaskKind.PULL]
        for task in pulled:
            for other in machine.open_tasks:
                is_before = regions.leads_to(other.node, task.node) and not regions.leads_to(
                    task.node, other.node
                )
                assert not is_before or other.node == task.node
        try:
            if machine.open_tasks:
                machine.record(world.answer(random.choice(machine.open_tasks)))
            else:
                advance(machine)
        except FastGraphError:
            return


@given(world=flows())
def test_task_sees_each_write_of_the_wide_step_once_and_none_of_its_own(world: World) -> None:
    _, views, _ = run(world, Random(0))
    for name, layers in views.items():
        writers = [task for layer in layers for task, _ in layer]
        assert len(writers) == len(set(writers))
        assert name not in writers
