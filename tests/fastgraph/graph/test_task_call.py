"""One task, one ending: whatever a node does comes back as a result, questions or a failure, never as an exception."""

from __future__ import annotations

import asyncio
import operator
from collections.abc import AsyncIterator
from typing import Annotated, Any, TypedDict

import pytest

from fastgraph import (
    START,
    Command,
    CompiledGraph,
    MemoryArtifacts,
    RetryPolicy,
    Runtime,
    Send,
    StateGraph,
    get_stream_writer,
    idempotency_key,
    interrupt,
    log,
    progress,
    save_artifact,
    token,
)
from fastgraph.execution.interrupts import interrupt_id
from fastgraph.execution.tasks import Task, TaskEnding, TaskFailed, TaskInterrupted, TaskKind, TaskResult
from fastgraph.graph.failures import TRACEBACK_BYTES
from fastgraph.graph.task_call import TaskCall, run_task, run_task_async
from fastgraph.in_process.artifacts import MemoryServices
from fastgraph.state.values import StoredValue


class State(TypedDict, total=False):
    x: int
    seen: Annotated[list[str], operator.add]


def graph_of(node: Any, **options: Any) -> CompiledGraph:
    builder = StateGraph(State)
    builder.add_node("node", node, **options)
    builder.add_node("next", lambda state: None)
    builder.add_edge(START, "node")
    return builder.compile()


def call_of(graph: CompiledGraph, *, sent: list[Any] | None = None, **changes: Any) -> TaskCall:
    task = Task(
        id="t1", node="node", kind=TaskKind.PULL, path="pull:node", step=1, triggers=("branch:to:node",)
    )
    services = MemoryServices(
        run_id="run",
        node="node",
        artifacts=MemoryArtifacts(),
        send=lambda kind, data: sent.append((kind.value, data)) if sent is not None else None,
    )
    facts: dict[str, Any] = {
        "graph": graph,
        "task": task,
        "values": {"x": StoredValue.of(1), "seen": StoredValue.of(["in"])},
        "attempt": 1,
        "answers": {},
        "config": {},
        "context": None,
        "services": services,
    }
    return TaskCall(**{**facts, **changes})


def end(node: Any, **changes: Any) -> TaskEnding:
    return run_task(call_of(graph_of(node), **changes))


def failure(ending: TaskEnding) -> tuple[str, str]:
    assert isinstance(ending, TaskFailed)
    return ending.error.type, ending.error.message


def test_result_holds_encoded_writes_and_targets() -> None:
    def node(state: State) -> Command[str]:
        return Command(update={"x": 2, "other": 3}, goto=["next", Send("next", {"y": 4})])

    ending = end(node)
    assert isinstance(ending, TaskResult)
    assert [(write.key, write.value.value) for write in ending.writes] == [("x", 2)]
    assert (ending.goto, ending.unknown_keys, ending.has_update) == (("next",), ("other",), True)
    assert ending.sends[0].argument.value == {"y": 4}
    assert ending.folded is None


def test_task_folds_its_own_writes_where_it_is_asked_to() -> None:
    ending = end(lambda state: {"seen": ["out"], "x": 5}, fold=True)
    assert isinstance(ending, TaskResult)
    assert ending.folded is not None
    assert {key: value.value for key, value in ending.folded.values.items()} == {"seen": ["in", "out"]}
    assert ending.folded.changes["seen"].encode() == b'["append",["out"]]'


def test_node_can_not_change_the_stored_values() -> None:
    def node(state: State) -> None:
        state["seen"].append("changed")

    values = {"seen": StoredValue.of(["in"])}
    end(node, values=values)
    assert values["seen"].value == ["in"]


def raiser(error: BaseException) -> Any:
    def node(state: State) -> None:
        raise error

    return node


@pytest.mark.parametrize(
    "kind", [ValueError, SystemExit, KeyboardInterrupt, GeneratorExit, StopIteration, BaseException]
)
def test_whatever_a_node_raises_is_its_failure(kind: type[BaseException]) -> None:
    assert failure(end(raiser(kind("no")))) in [
        (kind.__name__, "no"),
        ("RuntimeError", "coroutine raised StopIteration"),
    ]


def test_cancelled_error_of_a_node_is_a_failure_and_no_end() -> None:
    assert failure(end(raiser(asyncio.CancelledError())))[0] == "NodeCancelledError"


def test_endless_recursion_is_a_failure_of_bounded_size() -> None:
    def deeper(n: int) -> int:
        return deeper(n + 1) + 1

    ending = end(lambda state: {"x": deeper(0)})
    assert isinstance(ending, TaskFailed)
    assert ending.error.type == "RecursionError"
    assert len(ending.error.traceback.encode()) <= TRACEBACK_BYTES


def test_error_whose_own_text_raises_is_still_recorded() -> None:
    class MuteError(Exception):
        def __str__(self) -> str:
            raise SystemExit

    assert failure(end(raiser(MuteError()))) == (
        "MuteError",
        "(its message can't be read: __str__ raised SystemExit)",
    )


def test_traceback_begins_in_the_users_code() -> None:
    ending = end(raiser(ValueError("here")))
    assert isinstance(ending, TaskFailed)
    frames = [line for line in ending.error.traceback.splitlines() if line.startswith("  File")]
    assert len(frames) == 1
    assert __file__ in frames[0]


@pytest.mark.parametrize(
    "value", [lambda: 1, object(), [1], "text", 7], ids=["lambda", "object", "list", "text", "int"]
)
def test_what_is_no_update_fails_with_a_sentence(value: Any) -> None:
    kind, message = failure(end(lambda state: value))
    assert kind == "InvalidUpdateError"
    assert "node 'node' returned a" in message
    assert "Return a dict" in message


def test_value_that_can_not_be_stored_names_its_key_and_type() -> None:
    kind, message = failure(end(lambda state: {"seen": [open]}))
    assert kind == "UnstorableValueError"
    assert "key 'seen', item 0" in message
    assert "builtin_function_or_method" in message


def test_reducer_that_raises_is_a_failure_of_its_task() -> None:
    assert failure(end(lambda state: {"seen": 5}, fold=True))[0] == "TypeError"


def test_router_that_raises_is_a_failure_of_its_task() -> None:
    builder = StateGraph(State)
    builder.add_node("node", lambda state: {"x": 3})
    builder.add_edge(START, "node")
    builder.add_conditional_edges("node", lambda state: 1 // 0)
    assert failure(run_task(call_of(builder.compile())))[0] == "ZeroDivisionError"


def test_question_has_a_stable_id_a_position_and_a_schema() -> None:
    def node(state: State) -> dict[str, Any]:
        first = interrupt("one?")
        return {"x": interrupt({"two": first}, response_schema=int)}

    asked = end(node, answers={interrupt_id("t1", 0): "uno"})
    assert isinstance(asked, TaskInterrupted)
    (request,) = asked.interrupts
    assert (request.id, request.position) == (interrupt_id("t1", 1), 1)
    assert request.value.value == {"two": "uno"}
    assert request.response_schema == {"type": "integer"}
    first, second = interrupt_id("t1", 0), interrupt_id("t1", 1)
    answered = end(node, answers={first: "uno", second: 2})
    assert isinstance(answered, TaskResult)
    assert failure(end(node, answers={first: "uno", second: "no number"}))[0] == "ValidationError"


def test_question_that_can_not_be_stored_fails() -> None:
    assert failure(end(lambda state: interrupt(open)))[0] == "UnstorableValueError"


def test_retry_policy_is_matched_until_its_attempts_are_used() -> None:
    policies = [RetryPolicy(retry_on=KeyError), RetryPolicy(retry_on=ValueError, max_attempts=2)]
    graph = graph_of(raiser(ValueError("no")), retry_policy=policies)
    endings = [run_task(call_of(graph, attempt=attempt)) for attempt in (1, 2)]
    assert [ending.matched_policy for ending in endings if isinstance(ending, TaskFailed)] == [1, None]


def test_retry_on_that_raises_is_the_failure() -> None:
    graph = graph_of(raiser(ValueError("no")), retry_policy=RetryPolicy(retry_on=lambda error: 1 // 0 == 0))
    assert failure(run_task(call_of(graph)))[0] == "ZeroDivisionError"


def test_async_node_in_a_thread_is_refused_before_it_begins() -> None:
    begun = []

    async def node(state: State) -> None:
        begun.append(1)

    kind, message = failure(end(node))
    assert (kind, begun) == ("AsyncNodeError", [])
    assert "'node' is async" in message


def test_injected_parameters_are_found_by_name() -> None:
    seen: dict[str, Any] = {}

    def node(
        state: State, config: dict[str, Any], *, runtime: Runtime[Any], writer: Any, other: int = 3
    ) -> None:
        seen.update(config=config, context=runtime.context, attempt=runtime.attempt, other=other)
        writer("from the writer")

    sent: list[Any] = []
    run_task(
        call_of(
            graph_of(node), sent=sent, config={"configurable": {"who": "me"}}, context={"a": 1}, attempt=4
        )
    )
    assert {"who": "me", "checkpoint_ns": "node:t1"}.items() <= seen["config"]["configurable"].items()
    assert seen["config"]["metadata"]["langgraph_node"] == "node"
    assert (seen["context"], seen["attempt"], seen["other"]) == ({"a": 1}, 4, 3)
    assert sent == [("custom", "from the writer")]


def test_functions_for_nodes_reach_the_services() -> None:
    keys = []

    def node(state: State) -> None:
        log("hello", level="warning", n=3)
        progress(1, total=4, label="parts")
        token("wo")
        get_stream_writer()({"any": "object"})
        save_artifact("report.md", "# done")
        keys.append((idempotency_key(), idempotency_key("other")))

    sent: list[Any] = []
    for attempt in (1, 2):
        run_task(call_of(graph_of(node), sent=sent, attempt=attempt))
    assert sent[:4] == [
        ("log", {"node": "node", "level": "warning", "message": "hello", "fields": {"n": 3}}),
        ("progress", {"node": "node", "done": 1, "total": 4, "label": "parts"}),
        ("token", {"node": "node", "text": "wo"}),
        ("custom", {"any": "object"}),
    ]
    assert keys[0] == keys[1]
    assert keys[0][0] != keys[0][1]


@pytest.mark.anyio
async def test_async_node_ends_on_the_loop() -> None:
    async def node(state: State) -> dict[str, int]:
        await asyncio.sleep(0)
        return {"x": state["x"] + 1}

    ending = await run_task_async(call_of(graph_of(node)))
    assert isinstance(ending, TaskResult)
    assert ending.writes[0].value.value == 2


@pytest.mark.anyio
async def test_sync_node_with_an_async_router_runs_off_the_loop() -> None:
    import threading

    threads = []

    def node(state: State) -> dict[str, int]:
        threads.append(threading.current_thread())
        return {"x": 9}

    async def choose(state: State) -> str:
        await asyncio.sleep(0)
        return "next" if state["x"] == 9 else "node"

    builder = StateGraph(State)
    builder.add_node("node", node)
    builder.add_node("next", lambda state: None)
    builder.add_edge(START, "node")
    builder.add_conditional_edges("node", choose)
    graph = builder.compile()
    ending = await run_task_async(call_of(graph))
    assert graph.runs_on_loop("node")
    assert isinstance(ending, TaskResult)
    assert ending.goto == ("next",)
    assert threads != [threading.current_thread()]


@pytest.mark.anyio
async def test_timeout_of_an_attempt_is_a_failure_that_names_it() -> None:
    async def node(state: State) -> None:
        await asyncio.Event().wait()

    ending = await run_task_async(call_of(graph_of(node, timeout=0.01)))
    assert failure(ending)[0] == "NodeTimeoutError"
    assert failure(ending)[1].startswith("Node 'node' did not end within 0.01 s (its run timeout)")


@pytest.mark.anyio
async def test_timeout_error_of_the_node_itself_stays_what_it_is() -> None:
    async def node(state: State) -> None:
        raise TimeoutError("mine")

    assert failure(await run_task_async(call_of(graph_of(node, timeout=60)))) == ("TimeoutError", "mine")


@pytest.mark.anyio
async def test_cancel_from_outside_goes_through() -> None:
    begun = asyncio.Event()

    async def node(state: State) -> None:
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(run_task_async(call_of(graph_of(node))))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.anyio
async def test_cancelled_error_raised_by_an_async_node_is_its_failure() -> None:
    async def node(state: State) -> None:
        raise asyncio.CancelledError

    assert failure(await run_task_async(call_of(graph_of(node))))[0] == "NodeCancelledError"


@pytest.mark.anyio
@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, RecursionError])
async def test_async_node_that_wants_to_leave_fails_alone(error: type[BaseException]) -> None:
    async def node(state: State) -> None:
        raise error

    assert failure(await run_task_async(call_of(graph_of(node))))[0] == error.__name__


@pytest.mark.anyio
async def test_async_generator_is_no_update() -> None:
    async def node(state: State) -> AsyncIterator[int]:
        yield 1

    assert failure(await run_task_async(call_of(graph_of(node))))[0] == "InvalidUpdateError"
