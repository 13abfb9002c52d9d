"""A handler's task stands where the failed one stood: same place, same input, same name each time, other edges."""

from __future__ import annotations

import pytest

from fastgraph.errors import TaskMismatchError
from fastgraph.execution.checkpoint import EMPTY
from fastgraph.execution.machine import Machine
from fastgraph.execution.plan import START, GraphPlan, KeyPlan, NodePlan
from fastgraph.execution.start import start
from fastgraph.execution.stored import decode_machine, encode_machine
from fastgraph.execution.tasks import SendWrite, TaskResult, TimeLimits, Write
from fastgraph.state.values import StoredValue

PLAN = GraphPlan(
    name="g",
    nodes={
        START: NodePlan(name=START, targets=("a", "b")),
        "a": NodePlan(name="a", targets=("after",)),
        "b": NodePlan(name="b"),
        "after": NodePlan(name="after"),
        "handler": NodePlan(name="handler"),
    },
    keys={"x": KeyPlan(name="x")},
)


def begin() -> Machine:
    commit = start(PLAN, EMPTY, (Write("x", StoredValue.of(0)),))
    return Machine(PLAN, commit.checkpoint, thread_key=1, run_id="r", recursion_limit=10, first_step=-1)


def test_a_handler_takes_the_failed_tasks_place_and_input() -> None:
    machine = begin()
    failed = machine.tasks[0]
    handler = machine.record_failure(failed.id, "handler")
    assert [task.node for task in machine.tasks] == ["handler", "b"]
    assert (handler.path, handler.argument, handler.step) == (failed.path, failed.argument, failed.step)
    assert (handler.failed_node, handler.limits) == ("a", None)
    assert machine.open_tasks[0] is handler


def test_the_same_failure_always_makes_the_same_task() -> None:
    names = {machine.record_failure(machine.tasks[0].id, "handler").id for machine in (begin(), begin())}
    assert len(names) == 1
    assert names.isdisjoint(task.id for task in begin().tasks)


def test_the_failed_nodes_edges_are_not_taken() -> None:
    machine = begin()
    handler = machine.record_failure(machine.tasks[0].id, "handler")
    machine.record(TaskResult(task_id=handler.id))
    machine.record(TaskResult(task_id=machine.tasks[1].id))
    commit = machine.advance()
    assert commit.is_end
    assert commit.checkpoint.finished == ("b", "handler")


def test_a_task_that_is_not_open_has_no_handler() -> None:
    machine = begin()
    first = machine.tasks[0].id
    machine.record(TaskResult(task_id=first))
    for name in (first, "nobody's"):
        with pytest.raises(TaskMismatchError, match="no open task"):
            machine.record_failure(name, "handler")


def test_a_sends_limits_are_stored_with_its_task() -> None:
    machine = begin()
    send = SendWrite("after", StoredValue.of({"x": 1}), TimeLimits(1.5, None, "heartbeat"))
    machine.record(TaskResult(task_id=machine.tasks[0].id, sends=(send,)))
    machine.record(TaskResult(task_id=machine.tasks[1].id))
    commit = machine.advance()
    read = decode_machine(encode_machine(commit.checkpoint, -1), lambda _, data: StoredValue.read(data)).due
    assert [task.limits for task in read] == [None, TimeLimits(1.5, None, "heartbeat")]
