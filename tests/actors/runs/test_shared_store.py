"""The store that nodes find on the server: one for all runs, from threads and loops, durable when a put returns."""

from __future__ import annotations

import asyncio
from typing import Any, TypedDict

import pytest

from fastgraph import END, START, CompiledGraph, Runtime, StateGraph
from fastgraph.config import get_store
from fastgraph.store.base import BaseStore
from fastgraph.store.memory import InMemoryStore
from support.boots import House

pytestmark = pytest.mark.anyio


class Notes(TypedDict, total=False):
    user: str
    seen: list[Any]


def _remember(state: Notes, store: BaseStore) -> Notes:
    store.put(("notes", state["user"]), "color", {"value": "green", "size": 2})
    store.put(("notes", state["user"]), "tool", {"value": b"\x00\xff", "size": 9})
    return {}


async def _look_up(state: Notes, runtime: Runtime[Any]) -> Notes:
    store = runtime.store
    assert store is not None
    found = await store.asearch(("notes",), filter={"size": {"$gt": 1}})
    one = store.get(("notes", state["user"]), "tool")  # blocks its loop, and not ours
    assert one is not None
    return {"seen": [sorted(item.key for item in found), one.value["size"], one.value["value"].hex()]}


def _list(state: Notes) -> Notes:
    store = get_store()
    store.delete(("notes", state["user"]), "tool")
    names = store.list_namespaces(prefix=("notes",))
    return {"seen": [*state["seen"], [".".join(name) for name in names]]}


def notes(name: str = "notes") -> CompiledGraph:
    graph = StateGraph(Notes)
    graph.add_node("remember", _remember)
    graph.add_node("look_up", _look_up)
    graph.add_node("list", _list)
    graph.add_edge(START, "remember")
    graph.add_edge("remember", "look_up")
    graph.add_edge("look_up", "list")
    graph.add_edge("list", END)
    return graph.compile(name=name, store=InMemoryStore())


async def test_nodes_of_every_kind_find_the_servers_store(any_house: House) -> None:
    boot = await any_house.boot(notes())
    first = await any_house.accept("notes", payload={"user": "ada"})
    await any_house.ended(first)
    assert (await any_house.values(first))["seen"] == [["color", "tool"], 9, "00ff", ["notes.ada"]]
    second = await any_house.accept("notes", payload={"user": "bob"})
    await any_house.ended(second)
    assert (await any_house.values(second))["seen"][3] == ["notes.ada", "notes.bob"]
    kept = await boot.tools.shared_store.asearch(("notes",))
    assert sorted((item.namespace[1], item.key) for item in kept) == [("ada", "color"), ("bob", "color")]


async def test_many_nodes_write_at_once_and_nothing_is_lost(house: House) -> None:
    boot = await house.boot(notes())
    store = boot.tools.shared_store

    def write(number: int) -> None:
        store.put(("n", str(number % 7)), str(number), {"n": number}, ttl=60)

    await asyncio.gather(*[asyncio.to_thread(write, number) for number in range(300)])
    found = await store.asearch(("n",), filter={"n": {"$lt": 150}}, limit=1_000)
    assert sorted(item.value["n"] for item in found) == list(range(150))
    page = await store.asearch(("n",), filter={"n": {"$lt": 150}}, limit=10, offset=145)
    assert len(page) == 5


async def test_the_actors_own_loop_is_never_blocked(house: House) -> None:
    boot = await house.boot(notes())
    with pytest.raises(TypeError, match="loop"):
        boot.tools.shared_store.get(("a",), "k")
