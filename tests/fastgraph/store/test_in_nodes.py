"""How a node comes to its store: by parameter, by runtime, by `get_store()`, and through the graph around it."""

from __future__ import annotations

from typing import Any, TypedDict

import pytest

from fastgraph import END, START, Runtime, StateGraph
from fastgraph.config import get_store
from fastgraph.store.base import BaseStore
from fastgraph.store.memory import InMemoryStore


class State(TypedDict, total=False):
    seen: list[Any]


def _one(name: str, node: Any) -> StateGraph[Any]:
    graph = StateGraph(State)
    graph.add_node(name, node)
    graph.add_edge(START, name)
    graph.add_edge(name, END)
    return graph


class Said(list[Any]):
    """What nodes saw, outside of the state: a store is no value of one."""


@pytest.mark.parametrize("way", ["parameter", "runtime", "call"])
def test_a_node_finds_the_store_of_its_graph(way: str) -> None:
    store, said = InMemoryStore(), Said()

    def by_parameter(state: State, *, store: BaseStore) -> None:
        said.append(store)

    def by_runtime(state: State, runtime: Runtime[Any]) -> None:
        said.append(runtime.store)

    async def by_call(state: State) -> None:
        said.append(get_store())

    node = {"parameter": by_parameter, "runtime": by_runtime, "call": by_call}[way]
    graph = _one("node", node).compile(store=store)
    graph.invoke({})
    graph.with_config({"tags": ["x"]}).invoke({})
    assert said == [store, store]


def test_without_one_there_is_none() -> None:
    said = Said()

    def look(state: State, store: BaseStore | None = None) -> None:
        said.extend([store, get_store()])

    _one("look", look).compile().invoke({})
    assert said == [None, None]


@pytest.mark.parametrize("has_own", [False, True])
def test_a_graph_called_inside_takes_the_store_around_it_unless_it_has_its_own(has_own: bool) -> None:
    outer, inner, said = InMemoryStore(), InMemoryStore(), Said()

    def look(state: State) -> None:
        said.append(get_store())

    below = _one("look", look).compile(store=inner if has_own else None)

    def call(state: State) -> None:
        below.invoke({})

    _one("call", call).compile(store=outer).invoke({})
    assert said == [inner if has_own else outer]
