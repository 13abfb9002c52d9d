"""The stream mode `messages`: pieces of text and messages, each id once, with where they are from.

LangGraph shows objects of LangChain there, so it is no oracle for the messages; their metadata has its keys.
"""

from __future__ import annotations

from typing import Any

import pytest

from fastgraph import START, Command, InMemorySaver, MessagesState, OutsideNodeError, StateGraph, token
from fastgraph.graph.message import push_message


def chain(*nodes: Any, **options: Any) -> Any:
    builder = StateGraph(MessagesState).add_sequence(list(nodes))
    return builder.add_edge(START, nodes[0].__name__).compile(**options)


def said(graph: Any, *messages: Any, **options: Any) -> list[tuple[str, str]]:
    """Return role and content of what a run shows."""
    chunks = graph.stream({"messages": list(messages)}, stream_mode="messages", **options)
    return [(message["role"], message["content"]) for message, _ in chunks]


def message(content: str, name: str, role: str = "assistant") -> dict[str, str]:
    return {"role": role, "content": content, "id": name}


def test_pieces_of_one_task_are_one_message() -> None:
    def speak(state: MessagesState) -> None:
        for text in ("Good", " day"):
            token(text)

    chunks = list(chain(speak).stream({"messages": []}, stream_mode="messages"))
    assert [shown["content"] for shown, _ in chunks] == ["Good", " day"]
    assert {shown["role"] for shown, _ in chunks} == {"assistant"}
    assert len({shown["id"] for shown, _ in chunks}) == 1


def test_a_message_whose_pieces_were_shown_is_not_shown_again() -> None:
    def speak(state: MessagesState) -> Any:
        token("Good day", message_id="m1", role="critic")
        return {"messages": [message("Good day", "m1", "critic"), message("Bye", "m2")]}

    assert said(chain(speak)) == [("critic", "Good day"), ("assistant", "Bye")]


def test_messages_that_a_node_was_given_are_not_shown() -> None:
    def repeat(state: MessagesState) -> Any:
        return {"messages": [*state["messages"], message("new", "2")]}

    def again(state: MessagesState) -> Command[str]:
        return Command(update={"messages": message("newer", "2")}, goto="last")

    def last(state: MessagesState) -> Any:
        return {"messages": [message("last", "3")]}

    assert said(chain(repeat, again, last), message("old", "1", "user")) == [
        ("assistant", "new"),
        ("assistant", "last"),
    ]


def test_metadata_says_where_a_message_is_from() -> None:
    def speak(state: MessagesState) -> Any:
        token("…")
        return {"messages": [message("Good day", "m1")]}

    builder = StateGraph(MessagesState).add_node("speak", speak, metadata={"voice": "low"})
    graph = builder.add_edge(START, "speak").compile(InMemorySaver())
    config = {"configurable": {"thread_id": "7"}, "tags": ["mine", "seq:step:1"], "metadata": {"who": "me"}}
    found = [metadata for _, metadata in graph.stream({"messages": []}, config, stream_mode="messages")]
    assert len(found) == 2
    for metadata in found:
        place = metadata.pop("langgraph_checkpoint_ns")
        assert place.startswith("speak:")
        assert metadata == {
            "voice": "low",
            "who": "me",
            "thread_id": "7",
            "tags": ["mine"],
            "langgraph_step": 1,
            "langgraph_node": "speak",
            "langgraph_triggers": ("branch:to:speak",),
            "langgraph_path": ("__pregel_pull", "speak"),
        }


def test_a_pushed_message_is_shown_at_once_and_kept() -> None:
    seen: list[str] = []

    def work(state: MessagesState) -> Any:
        push_message(message("working", "1"))
        push_message(message("only shown", "2"), state_key=None)
        seen.append("after")
        return {"messages": [message("done", "3")]}

    graph = chain(work)
    first = next(iter(graph.stream({"messages": []}, stream_mode="messages")))[0]
    assert first["content"] == "working"
    assert said(graph) == [("assistant", text) for text in ("working", "only shown", "done")]
    kept = graph.invoke({"messages": []})["messages"]
    assert [part["content"] for part in kept] == ["working", "done"]


def test_a_message_without_an_id_or_outside_of_a_node_is_refused() -> None:
    def work(state: MessagesState) -> None:
        push_message({"role": "user", "content": "who am I?"})

    with pytest.raises(ValueError, match="Message ID is required"):
        chain(work).invoke({"messages": []})
    with pytest.raises(OutsideNodeError):
        push_message(message("hello", "1"))


def test_nested_graphs_are_shown_where_they_are_asked_for() -> None:
    def speak(state: MessagesState) -> Any:
        token("deep")
        return {"messages": [message("down here", "1")]}

    outer = StateGraph(MessagesState).add_node("inner", chain(speak)).add_edge(START, "inner").compile()
    assert said(outer) == [("assistant", "down here")]
    chunks = list(outer.stream({"messages": []}, stream_mode="messages", subgraphs=True))
    assert [(len(namespace), shown["content"]) for namespace, (shown, _) in chunks] == [
        (1, "deep"),
        (1, "down here"),
    ]
