"""The surface of compiled graphs and of the small types: what a program may call beside invoke and stream."""

import operator
from typing import Annotated, Any

from pydantic import BaseModel
from typing_extensions import TypedDict

from conformance.parts import THREAD, Trail, attempted, leaves, saver
from conformance.program import script
from conformance.wiring import chain, wire


class Out(TypedDict):
    total: int


class Whole(TypedDict, total=False):
    trail: Annotated[list[Any], operator.add]
    total: int


def told(lg, **options: Any) -> Any:
    """Return a graph whose node writes what its config says."""

    def node(state: Trail, config: lg.types.RunnableConfig):
        said = config.get("configurable", {})
        return {
            "trail": [
                said.get("tone"),
                sorted(config.get("tags") or []),
                config.get("metadata", {}).get("who"),
            ]
        }

    return chain(lg, Trail, node).compile(**options)


@script("1.1 injected", "1.3 recursion limit")
def a_graph_with_a_config_of_its_own(lg):
    graph = told(lg).with_config({"configurable": {"tone": "warm"}, "tags": ["t"], "metadata": {"who": "me"}})
    limited = (
        wire(lg, Trail, {n: leaves(n) for n in "abc"}, "START a b c").compile().with_config(recursion_limit=2)
    )
    return [
        graph.invoke({"trail": []}),
        graph.invoke({"trail": []}, {"configurable": {"tone": "cold"}, "tags": ["u"]}),
        attempted(lambda: limited.invoke({"trail": []})),
    ]


@script("1.3 cumulative", "1.3 max concurrency")
def inputs_in_a_batch(lg):
    graph = wire(lg, Trail, {"a": leaves("a")}, "START a").compile()
    return graph.batch([{"trail": [n]} for n in range(3)])


@script("1.3 cumulative", "1.3 max concurrency")
async def inputs_in_a_batch_on_a_loop(lg):
    graph = wire(lg, Trail, {"a": leaves("a")}, "START a").compile()
    return await graph.abatch([{"trail": [n]} for n in range(3)])


@script("1.1 input output", "1.12 drawing")
def schemas_of_input_and_output(lg):
    def node(state: Whole):
        return {"total": 1}

    graph = chain(lg, Whole, node, input_schema=Trail, output_schema=Out).compile()
    given, got = graph.get_input_jsonschema(), graph.get_output_jsonschema()
    return [
        sorted(given["properties"]),
        given["type"],
        sorted(got["properties"]),
        got["properties"]["total"]["type"],
    ]


@script("1.1 context", "1.12 drawing")
def the_schema_of_a_context(lg):
    class Who(BaseModel):
        name: str
        level: int = 1

    def node(state: Trail):
        return {}

    with_one, without = chain(lg, Trail, node, context_schema=Who).compile(), chain(lg, Trail, node).compile()
    shown = with_one.get_context_jsonschema()
    return [sorted(shown["properties"]), shown["required"], without.get_context_jsonschema()]


@script("1.4 command", "1.4 send")
def commands_and_sends_as_values(lg):
    command, send = lg.types.Command, lg.types.Send
    return [
        repr(command(update={"a": 1}, goto="b")),
        command(goto="b") == command(goto="b"),
        command.PARENT,
        repr(send("a", {"x": 1})),
        send("a", 1) == send("a", 1),
        send("a", 1) == send("a", 2),
        len({send("a", "x"), send("a", "x")}),
        [command().goto, command().update, command().resume, command().graph],
    ]


@script("1.5 retry", "1.5 timeout")
def policies_as_values(lg):
    retry, timeout = lg.types.RetryPolicy(), lg.types.TimeoutPolicy(run_timeout=2)
    return [
        [retry.initial_interval, retry.backoff_factor, retry.max_interval, retry.max_attempts, retry.jitter],
        [timeout.run_timeout, timeout.idle_timeout, timeout.refresh_on],
        [
            attempted(lambda kind=kind: retry.retry_on(kind("x")))
            for kind in (ValueError, OSError, ConnectionError, Exception)
        ],
        lg.types.CachePolicy().ttl,
    ]


@script("1.2 binop", "1.6 surfacing")
def overwrites_and_interrupts_as_values(lg):
    overwrite, question = lg.types.Overwrite([1]), lg.types.Interrupt("q", id="i")
    return [
        overwrite.value,
        overwrite == lg.types.Overwrite([1]),
        question.value,
        question.id,
        question.response_schema,
    ]


@script("1.3 recursion limit", "1.3 failure")
def errors_and_what_they_are(lg):
    errors = lg.errors
    return [
        issubclass(errors.GraphRecursionError, RecursionError),
        issubclass(errors.GraphInterrupt, errors.GraphBubbleUp),
        issubclass(errors.GraphDrained, errors.GraphBubbleUp),
        issubclass(errors.ParentCommand, errors.GraphBubbleUp),
        issubclass(errors.NodeTimeoutError, TimeoutError),
        issubclass(errors.InvalidUpdateError, ValueError),
        errors.NodeCancelledError("n").node,
        errors.GraphDrained("why").reason,
        sorted(code.value for code in errors.ErrorCode)[:3],
    ]


@script("1.11 nodes", "1.4 edges")
def a_builder_can_be_gone_on_with_after_compile(lg):
    builder = wire(lg, Trail, {"a": leaves("a")}, "START a")
    first = builder.compile()
    builder.add_node("b", leaves("b"))
    builder.add_edge("a", "b")
    return [first.invoke({"trail": []}), builder.compile().invoke({"trail": []})]


@script("1.11 nodes", "1.12 drawing")
def what_a_compiled_graph_knows_of_its_nodes(lg):
    builder = wire(lg, Trail, {n: leaves(n) for n in "ba"}, "START b a")
    return [list(builder.nodes), "a" in builder.compile().nodes, "b" in builder.compile().nodes]


@script("1.12 messages")
def messages_as_texts_pairs_and_lists(lg):
    add = lg.graph.message.add_messages

    def said(messages: Any) -> list[Any]:
        get = lambda message, key: message[key] if isinstance(message, dict) else getattr(message, key)  # noqa: E731
        return [get(message, "content") for message in messages]

    return [
        said(add([], "hello")),
        said(add([], ["a", ("user", "b")])),
        said(add(add([], "x"), {"role": "user", "content": "y"})),
    ]


@script("1.12 messages")
def a_reducer_of_messages_with_a_format(lg):
    return attempted(lambda: lg.graph.message.add_messages([], [], format="nonsense"))


@script("1.10 store", "1.1 injected")
def the_store_in_nodes_of_two_threads(lg):
    def remember(state: Trail, *, store, config: lg.types.RunnableConfig):
        name = config["configurable"]["thread_id"]
        seen = len(store.search(("seen",)))
        store.put(("seen",), name, {"by": name})
        return {"trail": [seen]}

    graph = chain(lg, Trail, remember).compile(checkpointer=saver(lg), store=lg.store.memory.InMemoryStore())
    return [graph.invoke({"trail": []}, {"configurable": {"thread_id": name}}) for name in ("x", "y", "x")]


@script("1.10 update state", "1.2 binop")
def an_overwrite_from_outside(lg):
    graph = wire(lg, Trail, {"a": leaves("a")}, "START a").compile(checkpointer=saver(lg))
    graph.invoke({"trail": ["x"]}, THREAD)
    graph.update_state(THREAD, {"trail": lg.types.Overwrite(["new"])})
    return [graph.get_state(THREAD).values, graph.invoke({"trail": ["y"]}, THREAD)]


@script("1.10 update state", "1.1 private state")
def unknown_keys_from_outside(lg):
    graph = wire(lg, Trail, {"a": leaves("a")}, "START a").compile(checkpointer=saver(lg))
    graph.invoke({"trail": []}, THREAD)
    return [
        attempted(lambda: graph.update_state(THREAD, {"nonsense": 1}) and None),
        graph.get_state(THREAD).values,
    ]


@script("1.10 update state", "1.10 bulk")
def a_change_gives_back_a_config_to_go_on_with(lg):
    graph = wire(lg, Trail, {n: leaves(n) for n in "abc"}, "START a b c").compile(checkpointer=saver(lg))
    graph.invoke({"trail": []}, THREAD)
    there = graph.update_state(THREAD, {"trail": ["as a"]}, as_node="a")
    there = graph.update_state(there, {"trail": ["as b"]}, as_node="b")
    return [sorted(there["configurable"]), graph.get_state(there).next, graph.invoke(None, there)]


@script("1.9 values", "1.3 failure")
def chunks_before_a_failure(lg):
    def bad(state: Trail):
        raise ValueError("boom")

    graph = wire(lg, Trail, {"a": leaves("a"), "bad": bad}, "START a bad").compile()
    seen: list[Any] = []
    try:
        for chunk in graph.stream({"trail": []}, stream_mode=["values", "updates", "custom"]):
            seen.append(chunk)  # noqa: PERF402 - what came before the error is seen, too
    except ValueError as error:
        seen.append(error)
    return seen


@script("1.9 several", "1.6 surfacing")
def invoke_in_version_two_with_chunks(lg):
    graph = wire(lg, Trail, {"a": leaves("a")}, "START a").compile()
    return [graph.invoke({"trail": []}, version="v2", stream_mode=mode) for mode in ("values", "updates")]
