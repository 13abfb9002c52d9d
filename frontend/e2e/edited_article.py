# ruff: noqa: INP001 - a plain module that the server of the browser tests loads by its path
"""edited-article: a graph inside a node, whose question a person answers. For the browser tests and pictures only."""

from typing import Any, TypedDict

from fastgraph import END, START, StateGraph, interrupt


class Draft(TypedDict, total=False):
    text: str
    verdict: str


def write(state: Draft) -> dict[str, Any]:
    return {"text": state.get("text", "a first draft")}


def review(state: Draft) -> dict[str, Any]:
    question = {"question": f"Is {state['text']!r} good?", "options": ["yes", "no"]}
    return {"verdict": interrupt(question)}


editing = (
    StateGraph(Draft)
    .add_node(write)
    .add_node(review)
    .add_edge(START, "write")
    .add_edge("write", "review")
    .add_edge("review", END)
    .compile()
)


class Article(TypedDict, total=False):
    text: str
    verdict: str
    title: str


def name_it(state: Article) -> dict[str, Any]:
    return {"title": state["text"].title()}


builder = StateGraph(Article)
builder.add_node("editing", editing)
builder.add_node(name_it)
builder.add_edge(START, "editing")
builder.add_edge("editing", "name_it")
builder.add_edge("name_it", END)
graph = builder.compile(name="edited-article", description="A graph inside a node asks a person.")
del editing
