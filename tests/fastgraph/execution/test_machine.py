"""The machine's promises, one by one; `tests/property/test_machine.py` tries them on random graphs."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest

from fastgraph.errors import GraphRecursionError, InvalidUpdateError, TaskMismatchError
from fastgraph.execution.checkpoint import EMPTY, StepCommit
from fastgraph.execution.machine import Machine
from fastgraph.execution.plan import START, GraphPlan, JoinPlan, KeyKind, KeyPlan, NodePlan
from fastgraph.execution.start import start, steer
from fastgraph.execution.tasks import Folded, SendWrite, TaskResult, Write
from fastgraph.state.changes import Change, diff
from fastgraph.state.values import PLAIN, StoredValue


def plan_of(
    edges: Mapping[str, tuple[str, ...]],
    *,
    is_strict: bool = False,
    deferred: tuple[str, ...] = (),
    router: bool = False,
) -> GraphPlan:
    names = {START, *edges, *(target for targets in edges.values() for target in targets)}
    return GraphPlan(
        name="g",
        nodes={
            name: NodePlan(
                name=name,
                targets=edges.get(name, ()),
                has_routers=router and name == START,
                is_deferred=name in deferred,
            )
            for name in names
        },
        keys={
            "x": KeyPlan(name="x"),
            "log": KeyPlan(name="log", kind=KeyKind.REDUCER, start_value=stored([])),
        },
        is_strict=is_strict,
    )


def stored(value: object) -> StoredValue:
    return StoredValue.of(value)


def begin(plan: GraphPlan, *, limit: int = 100, **options: tuple[str, ...]) -> Machine:
    commit = start(plan, EMPTY, (Write("x", stored(0)),))
    return Machine(
        plan, commit.checkpoint, thread_key=1, run_id="r", recursion_limit=limit, first_step=-1, **options
    )


def finish(machine: Machine, **results: TaskResult) -> StepCommit:
    for task in machine.open_tasks:
        result = results.get(task.node) or TaskResult(task_id=task.id)
        machine.record(
            TaskResult(task_id=task.id, writes=result.writes, goto=result.goto, sends=result.sends)
        )
    return machine.advance()


def wrote(*writes: tuple[str, object]) -> TaskResult:
    return TaskResult(task_id="", writes=tuple(Write(key, stored(value)) for key, value in writes))


CHAIN = plan_of({START: ("a",), "a": ("b",), "b": ("c",)})


def test_input_is_one_checkpoint_of_step_0_with_what_reducers_begin_with() -> None:
    commit = start(CHAIN, EMPTY, (Write("x", stored(1)),))
    assert (commit.checkpoint.number, commit.checkpoint.step, commit.checkpoint.parent) == (1, 0, None)
    assert {key: value.value for key, value in commit.checkpoint.values.items()} == {"x": 1, "log": []}
    assert {key: change.change.encode() for key, change in commit.changes.items()} == {
        "x": b'["set",1]',
        "log": b'["set",[]]',
    }
    assert commit.written == {"x"}
    assert [task.node for task in commit.checkpoint.due] == ["a"]


def test_routers_of_start_run_as_a_task_at_step_minus_1() -> None:
    plan = plan_of({START: ("a",), "b": ()}, router=True)
    machine = begin(plan)
    assert machine.checkpoint.step == -1
    (task,) = machine.tasks
    assert (task.node, task.step) == (START, 0)
    machine.record(TaskResult(task_id=task.id, goto=("b",)))
    assert [due.node for due in machine.advance().checkpoint.due] == ["a", "b"]


def test_results_are_taken_once_and_for_this_step_only() -> None:
    machine = begin(CHAIN)
    (task,) = machine.tasks
    machine.record(TaskResult(task_id=task.id))
    with pytest.raises(TaskMismatchError, match="has a result already"):
        machine.record(TaskResult(task_id=task.id))
    machine.advance()
    with pytest.raises(TaskMismatchError, match="does not belong to step 2"):
        machine.record(TaskResult(task_id=task.id))


def test_step_with_open_tasks_can_not_advance_and_says_who_is_missing() -> None:
    machine = begin(plan_of({START: ("a", "b")}))
    machine.record(TaskResult(task_id=machine.tasks[0].id))
    assert [task.node for task in machine.open_tasks] == ["b"]
    with pytest.raises(TaskMismatchError, match="still waits for 'b'"):
        machine.advance()


def test_chain_of_three_needs_a_limit_of_four() -> None:
    for limit, is_enough in ((3, False), (4, True)):
        machine = begin(CHAIN, limit=limit)
        for _ in range(3):
            machine.check_steps()
            finish(machine)
        assert machine.is_ended is is_enough
        if not is_enough:
            with pytest.raises(GraphRecursionError, match="within 3 steps"):
                machine.check_steps()


def test_plain_key_takes_its_value_by_reference_to_the_task_that_wrote_it() -> None:
    machine = begin(CHAIN)
    task = machine.tasks[0]
    commit = finish(machine, a=wrote(("x", 7)))
    assert commit.changes["x"].from_task == task.id
    assert commit.changes["x"].change == Change.set_to(stored(7))


def test_two_writes_to_a_plain_key_fail_and_change_nothing() -> None:
    machine = begin(plan_of({START: ("a", "b")}))
    with pytest.raises(
        InvalidUpdateError, match=r"'x' of graph 'g' was written 2 times in one step .* Annotated"
    ):
        finish(machine, a=wrote(("x", 1)), b=wrote(("x", 2)))
    assert machine.checkpoint.number == 1
    assert machine.is_step_done


def test_reducers_are_asked_for_in_path_order_and_never_run_here() -> None:
    machine = begin(plan_of({START: ("b", "a")}))
    tasks = {task.node: task for task in machine.tasks}
    for node in ("b", "a"):
        machine.record(TaskResult(task_id=tasks[node].id, writes=(Write("log", stored([node])),)))
    assert machine.needs_fold
    (work,) = machine.fold_work().keys
    assert (work.key, work.current, [write.value.value for write in work.writes]) == (
        "log",
        stored([]),
        [["a"], ["b"]],
    )
    with pytest.raises(InvalidUpdateError, match="were not folded"):
        machine.advance()
    change, value = diff(stored([]), ["a", "b"], PLAIN)
    assert change is not None
    commit = machine.advance(Folded(values={"log": value}, changes={"log": change}))
    assert commit.checkpoint.values["log"].value == ["a", "b"]
    assert commit.changes["log"].from_task is None


def test_single_task_brings_its_fold_along_and_an_append_is_stored_once() -> None:
    machine = begin(CHAIN)
    (task,) = machine.tasks
    change, value = diff(stored([]), ["new"], PLAIN)
    assert change is not None
    folded = Folded(values={"log": value}, changes={"log": change})
    machine.record(TaskResult(task_id=task.id, writes=(Write("log", stored(["new"])),), folded=folded))
    assert not machine.needs_fold
    commit = machine.advance()
    assert commit.changes["log"].change.encode() == b'["append",["new"]]'
    assert commit.changes["log"].from_task == task.id


def test_unknown_targets_are_ignored_and_told_or_refused_where_strict() -> None:
    chose = TaskResult(task_id="", goto=("nowhere", START), sends=(SendWrite("nobody", stored(1)),))
    commit = finish(begin(CHAIN), a=chose)
    assert [(unknown.source, unknown.target) for unknown in commit.unknown_targets] == [
        ("a", "nowhere"),
        ("a", START),
        ("a", "nobody"),
    ]
    assert [task.node for task in commit.checkpoint.due] == ["b"]
    strict = begin(plan_of({START: ("a",), "a": ("b",)}, is_strict=True))
    with pytest.raises(InvalidUpdateError, match=r"'a' chose the target 'nowhere'.* Its nodes: a, b"):
        finish(strict, a=chose)


def test_join_remembers_over_steps_and_begins_anew_when_it_fires() -> None:
    join = JoinPlan(name="j", sources=frozenset({"a", "c"}), target="end")
    plan = plan_of({START: ("a",), "a": ("b",), "b": ("c",), "end": ()})
    nodes = {
        name: NodePlan(name=name, targets=node.targets, joins=("j",) if name in join.sources else ())
        for name, node in plan.nodes.items()
    }
    machine = begin(GraphPlan(name="g", nodes=nodes, keys=plan.keys, joins={"j": join}))
    assert finish(machine).checkpoint.joins == {"j": frozenset({"a"})}
    finish(machine)
    commit = finish(machine)
    assert [(task.node, task.triggers) for task in commit.checkpoint.due] == [("end", ("j",))]
    assert commit.checkpoint.joins == {}


def test_breakpoints_hold_until_they_are_passed() -> None:
    machine = begin(CHAIN, interrupt_before=("b",), interrupt_after=("b",))
    assert machine.breakpoint() == ()
    finish(machine)
    assert machine.breakpoint() == ("b",)
    machine.pass_breakpoint()
    assert machine.breakpoint() == ()
    finish(machine)
    assert machine.breakpoint() == ("b",)
    rebuilt = Machine(
        CHAIN,
        machine.checkpoint,
        thread_key=1,
        run_id="r",
        recursion_limit=100,
        first_step=-1,
        interrupt_after=("b",),
    )
    assert rebuilt.breakpoint() == ("b",)


def test_breakpoint_after_the_last_node_holds_the_end() -> None:
    machine = begin(plan_of({START: ("a",)}), interrupt_after=("*",))
    finish(machine)
    assert (machine.is_ended, machine.breakpoint()) == (False, ("a",))
    machine.pass_breakpoint()
    assert machine.is_ended


def test_new_input_drops_what_was_due_and_keeps_values_and_deferred_nodes() -> None:
    plan = plan_of({START: ("a",), "a": ("d", "b")}, deferred=("d",))
    machine = begin(plan)
    commit = finish(machine, a=wrote(("x", 5)))
    assert [task.node for task in commit.checkpoint.deferred] == ["d"]
    again = start(
        plan,
        commit.checkpoint,
        (Write("log", stored(["n"])),),
        Folded(values={"log": stored(["n"])}, changes={}),
    )
    assert (again.checkpoint.number, again.checkpoint.step, again.checkpoint.parent) == (3, 3, 2)
    assert [task.node for task in again.checkpoint.due] == ["a"]
    assert again.checkpoint.values["x"].value == 5
    assert [task.node for task in again.checkpoint.deferred] == ["d"]


def test_command_from_outside_steers_a_checkpoint_in_its_place() -> None:
    machine = begin(plan_of({START: ("a",), "b": ()}))
    before = machine.tasks[0].id
    commit = steer(
        machine.plan,
        machine.checkpoint,
        (Write("x", stored(9)),),
        goto=("b", "a"),
        sends=(SendWrite("b", stored(1)),),
    )
    steered = Machine(
        machine.plan, commit.checkpoint, thread_key=1, run_id="r", recursion_limit=10, first_step=-1
    )
    assert [task.path for task in steered.tasks] == ["pull:a", "pull:b", "push:0000000000"]
    assert steered.tasks[0].id == before
    assert commit.checkpoint.values["x"].value == 9


def test_step_of_a_chain_costs_the_machine_less_than_40_microseconds() -> None:
    ring = plan_of({START: ("a",), "a": ("b",), "b": ("a",)})
    machine = begin(ring, limit=10**6)
    value = stored(1)
    best = float("inf")
    for _ in range(5):
        began = time.thread_time()
        for _ in range(500):
            machine.record(TaskResult(task_id=machine.tasks[0].id, writes=(Write("x", value),)))
            assert not machine.needs_fold
            machine.advance()
        best = min(best, (time.thread_time() - began) / 500)
    assert best < 40e-6
