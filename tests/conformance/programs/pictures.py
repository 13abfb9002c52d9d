"""1.12: pictures, schemas, messages."""

from typing import Any, Literal

from pydantic import BaseModel

from conformance.parts import Trail, leaves
from conformance.program import script
from conformance.wiring import chain, wire


class Order(BaseModel):
    count: int = 1
    note: str


def branched(lg) -> Any:
    def route(state: Trail) -> Literal["b", "c"]:
        return "b"

    builder = wire(lg, Trail, {name: leaves(name) for name in "abc"}, "START a", "b END", "c END")
    return builder.add_conditional_edges("a", route)


def drawn(graph: Any) -> list[Any]:
    """Return a picture's nodes and edges."""
    picture = graph.get_graph().to_json()
    edges = [
        (edge["source"], edge["target"], edge.get("conditional", False), edge.get("data"))
        for edge in picture["edges"]
    ]
    return [sorted(node["id"] for node in picture["nodes"]), sorted(edges, key=str)]


@script("1.12 drawing")
def a_picture_of_branches(lg):
    return drawn(branched(lg).compile())


@script("1.12 drawing")
def a_picture_of_labels_and_joins(lg):
    builder = wire(lg, Trail, {name: leaves(name) for name in "abcd"}, "START a", "START b", "a+b c", "d END")
    builder.add_conditional_edges("c", lambda state: "go", {"go": "d", "stop": lg.graph.END})
    return drawn(builder.compile())


@script("1.12 drawing", "1.4 command")
def a_picture_of_commands(lg):
    def a(state: Trail) -> lg.types.Command[Literal["b", "__end__"]]:
        return lg.types.Command(goto="b")

    builder = wire(lg, Trail, {"a": a, "b": leaves("b")}, "START a")
    builder.add_node("c", leaves("c"), destinations=("a",))
    return drawn(builder.add_edge("b", "c").compile())


@script("1.12 drawing")
def mermaid_text(lg):
    return branched(lg).compile().get_graph().draw_mermaid()


@script("1.12 drawing", "1.7 as node")
def a_picture_with_a_subgraph_opened(lg):
    sub = wire(lg, Trail, {"s1": leaves("1"), "s2": leaves("2")}, "START s1 s2").compile()
    graph = wire(lg, Trail, {"a": leaves("a"), "sub": sub}, "START a sub").compile()
    picture = graph.get_graph(xray=True).to_json()
    return [drawn(graph), sorted(node["id"] for node in picture["nodes"])]


@script("1.12 drawing", "1.1 input output")
def schemas_as_json(lg):
    graph = chain(lg, Order, lambda_node := leaves("a")).compile()
    assert lambda_node.__name__ == "node"
    given = graph.get_input_jsonschema()
    return [
        sorted(given["properties"]),
        given.get("required"),
        sorted(graph.get_output_jsonschema()["properties"]),
    ]


def told(messages: Any) -> list[Any]:
    """Return what messages say, be they objects or dicts."""
    kinds = {"human": "user", "ai": "assistant"}
    seen = []
    for message in messages:
        get = (
            message.get
            if isinstance(message, dict)
            else lambda key, message=message: getattr(message, key, None)
        )
        kind = get("role") or get("type")
        seen.append(
            [kinds.get(kind, kind), get("content"), get("id") if len(str(get("id"))) < 10 else "made"]
        )
    return seen


def said(content: str, id_: str | None = None, role: str = "user") -> dict[str, Any]:
    return {"role": role, "content": content} | ({"id": id_} if id_ else {})


@script("1.12 messages")
def messages_are_added_and_replaced_by_id(lg):
    add = lg.graph.message.add_messages
    first = add([], [said("one", "1"), said("two", "2", "assistant")])
    return [
        told(first),
        told(add(first, said("three"))),
        told(add(first, [said("TWO", "2", "assistant"), said("x", "3")])),
    ]


@script("1.12 messages")
def messages_are_removed(lg):
    add = lg.graph.message.add_messages
    first = add([], [said("one", "1"), said("two", "2")])
    seen = [told(add(first, [said("", "1", "remove")]))]
    everything = said("", lg.graph.message.REMOVE_ALL_MESSAGES, "remove")
    return [*seen, told(add(first, [said("lost", "9"), everything, said("kept", "8")]))]


@script("1.12 messages")
def an_unknown_message_can_not_be_removed(lg):
    add = lg.graph.message.add_messages
    return add(add([], [said("one", "1")]), [said("", "7", "remove")])


@script("1.12 messages", "1.1 schema")
def a_graph_of_messages(lg):
    def reply(state):
        return {"messages": [said(f"{len(state['messages'])} so far", role="assistant")]}

    graph = chain(lg, lg.graph.MessagesState, reply).compile(
        checkpointer=lg.checkpoint.memory.InMemorySaver()
    )
    config = {"configurable": {"thread_id": "1"}}
    seen = [told(graph.invoke({"messages": [said(text)]}, config)["messages"]) for text in ("hello", "again")]
    return [*seen, told(graph.invoke({"messages": ("user", "a pair")}, config)["messages"])]


@script("1.12 messages")
def messages_need_both_sides(lg):
    return lg.graph.message.add_messages([said("one", "1")], None)
