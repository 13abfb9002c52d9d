"""The picture of a graph has the nodes and arrows of LangGraph's, in its order; LangGraph's own drawing is the oracle."""

from __future__ import annotations

from typing import Any, TypedDict

import langgraph.graph
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import fastgraph.graph
from fastgraph import END, START, StateGraph


class State(TypedDict):
    x: int


def nothing(state: State) -> None:
    return None


class Shape(TypedDict):
    """A graph to be built on both: nodes with their destinations, edges, joins, routers by source, deferred nodes."""

    nodes: dict[str, Any]
    edges: list[tuple[str, str]]
    joins: list[tuple[list[str], str]]
    routers: list[tuple[str, Any]]
    deferred: set[str]


@st.composite
def shapes(draw: Any) -> Shape:
    names = list("abcdef")[: draw(st.integers(1, 6))]
    name = st.sampled_from(names)
    target = st.sampled_from([*names, END])
    some = st.lists(target, min_size=1, max_size=3, unique=True)
    mapped = st.dictionaries(st.sampled_from(["yes", "no", "later"]), target, min_size=1)
    return {
        "nodes": draw(st.fixed_dictionaries(dict.fromkeys(names, st.none() | some))),
        "edges": [(START, draw(name)), *draw(st.lists(st.tuples(name, target), max_size=6))],
        "joins": draw(
            st.lists(st.tuples(st.lists(name, min_size=2, max_size=2, unique=True), name), max_size=2)
        )
        if len(names) > 1
        else [],
        "routers": draw(st.lists(st.tuples(st.sampled_from([START, *names]), some | mapped), max_size=2)),
        "deferred": draw(st.sets(name, max_size=2)),
    }


def build(library: Any, shape: Shape) -> Any:
    builder = library.StateGraph(State)
    for name, destinations in shape["nodes"].items():
        builder.add_node(name, nothing, destinations=destinations, defer=name in shape["deferred"])
    for source, target in shape["edges"]:
        builder.add_edge(source, target)
    for sources, target in shape["joins"]:
        builder.add_edge(sources, target)
    for number, (source, targets) in enumerate(shape["routers"]):

        def choose(state: State) -> Any:
            return END

        choose.__name__ = f"choose_{number}"
        builder.add_conditional_edges(source, choose, targets)
    return builder.compile()


def picture(graph: Any, **options: Any) -> Any:
    drawn = graph.get_graph(**options)
    edges = [(edge.source, edge.target, edge.data, edge.conditional) for edge in drawn.edges]
    return list(drawn.nodes), edges


@given(shapes())
@example(
    {
        "nodes": dict.fromkeys("abcde"),
        "edges": [(START, "b")],
        "joins": [(["a", "b"], "c"), (["c", "a"], "b")],
        "routers": [(START, ["a"]), ("a", ["a"])],
        "deferred": {"c"},
    }
)  # a join that is complete while its deferred node waits takes no more names
@settings(max_examples=100, deadline=None)
def test_any_graph_has_the_nodes_and_arrows_of_langgraphs(shape: Shape) -> None:
    try:
        theirs = picture(build(langgraph.graph, shape))
    except TypeError:
        return  # LangGraph can't sort two arrows of which one has a label
    ours = build(fastgraph.graph, shape)
    assert picture(ours) == theirs
    text = build(langgraph.graph, shape).get_graph().draw_mermaid()
    assert ours.get_graph().draw_mermaid() == text


def nested(library: Any) -> Any:
    """Three levels; the innermost begins at two nodes, so its START can't be left out."""

    def level(name: str, inner: Any) -> Any:
        builder = library.StateGraph(State)
        builder.add_node("first", nothing)
        builder.add_node(name, inner)
        builder.add_edge(START, "first")
        builder.add_edge("first", name)
        return builder

    innermost = library.StateGraph(State)
    innermost.add_node("x", nothing)
    innermost.add_node("y", nothing)
    innermost.add_edge(START, "x")
    innermost.add_edge(START, "y")
    middle = level("inner", innermost.compile())
    outer = level("middle", middle.compile())
    outer.add_node("last", nothing)
    outer.add_edge("middle", "last")
    return outer.compile()


@pytest.mark.parametrize("xray", [False, True, 1, 2])
def test_nested_graphs_are_drawn_as_deep_as_asked(xray: int | bool) -> None:
    assert picture(nested(fastgraph.graph), xray=xray) == picture(nested(langgraph.graph), xray=xray)


@pytest.mark.parametrize("xray", [False, True, 1])
def test_nested_graphs_are_groups_of_the_mermaid_text(xray: int | bool) -> None:
    ours, theirs = (
        nested(library.graph).get_graph(xray=xray).draw_mermaid() for library in (fastgraph, langgraph)
    )
    assert ours == theirs


@pytest.mark.parametrize(
    "options",
    [
        {"with_styles": False},
        {"wrap_label_n_words": 2},
        {
            "frontmatter_config": {
                "config": {"theme": "neutral", "themeVariables": {"primaryColor": "#e2e2e2"}}
            }
        },
    ],
)
def test_mermaid_text_takes_langgraphs_options(options: dict[str, Any]) -> None:
    shape: Shape = {
        "nodes": {"a": None, "*b*": ["a", END]},
        "edges": [(START, "a"), ("a", "*b*")],
        "joins": [],
        "routers": [("a", {"a label of many words": "*b*", "no": END})],
        "deferred": set(),
    }
    ours, theirs = (
        build(library.graph, shape).get_graph().draw_mermaid(**options) for library in (fastgraph, langgraph)
    )
    assert ours.replace('"', "'") == theirs


@pytest.mark.parametrize("options", [{"recurse": True}, {}, {"namespace": "middle"}])
def test_nested_graphs_are_found_by_their_place(options: dict[str, Any]) -> None:
    ours, theirs = nested(fastgraph.graph), nested(langgraph.graph)
    assert [name for name, _ in ours.get_subgraphs(**options)] == [
        name for name, _ in theirs.get_subgraphs(**options)
    ]


def test_interrupts_and_deferral_are_metadata_of_nodes() -> None:
    def metadata(library: Any) -> Any:
        builder = library.StateGraph(State)
        for name in ("a", "b", "c"):
            builder.add_node(name, nothing, metadata={"kind": name}, defer=name == "c")
        builder.add_edge(START, "a")
        builder.add_edge("a", "b")
        builder.add_edge("b", "c")
        graph = builder.compile(interrupt_before=["a", "b"], interrupt_after=["b"])
        return {name: node.metadata for name, node in graph.get_graph().nodes.items()}

    assert metadata(fastgraph.graph) == metadata(langgraph.graph)


def test_router_without_a_map_may_lead_anywhere() -> None:
    """LangGraph draws none of its arrows, as if it led nowhere."""
    builder = StateGraph(State).add_node("a", nothing).add_node("b", nothing).add_edge(START, "a")
    builder.add_conditional_edges("a", lambda state: "b")
    edges = builder.compile().get_graph().edges
    assert {(edge.target, edge.conditional) for edge in edges if edge.source == "a"} == {
        (END, True),
        ("b", True),
    }


def test_picture_as_json() -> None:
    graph = build(
        fastgraph.graph,
        {
            "nodes": {"a": None, "b": None},
            "edges": [(START, "a")],
            "joins": [],
            "routers": [("a", {"go on": "b", "stop": END})],
            "deferred": set(),
        },
    ).get_graph()
    assert graph.to_json() == {
        "nodes": [{"id": name, "name": name} for name in (START, "a", "b", END)],
        "edges": [
            {"source": START, "target": "a", "conditional": False, "label": None},
            {"source": "a", "target": END, "conditional": True, "label": "stop", "data": "stop"},
            {"source": "a", "target": "b", "conditional": True, "label": "go on", "data": "go on"},
            {"source": "b", "target": END, "conditional": False, "label": None},
        ],
    }


def test_mermaid_text_is_readable_whatever_a_node_is_called() -> None:
    builder = StateGraph(State).add_node('the "end" (really)', nothing).add_node("end", nothing)
    builder.add_edge(START, 'the "end" (really)').add_edge('the "end" (really)', "end")
    lines = builder.compile().get_graph().draw_mermaid().splitlines()
    assert lines[7:9] == [
        "\tthe\\20\\22end\\22\\20\\28really\\29(the #quot;end#quot; #40;really#41;)",
        "\t\\65nd(end)",
    ]


def test_picture_of_characters_has_a_box_for_every_node(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("grandalf")
    nested(fastgraph.graph).get_graph(xray=True).print_ascii()
    drawn = capsys.readouterr().out
    for name in ("__start__", "first", "x", "y", "last", "__end__"):
        assert f"| {name} |" in drawn
    assert "*" in drawn


def test_a_long_chain_is_drawn_to_its_end() -> None:
    builder = StateGraph(State)
    names = [f"n{number}" for number in range(400)]
    builder.add_sequence([(name, nothing) for name in names])
    builder.add_edge(START, names[0])
    assert len(builder.compile().get_graph().edges) == 401
