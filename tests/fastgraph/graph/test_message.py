"""Conversations fold as LangGraph folds its messages, as plain dicts; LangGraph's own function is the oracle."""

from __future__ import annotations

import operator
from typing import Annotated, Any, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import HumanMessage
from langchain_core.messages import RemoveMessage as TheirRemoveMessage
from langgraph.graph.message import add_messages as their_add_messages

from fastgraph import START, InvalidUpdateError, MessagesState, StateGraph, add_messages
from fastgraph.errors import UnknownMessageError
from fastgraph.graph.message import REMOVE_ALL_MESSAGES, MessageGraph, RemoveMessage

ids = st.sampled_from(["1", "2", "3"])
text = st.text(max_size=3)
messages = st.tuples(st.sampled_from(["say", "remove"]), ids | st.just(REMOVE_ALL_MESSAGES), text)
said = st.lists(st.tuples(st.just("say"), ids, text), max_size=4, unique_by=operator.itemgetter(1))


def ours(parts: list[tuple[str, str, str]]) -> list[Any]:
    return [
        RemoveMessage(id=name) if kind == "remove" else {"role": "human", "content": text, "id": name}
        for kind, name, text in parts
    ]


def theirs(parts: list[tuple[str, str, str]]) -> list[Any]:
    return [
        TheirRemoveMessage(id=name) if kind == "remove" else HumanMessage(text, id=name)
        for kind, name, text in parts
    ]


def outcome(fold: Any, left: Any, right: Any) -> Any:
    try:
        folded = fold(left, right)
    except ValueError:
        return "ValueError"
    return [
        (m["role"], m["content"], m["id"]) if isinstance(m, dict) else (m.type, m.content, m.id)
        for m in folded
    ]


@given(said, st.lists(messages, max_size=5))
def test_folds_as_langgraph_does(left: list[tuple[str, str, str]], right: list[tuple[str, str, str]]) -> None:
    assert outcome(add_messages, ours(left), ours(right)) == outcome(
        their_add_messages, theirs(left), theirs(right)
    )


def test_short_forms_become_messages_with_ids() -> None:
    folded = add_messages("hello", [("assistant", "hi"), {"type": "tool", "content": [1], "name": "t"}])
    assert [(m["role"], m["content"]) for m in folded] == [
        ("user", "hello"),
        ("assistant", "hi"),
        ("tool", [1]),
    ]
    assert len({m["id"] for m in folded}) == 3
    assert folded[2]["name"] == "t"


def test_what_is_no_message_is_refused() -> None:
    for value in (3, {"content": "no role"}, ["one", "two", "three"]):
        with pytest.raises(InvalidUpdateError, match=r"is no message\. Give a dict"):
            add_messages([], [value])


def test_removal_of_an_unknown_id_says_so() -> None:
    with pytest.raises(UnknownMessageError, match="delete message 'x'"):
        add_messages([], RemoveMessage(id="x"))


def test_conversation_in_a_graph() -> None:
    builder = StateGraph(MessagesState)
    builder.add_node("reply", lambda state: {"messages": ("assistant", f"{len(state['messages'])} so far")})
    builder.add_edge(START, "reply")
    said = builder.compile().invoke({"messages": [("user", "hi")]})["messages"]
    assert [(m["role"], m["content"]) for m in said] == [("user", "hi"), ("assistant", "1 so far")]


IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}


def test_format_names_roles_and_images_as_openai_does() -> None:
    given = [
        {"role": "human", "content": [{"type": "text", "text": "see"}, IMAGE], "id": "1"},
        ("ai", "a hive"),
    ]
    folded = add_messages([], given, format="langchain-openai")
    theirs = their_add_messages([], given, format="langchain-openai")
    assert [message["content"] for message in folded] == [message.content for message in theirs]
    assert [message["role"] for message in folded] == ["user", "assistant"]


def test_without_messages_a_reducer_comes_back() -> None:
    class State(TypedDict):
        messages: Annotated[list[dict[str, Any]], add_messages(format="langchain-openai")]

    builder = StateGraph(State).add_node("speak", lambda state: {"messages": ("ai", "hello")})
    graph = builder.add_edge(START, "speak").compile()
    folded = graph.invoke({"messages": ["hi"]})["messages"]
    assert [(message["role"], message["content"]) for message in folded] == [
        ("user", "hi"),
        ("assistant", "hello"),
    ]


@pytest.mark.parametrize(
    "given", [{"left": ["a"]}, {"right": ["a"]}, {"left": [], "right": [], "format": "another"}]
)
def test_half_a_call_and_an_unknown_format_are_errors_in_both(given: dict[str, Any]) -> None:
    for fold in (add_messages, their_add_messages):
        with pytest.raises(ValueError, match=r"left|format"):
            fold(**given)


def test_a_graph_whose_state_is_a_conversation() -> None:
    builder = MessageGraph().add_node("speak", lambda messages: [("ai", f"{len(messages)} so far")])
    graph = builder.add_edge(START, "speak").compile()
    assert [message["content"] for message in graph.invoke([("user", "hi")])] == ["hi", "1 so far"]
