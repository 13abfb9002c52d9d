"""What `invoke` promises beyond LangGraph: threads, loops, artifacts, streams that are left, strictness, sentences."""

from __future__ import annotations

import asyncio
import logging
import operator
import threading
from typing import Annotated, Any, TypedDict

import pytest

from fastgraph import (
    START,
    Command,
    InMemorySaver,
    InvalidUpdateError,
    MemoryArtifacts,
    RetryPolicy,
    Send,
    StateGraph,
    attempt,
    idempotency_key,
    interrupt,
    log,
    open_artifact,
    progress,
    read_artifact,
    save_artifact,
)
from fastgraph.errors import (
    AmbiguousResumeError,
    ArtifactNotFoundError,
    ConfigError,
    LoopRunningError,
    OutsideNodeError,
    UnknownInterruptError,
)


class Log(TypedDict, total=False):
    seen: Annotated[list[Any], operator.add]
    x: int


def one_node(node: Any, *, compiled: dict[str, Any] | None = None, **options: Any) -> Any:
    builder = StateGraph(Log)
    builder.add_node("node", node, **options)
    builder.add_edge(START, "node")
    return builder.compile(**(compiled or {}))


def test_chain_of_sync_nodes_runs_in_the_callers_thread() -> None:
    graph = one_node(lambda state: {"seen": [threading.current_thread().name]})
    assert graph.invoke({}) == {"seen": [threading.current_thread().name]}


def test_wide_fan_out_of_blocking_nodes_runs_all_at_once() -> None:
    width = 64
    together = threading.Barrier(width)
    builder = StateGraph(Log)
    builder.add_node("work", lambda n: {"seen": [n]} if together.wait(30) >= 0 else None)
    builder.add_conditional_edges(START, lambda state: [Send("work", n) for n in range(width)])
    assert builder.compile().invoke({}) == {"seen": list(range(width))}


def test_slow_sync_sibling_of_a_failure_is_waited_for_and_kept() -> None:
    """LangGraph means to do the same and sometimes loses it: whether it was saved races with the end of the call."""
    failed = threading.Event()
    calls: list[str] = []

    def fails(state: Log) -> dict[str, Any]:
        calls.append("fails")
        if calls.count("fails") == 1:
            failed.set()
            raise ZeroDivisionError
        return {"seen": ["fails"]}

    def slow(state: Log) -> dict[str, Any]:
        calls.append("slow")
        assert failed.wait(10)
        return {"seen": ["slow"]}

    builder = StateGraph(Log)
    for name, node in (("fails", fails), ("slow", slow)):
        builder.add_node(name, node)
        builder.add_edge(START, name)
    graph = builder.compile(checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "1"}}
    with pytest.raises(ZeroDivisionError):
        graph.invoke({}, config)
    assert graph.get_state(config).next == ("fails",)
    assert graph.invoke(None, config) == {"seen": ["fails", "slow"]}
    assert sorted(calls) == ["fails", "fails", "slow"]


def test_max_concurrency_bounds_the_threads_at_work() -> None:
    lock, working, most = threading.Lock(), [0], [0]

    def work(n: int) -> dict[str, Any]:
        with lock:
            working[0] += 1
            most[0] = max(most[0], working[0])
        with lock:
            working[0] -= 1
        return {"seen": [n]}

    builder = StateGraph(Log)
    builder.add_node("work", work)
    builder.add_conditional_edges(START, lambda state: [Send("work", n) for n in range(50)])
    builder.compile().invoke({}, {"max_concurrency": 3})
    assert 1 <= most[0] <= 3


def test_sync_node_may_run_a_loop_of_its_own() -> None:
    async def inner() -> int:
        await asyncio.sleep(0)
        return 7

    assert one_node(lambda state: {"x": asyncio.run(inner())}).invoke({}) == {"seen": [], "x": 7}


def test_invoke_makes_a_loop_for_async_nodes_where_none_runs() -> None:
    async def node(state: Log) -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"seen": ["async"]}

    graph = one_node(node)
    assert graph.invoke({}) == {"seen": ["async"]}
    assert list(graph.stream({}, stream_mode="updates")) == [{"node": {"seen": ["async"]}}]


def test_invoke_on_a_running_loop_says_what_to_use() -> None:
    async def node(state: Log) -> None:
        return None

    async def main() -> None:
        one_node(node).invoke({})

    with pytest.raises(LoopRunningError, match=r"await graph\.ainvoke"):
        asyncio.run(main())


def test_artifacts_are_kept_and_read_by_later_nodes() -> None:
    def write(state: Log) -> dict[str, Any]:
        return {"seen": [save_artifact("report.md", "# done"), save_artifact("raw", b"\x00\x01")]}

    def read(state: Log) -> dict[str, Any]:
        with open_artifact(state["seen"][1]) as file:
            return {"seen": [read_artifact(state["seen"][0]).decode(), file.read()]}

    builder = StateGraph(Log)
    builder.add_sequence([write, read])
    builder.add_edge(START, "write")
    artifacts = MemoryArtifacts()
    seen = builder.compile().invoke({}, artifacts=artifacts)["seen"]
    assert seen[2:] == ["# done", b"\x00\x01"]
    assert (artifacts["report.md"].media_type, artifacts["raw"].media_type) == (
        "text/markdown",
        "application/octet-stream",
    )
    assert [artifact.artifact_id for artifact in artifacts] == seen[:2]


def test_unknown_artifact_is_an_error_of_its_node() -> None:
    with pytest.raises(ArtifactNotFoundError, match="no artifact x"):
        one_node(lambda state: {"x": len(read_artifact("x"))}).invoke({})


def test_log_goes_to_pythons_logging_and_to_the_stream(caplog: pytest.LogCaptureFixture) -> None:
    def node(state: Log) -> None:
        log("half way", level="warning", part=2)
        progress(1, 2)

    with caplog.at_level(logging.DEBUG, logger="fastgraph.node"):
        chunks = list(one_node(node).stream({}, stream_mode=["log", "progress"]))
    assert [(mode, chunk["node"]) for mode, chunk in chunks] == [("log", "node"), ("progress", "node")]
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "node: half way")
    ]


def test_functions_for_nodes_refuse_to_work_elsewhere() -> None:
    for function in (
        attempt,
        idempotency_key,
        lambda: log("x"),
        lambda: interrupt("?"),
        lambda: save_artifact("a", b""),
    ):
        with pytest.raises(OutsideNodeError, match="works inside a running node only"):
            function()


def test_idempotency_key_is_the_same_on_every_attempt() -> None:
    keys: list[tuple[int, str]] = []

    def node(state: Log) -> None:
        keys.append((attempt(), idempotency_key("charge")))
        if len(keys) < 3:
            raise ConnectionError

    one_node(node, retry_policy=RetryPolicy(initial_interval=0, jitter=False)).invoke({})
    assert [number for number, _ in keys] == [1, 2, 3]
    assert len({key for _, key in keys}) == 1


def test_stream_that_is_left_early_stops_the_run() -> None:
    calls: list[int] = []

    def node(state: Log) -> Command[str]:
        calls.append(1)
        return Command(update={"x": len(calls)}, goto="node")

    stream = one_node(node).stream({}, stream_mode="updates")
    next(stream)
    next(stream)
    stream.close()
    assert len(calls) == 2


def test_custom_chunks_arrive_while_the_node_runs() -> None:
    go_on = threading.Event()

    def node(state: Log, writer: Any) -> dict[str, Any]:
        writer("first")
        assert go_on.wait(10)
        return {"seen": ["done"]}

    stream = one_node(node).stream({}, stream_mode=["custom", "updates"])
    assert next(stream) == ("custom", "first")
    go_on.set()
    assert list(stream) == [("updates", {"node": {"seen": ["done"]}})]


def test_users_exception_arrives_as_the_object_it_is_with_a_note() -> None:
    error = ValueError("mine")

    def node(state: Log) -> None:
        raise error

    with pytest.raises(ValueError, match="mine") as raised:
        one_node(node).invoke({})
    assert raised.value is error
    assert error.__notes__ == ["In node 'node', attempt 1."]


def test_unknown_target_is_told_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    one_node(lambda state: Command(goto="nowhere")).invoke({})
    assert "'node' chose the target 'nowhere', which does not exist" in caplog.text


def test_dropped_keys_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    def node(state: Log) -> Command[str]:
        return Command(
            update={"x": state.get("x", 0) + 1, "y": 1}, goto="node" if state.get("x", 0) < 5 else "end"
        )

    one_node(node).invoke({"z": 1})
    told = [record.getMessage() for record in caplog.records if "dropped" in record.getMessage()]
    assert told == [
        "The input has keys that the state does not have; they were dropped: z",
        "Node 'node' has keys that the state does not have; they were dropped: y",
    ]


def test_strict_graph_refuses_what_is_otherwise_ignored() -> None:
    strict = {"strict": True}
    with pytest.raises(InvalidUpdateError, match=r"'node' wrote to key 'other'.* Its keys: seen, x"):
        one_node(lambda state: {"other": 1}, compiled=strict).invoke({})
    with pytest.raises(InvalidUpdateError, match="'nowhere', which graph 'graph' does not have"):
        one_node(lambda state: Command(goto="nowhere"), compiled=strict).invoke({})
    saver = InMemorySaver()
    graph = one_node(lambda state: None, compiled={"strict": True, "checkpointer": saver})
    config = {"configurable": {"thread_id": "1"}}
    graph.invoke({}, config)
    with pytest.raises(UnknownInterruptError, match="nothing to answer"):
        graph.invoke(Command(resume=1), config)


def test_ambiguous_answer_names_what_is_pending() -> None:
    builder = StateGraph(Log)
    builder.add_node("a", lambda state: {"seen": [interrupt("a?")]})
    builder.add_node("b", lambda state: {"seen": [interrupt("b?")]})
    builder.add_edge(START, "a")
    builder.add_edge(START, "b")
    graph = builder.compile(checkpointer=InMemorySaver())
    config = {"configurable": {"thread_id": "1"}}
    asked = graph.invoke({}, config)["__interrupt__"]
    with pytest.raises(AmbiguousResumeError, match=r"2 interrupts are pending") as raised:
        graph.invoke(Command(resume="?"), config)
    assert set(raised.value.pending) == {question.id for question in asked}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"config": {"recursion_limit": 0}}, "recursion_limit is 0; it must be at least 1"),
        ({"version": "v3"}, "no stream version 'v3'"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        one_node(lambda state: None).invoke({}, **options)


def test_answer_that_does_not_fit_its_schema_can_be_given_again() -> None:
    graph = one_node(
        lambda state: {"x": interrupt("a number?", response_schema=int)},
        compiled={"checkpointer": InMemorySaver()},
    )
    config = {"configurable": {"thread_id": "1"}}
    graph.invoke({}, config)
    with pytest.raises(ValueError, match="valid integer"):
        graph.invoke(Command(resume="many"), config)
    assert graph.invoke(Command(resume=3), config) == {"seen": [], "x": 3}


def test_state_of_an_earlier_checkpoint_can_be_read() -> None:
    graph = one_node(lambda state: {"seen": ["node"]}, compiled={"checkpointer": InMemorySaver()})
    config = {"configurable": {"thread_id": "1"}}
    graph.invoke({"seen": ["in"]}, config)
    newest = graph.get_state(config)
    assert newest.parent_config is not None
    earlier = graph.get_state(newest.parent_config)
    assert (earlier.values, earlier.next) == ({"seen": ["in"]}, ("node",))
    assert graph.get_state(newest.config).values == {"seen": ["in", "node"]}


def test_config_of_a_graph_lies_under_that_of_a_call() -> None:
    seen: list[Any] = []

    def node(state: Log, config: dict[str, Any]) -> None:
        seen.append((config["configurable"], config["recursion_limit"]))

    graph = one_node(node).with_config({"configurable": {"a": 1, "b": 1}}, recursion_limit=7)
    graph.invoke({}, {"configurable": {"b": 2}})
    ((configurable, limit),) = seen
    assert (configurable["a"], configurable["b"], limit) == (1, 2, 7)
