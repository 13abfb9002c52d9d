"""What a host publishes of its workflows."""

from __future__ import annotations

from typing import TypedDict

import orjson

from actors.host.publishing import published
from fastgraph import START, StateGraph, entrypoint


class State(TypedDict, total=False):
    kept: str
    private: str


class Output(TypedDict):
    kept: str


def test_the_keys_of_a_result_are_published_without_private_ones() -> None:
    builder = StateGraph(State, output_schema=Output).add_node("node", lambda _: {}).add_edge(START, "node")

    @entrypoint()
    def function(given: int) -> int:
        return given

    graph, bare = published({"graph": builder.compile(), "function": function}, None)
    assert orjson.loads(graph.outputs or b"") == ["kept"]
    assert isinstance(orjson.loads(bare.outputs or b""), str)
