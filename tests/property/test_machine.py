"""The machine against random graphs: neither the order of completion nor a crash changes what a run becomes."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from fastgraph.errors import InvalidUpdateError
from fastgraph.execution.checkpoint import Checkpoint, StepCommit
from fastgraph.execution.machine import Machine
from fastgraph.execution.plan import START, KeyKind
from fastgraph.execution.stored import decode_machine, encode_machine
from fastgraph.execution.tasks import TaskKind, TaskResult
from fastgraph.execution.tracked import tracked_checkpoint, tracked_ending
from fastgraph.state.change import apply_change
from fastgraph.state.values import StoredValue
from property.graphs import STEPS, World, fold, worlds

History = list[StepCommit]


def advance(machine: Machine) -> StepCommit:
    return machine.advance(fold(machine.fold_work()) if machine.needs_fold else None)


def finish_step(world: World, machine: Machine, order: Random) -> StepCommit:
    tasks = list(machine.open_tasks)
    order.shuffle(tasks)
    for task in tasks:
        machine.record(world.answer(task))
    return advance(machine)


def run(world: World, order: Random) -> tuple[History, str | None]:
    """Run to the end, the limit, or the error that a step is."""
    history = [world.begin()]
    machine = world.machine(history[0].checkpoint)
    while not machine.is_ended and not machine.is_out_of_steps:
        try:
            history.append(finish_step(world, machine, order))
        except InvalidUpdateError as error:
            return history, str(error)
    return history, None


def read_back(checkpoint: Checkpoint) -> Checkpoint:
    """Write a checkpoint as it is stored and read it again."""
    kept = tracked_checkpoint(checkpoint)
    facts = decode_machine(encode_machine(kept, -1), lambda _, data: StoredValue.read(data))
    values = {key: StoredValue.read(value.to_bytes()) for key, value in kept.values.items()}
    return facts.checkpoint(number=kept.number, step=kept.step, parent=kept.parent, values=values)


def run_with_crashes(world: World, chance: Random) -> tuple[list[Checkpoint], str | None]:
    """Run with a machine that is thrown away at random moments; only what is stored of it is kept."""
    history = [tracked_checkpoint(world.begin().checkpoint)]
    recorded: dict[str, TaskResult] = {}
    machine = world.machine(world.begin().checkpoint)
    while True:
        if chance.random() < 0.4:
            machine = world.machine(read_back(history[-1]))
            for result in recorded.values():
                machine.record(result)
        if machine.is_ended or machine.is_out_of_steps:
            return history, None
        if machine.open_tasks:
            result = world.answer(chance.choice(machine.open_tasks))
            kept = tracked_ending(result)
            assert isinstance(kept, TaskResult)
            recorded[result.task_id] = kept
            machine.record(result)
            continue
        try:
            history.append(tracked_checkpoint(advance(machine).checkpoint))
        except InvalidUpdateError as error:
            return history, str(error)
        recorded = {}


@given(world=worlds(), first=st.integers(), second=st.integers())
def test_order_of_completion_never_changes_the_state(world: World, first: int, second: int) -> None:
    assert run(world, Random(first)) == run(world, Random(second))


@settings(max_examples=200)
@given(world=worlds(), chance=st.integers())
def test_crash_at_any_point_gives_the_same_history(world: World, chance: int) -> None:
    history, error = run(world, Random(0))
    stored = [tracked_checkpoint(commit.checkpoint) for commit in history]
    assert run_with_crashes(world, Random(chance)) == (stored, error)


@given(world=worlds())
def test_changes_of_the_commits_lead_to_the_values_of_the_checkpoints(world: World) -> None:
    tree: dict[str, Any] = {}
    for commit in run(world, Random(0))[0]:
        for key, change in commit.changes.items():
            tree[key] = apply_change(tree.get(key), orjson.loads(change.change.encode()))
            if orjson.loads(change.change.encode()) == ["drop"]:
                del tree[key]
        values = tracked_checkpoint(commit.checkpoint).values
        assert {key: orjson.dumps(value) for key, value in tree.items()} == {
            key: value.to_bytes() for key, value in values.items()
        }


@given(world=worlds())
def test_key_that_a_step_does_not_write_is_as_its_kind_says(world: World) -> None:
    kinds = {name: key.kind for name, key in world.plan.keys.items()}
    for before, after in pairwise(run(world, Random(0))[0]):
        if before.checkpoint.due and before.checkpoint.due[0].node == START:
            continue  # START's routers are no step of their own: what the input wrote lives on
        for name, kind in kinds.items():
            if name in after.written or kind is KeyKind.CHANNEL:
                continue
            if kind.is_cleared:
                assert name not in after.checkpoint.values
            else:
                assert after.checkpoint.values.get(name) is before.checkpoint.values.get(name)


@given(world=worlds())
def test_task_ids_never_repeat_in_a_run(world: World) -> None:
    ids: list[str] = []
    for commit in run(world, Random(0))[0]:
        ids += [task.id for task in world.machine(commit.checkpoint).tasks]
    assert len(ids) == len(set(ids))


@given(world=worlds())
def test_steps_count_up_by_one_and_stop_at_the_limit(world: World) -> None:
    checkpoints = [commit.checkpoint for commit in run(world, Random(0))[0]]
    first = checkpoints[0]
    assert first.number == 1
    assert first.step == (-1 if world.plan.nodes[START].has_routers else 0)
    for before, after in pairwise(checkpoints):
        assert (after.number, after.step, after.parent) == (before.number + 1, before.step + 1, before.number)
    assert checkpoints[-1].step <= STEPS


@given(world=worlds())
def test_due_tasks_are_pulled_by_name_once_then_sent(world: World) -> None:
    for commit in run(world, Random(0))[0]:
        due = commit.checkpoint.due
        pulled = [task.node for task in due if task.kind is TaskKind.PULL]
        assert pulled == sorted(set(pulled))
        assert [task.kind for task in due] == sorted((task.kind for task in due), key=[*TaskKind].index)


@given(world=worlds())
def test_joins_fire_only_when_all_their_sources_were_seen(world: World) -> None:
    seen: dict[str, set[str]] = {}
    for commit in run(world, Random(0))[0]:
        checkpoint: Checkpoint = commit.checkpoint
        for name, join in world.plan.joins.items():
            seen.setdefault(name, set()).update(join.sources & set(checkpoint.finished))
            fires = any(name in task.triggers for task in checkpoint.due)
            waits = any(name in task.triggers for task in checkpoint.deferred)
            assert (fires or waits) == (seen[name] >= join.sources)
            if fires:
                seen[name] = set()
            assert checkpoint.joins.get(name, frozenset()) == frozenset(seen[name])
