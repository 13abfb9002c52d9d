"""1.9: the stream modes."""

import operator
from typing import Annotated, Any, TypedDict

from conformance.calls import proceed
from conformance.parts import EMPTY, THREAD, Trail, leaves, saver
from conformance.program import flow, script
from conformance.wiring import chain, wire


class Plain(TypedDict, total=False):
    trail: Annotated[list[Any], operator.add]
    last: str


def chatty(lg) -> Any:
    """Return a graph of two nodes of which the first writes to the custom stream."""

    def a(state: Trail, writer: lg.types.StreamWriter):
        writer({"progress": 1})
        writer("half")
        return {"trail": ["a"]}

    def b(state: Trail):
        return {"trail": ["b"]}

    return chain(lg, Trail, a, b)


def nested(lg) -> Any:
    sub = wire(lg, Trail, {"s1": leaves("s1"), "s2": leaves("s2")}, "START s1 s2").compile()
    return wire(lg, Trail, {"a": leaves("a"), "sub": sub}, "START a sub")


def kinds(lg, mode: Any, *, keep: Any = lambda chunk: chunk, given: Any = None, **options: Any) -> list[Any]:
    """Return the chunks of a mode for the chatty graph."""
    graph = chatty(lg).compile(checkpointer=saver(lg))
    return [
        keep(chunk) for chunk in graph.stream(given or {"trail": []}, THREAD, stream_mode=mode, **options)
    ]


@script("1.9 values")
def values_after_the_input_and_each_step(lg):
    return kinds(lg, "values")


@flow("1.9 values", "1.9 updates", calls=[EMPTY])
def values_are_not_repeated_when_nothing_changed(lg):
    def quiet(state):
        return None

    return wire(
        lg, Trail, {"a": leaves("a"), "quiet": quiet, "empty": lambda state: {}}, "START a quiet empty"
    )


@script("1.9 values", "1.3 cumulative")
def values_of_a_second_input_begin_with_the_sum(lg):
    graph = chatty(lg).compile(checkpointer=saver(lg))
    graph.invoke({"trail": ["x"]}, THREAD)
    return list(graph.stream({"trail": ["y"]}, THREAD, stream_mode="values"))


@script("1.9 updates")
def invoke_returns_the_chunks_of_another_mode(lg):
    graph = chatty(lg).compile()
    return [
        graph.invoke({"trail": []}, stream_mode="updates"),
        graph.invoke({"trail": []}, stream_mode=["custom", "values"]),
    ]


@flow("1.9 updates", "1.4 send", calls=[EMPTY])
def updates_of_sends_to_one_node(lg):
    builder = wire(lg, Trail, {"w": lambda n: {"trail": [n]}}, "w END")
    builder.add_conditional_edges(lg.graph.START, lambda state: [lg.types.Send("w", n) for n in (1, 2)])
    return builder


@script("1.9 updates")
def updates_show_what_a_node_wrote_of_the_output_keys(lg):
    class Out(TypedDict):
        last: str

    def a(state: Plain):
        return {"trail": ["a"], "last": "l"}

    def b(state: Plain):
        return {"trail": ["b"]}

    return list(
        chain(lg, Plain, a, b, output_schema=Out).compile().stream({"trail": []}, stream_mode="updates")
    )


@script("1.9 updates", "1.9 values")
def output_keys_of_a_call(lg):
    def a(state: Plain):
        return {"trail": ["a"], "last": "l"}

    graph = chain(lg, Plain, a).compile()
    return [
        graph.invoke({"trail": []}, output_keys=given) for given in ("trail", ["last"], ["last", "trail"])
    ]


@script("1.9 custom")
def custom_chunks_come_as_written(lg):
    return kinds(lg, "custom")


@script("1.9 custom", "1.9 several")
def custom_chunks_come_before_the_update(lg):
    return kinds(lg, ["updates", "custom"])


@script("1.9 custom")
async def custom_chunks_of_an_async_node(lg):
    async def a(state: Trail, writer: lg.types.StreamWriter):
        writer("first")
        writer("second")
        return {"trail": ["a"]}

    graph = chain(lg, Trail, a).compile()
    return [chunk async for chunk in graph.astream({"trail": []}, stream_mode=["custom", "values"])]


@script("1.9 custom", "1.7 inherited")
def custom_chunks_of_a_subgraph(lg):
    sub = chatty(lg).compile()
    graph = wire(lg, Trail, {"sub": sub}, "START sub").compile()
    plain = list(graph.stream({"trail": []}, stream_mode="custom"))
    return [plain, [chunk for _, chunk in graph.stream({"trail": []}, stream_mode="custom", subgraphs=True)]]


@script("1.9 tasks")
def tasks_begin_and_end(lg):
    return kinds(lg, "tasks", keep=without_metadata)


def without_metadata(chunk: Any) -> Any:
    """Leave out what is told for tracing."""
    return {key: value for key, value in chunk.items() if key != "metadata"}


@script("1.9 tasks", "1.3 failure")
def a_task_that_fails(lg):
    def bad(state: Trail):
        raise ValueError("boom")

    seen = []
    try:
        for chunk in chain(lg, Trail, bad).compile().stream({"trail": []}, stream_mode="tasks"):
            seen.append(without_metadata(chunk))  # noqa: PERF401 - what came before the error is seen, too
    except ValueError as error:
        seen.append(error)
    return seen


@script("1.9 tasks", "1.4 send")
def tasks_of_sends_show_their_triggers(lg):
    builder = wire(lg, Trail, {"w": lambda n: {"trail": [n]}}, "w END")
    builder.add_conditional_edges(lg.graph.START, lambda state: [lg.types.Send("w", 1)])
    return [without_metadata(chunk) for chunk in builder.compile().stream({"trail": []}, stream_mode="tasks")]


def shown(payload: Any) -> Any:
    """Return a checkpoint payload without what only ids tell."""
    metadata = payload["metadata"]
    tasks = [{key: value for key, value in task.items() if key != "id"} for task in payload["tasks"]]
    has_parent = payload["parent_config"] is not None
    return [payload["values"], payload["next"], metadata["source"], metadata["step"], tasks, has_parent]


@script("1.9 checkpoints", "1.3 checkpoint")
def checkpoints_as_they_are_made(lg):
    return kinds(lg, "checkpoints", keep=shown)


@script("1.9 checkpoints", "1.6 breakpoints")
def checkpoints_up_to_a_breakpoint(lg):
    return kinds(lg, "checkpoints", keep=shown, interrupt_before=["b"])


@script("1.9 checkpoints")
async def checkpoints_on_a_loop(lg):
    graph = chatty(lg).compile(checkpointer=saver(lg))
    return [shown(chunk) async for chunk in graph.astream({"trail": []}, THREAD, stream_mode="checkpoints")]


def told(event: Any) -> Any:
    """Return a debug event without its time."""
    payload = event["payload"]
    return [
        event["type"],
        event["step"],
        shown(payload) if event["type"] == "checkpoint" else without_metadata(payload),
    ]


@script("1.9 debug")
def debug_events(lg):
    return kinds(lg, "debug", keep=told)


@script("1.9 debug", "1.3 failure")
def debug_events_of_a_failure(lg):
    def bad(state: Trail):
        raise ValueError("boom")

    seen = []
    try:
        for event in chain(lg, Trail, bad).compile().stream({"trail": []}, stream_mode="debug"):
            seen.append(told(event))  # noqa: PERF401 - what came before the error is seen, too
    except ValueError as error:
        seen.append(error)
    return seen


@script("1.9 debug", "1.9 several")
def debug_beside_values(lg):
    return [
        (mode, told(chunk) if mode == "debug" else chunk) for mode, chunk in kinds(lg, ["debug", "values"])
    ]


@script("1.9 messages")
def a_graph_without_a_chat_model_streams_no_messages(lg):
    return kinds(lg, "messages")


@script("1.9 messages", "1.9 several")
def messages_beside_updates(lg):
    return kinds(lg, ["messages", "updates"])


@script("1.9 messages")
async def messages_on_a_loop(lg):
    graph = chatty(lg).compile()
    return [chunk async for chunk in graph.astream({"trail": []}, stream_mode=["messages", "values"])]


@script("1.9 several")
def two_modes_give_pairs(lg):
    return kinds(lg, ["values", "updates"])


@script("1.9 several")
def one_mode_in_a_list_gives_pairs_too(lg):
    return kinds(lg, ["values"])


@script("1.9 several", "1.7 as node")
def chunks_of_subgraphs_with_their_namespace(lg):
    graph = nested(lg).compile()
    seen = [
        list(graph.stream({"trail": []}, stream_mode=mode, subgraphs=True)) for mode in ("updates", "values")
    ]
    return [*seen, list(graph.stream({"trail": []}, stream_mode=["values", "updates"], subgraphs=True))]


@script("1.9 several", "1.7 called")
def chunks_of_a_called_subgraph(lg):
    sub = wire(lg, Trail, {"s": leaves("s")}, "START s").compile()

    def call(state: Trail):
        return sub.invoke({"trail": []})

    graph = wire(lg, Trail, {"call": call}, "START call").compile()
    return list(graph.stream({"trail": []}, stream_mode="updates", subgraphs=True))


@script("1.9 several", "1.6 surfacing")
def updates_of_an_interrupted_subgraph(lg):
    def ask(state: Trail):
        return {"trail": [lg.types.interrupt("ok?")]}

    sub = chain(lg, Trail, ask).compile()
    graph = wire(lg, Trail, {"sub": sub}, "START sub").compile(checkpointer=saver(lg))
    seen = list(graph.stream({"trail": []}, THREAD, stream_mode="updates", subgraphs=True))
    return [
        *seen,
        list(graph.stream(lg.types.Command(resume=1), THREAD, stream_mode="updates", subgraphs=True)),
    ]


@script("1.9 several")
def version_two_parts(lg):
    seen = [kinds(lg, mode, version="v2") for mode in ("values", "updates", "custom")]
    return [
        *seen,
        list(
            nested(lg).compile().stream({"trail": []}, stream_mode=["updates"], subgraphs=True, version="v2")
        ),
    ]


@script("1.9 several")
def an_unknown_mode(lg):
    return kinds(lg, ["values", "nonsense"])


@flow(
    "1.9 values", "1.6 breakpoints", calls=[EMPTY, proceed()], options=lambda _: {"interrupt_before": ["b"]}
)
def values_when_a_run_goes_on(lg):
    return wire(lg, Trail, {"a": leaves("a"), "b": leaves("b")}, "START a b")
