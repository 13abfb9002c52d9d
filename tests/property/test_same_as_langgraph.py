"""Random graphs on LangGraph and on FastGraph: the same values after every step, the same end or the same error.

What a node returns and where it leads depends on its name, on what it sees, and on the seed, so both libraries ask the
same questions and must give the same answers.
"""

from __future__ import annotations

import operator
import zlib
from dataclasses import dataclass
from random import Random
from typing import Annotated, Any, TypedDict

from hypothesis import example, given, settings
from hypothesis import strategies as st

from support.oracle import FASTGRAPH, LANGGRAPH, Names, plain

LIMIT = 9


CHATTY_KEYS = ("topic", "notes", "once", "some", "late", "held", "delta")


def make_state(lg: Names, *, has_channels: bool) -> Any:
    """Make the state's schema; with channels it has a key of each kind."""
    channels = lg.channels
    keys: dict[str, Any] = {
        "seen": Annotated[list[str], operator.add],
        "last": str,
        "private": Annotated[set[int], operator.or_],
    }
    if has_channels:
        keys |= {
            "topic": Annotated[list[str], channels.Topic(str)],
            "notes": Annotated[list[str], channels.Topic(str, accumulate=True)],
            "once": Annotated[str, channels.EphemeralValue(str, guard=False)],
            "guarded": Annotated[str, channels.EphemeralValue],
            "some": Annotated[str, channels.AnyValue],
            "late": Annotated[str, channels.LastValueAfterFinish],
            "gate": Annotated[str, channels.NamedBarrierValue(str, {"n0", "n1"})],
            "held": Annotated[str, channels.UntrackedValue(str, guard=False)],
            "delta": Annotated[list[str], channels.DeltaChannel(lambda old, writes: [*old, *writes])],
            "left": lg.managed.RemainingSteps,
        }
    return TypedDict("State", keys, total=False)  # type: ignore[misc]


@dataclass(frozen=True)
class Sketch:
    """A graph as both libraries are asked to build it. `chattiness` is how often, in ten, a node says where to go."""

    nodes: int
    edges: frozenset[tuple[int, int]]
    entries: frozenset[int]
    joins: tuple[tuple[tuple[int, ...], int], ...]
    deferred: frozenset[int]
    routed: frozenset[int]
    asking: frozenset[int]
    chattiness: int
    seed: int
    has_channels: bool = False


@st.composite
def sketches(draw: st.DrawFn) -> Sketch:
    nodes = draw(st.integers(1, 5))
    node = st.integers(0, nodes - 1)
    some = st.frozensets(node, max_size=2)
    return Sketch(
        nodes=nodes,
        edges=draw(st.frozensets(st.tuples(node, node), max_size=6)),
        entries=draw(st.frozensets(node, min_size=1, max_size=3)),
        joins=tuple(
            (tuple(sorted(sources)), target)
            for sources, target in draw(
                st.lists(st.tuples(st.sets(node, min_size=1, max_size=3), node), max_size=2)
            )
        ),
        deferred=draw(some),
        routed=draw(some),
        asking=draw(some),
        chattiness=draw(st.sampled_from([0, 2, 5])),
        seed=draw(st.integers(0, 10**6)),
        has_channels=draw(st.booleans()),
    )


def chance(sketch: Sketch, name: str, state: Any) -> Random:
    seen = state["seen"] if isinstance(state, dict) and "seen" in state else state
    return Random(zlib.crc32(f"{sketch.seed} {name} {seen}".encode()))


def targets(lg: Names, sketch: Sketch, random: Random) -> list[Any]:
    names = [f"n{number}" for number in range(sketch.nodes)]
    choices = [*names, lg.END, "nowhere"]
    found: list[Any] = [random.choice(choices) for _ in range(random.randrange(3))]
    if random.random() < 0.5:
        found.append(lg.Send(random.choice(names), {"seen": [f"sent{random.randrange(9)}"]}))
    return found


def make_node(lg: Names, sketch: Sketch, number: int) -> Any:
    name = f"n{number}"

    def node(state: Any) -> Any:
        random = chance(sketch, name, state)
        update: dict[str, Any] = {"seen": [f"{name}.{random.randrange(100)}"]}
        if number in sketch.asking and random.random() < 0.5:
            update["seen"].append(lg.interrupt(f"{name}?"))
        if random.random() < 0.2:
            update["private"] = {random.randrange(5)}
        if random.random() < 0.1:
            update["last"] = name
        if sketch.has_channels:
            write_channels(update, name, state, random)
        if random.random() < 0.1:
            update["seen"] = lg.Overwrite(update["seen"])
        if random.random() < 0.1:
            return None
        if random.randrange(10) < sketch.chattiness:
            return lg.Command(update=update, goto=targets(lg, sketch, random))
        return update

    return node


def write_channels(update: dict[str, Any], name: str, state: Any, random: Random) -> None:
    """Write to some channels, and say what the node sees of them."""
    if isinstance(state, dict):
        update["seen"].append(
            str(sorted((key, state[key]) for key in state if key not in ("seen", "private")))
        )
    for key in CHATTY_KEYS:
        if random.random() < 0.25:
            update[key] = f"{key}{random.randrange(100)}"
    if name in ("n0", "n1") and random.random() < 0.3:
        update["gate"] = name
    if random.random() < 0.05:
        update["guarded"] = name


def build(lg: Names, sketch: Sketch) -> Any:
    builder = lg.StateGraph(make_state(lg, has_channels=sketch.has_channels))
    for number in range(sketch.nodes):
        builder.add_node(f"n{number}", make_node(lg, sketch, number), defer=number in sketch.deferred)
    for entry in sketch.entries:
        builder.add_edge(lg.START, f"n{entry}")
    for source, target in sketch.edges:
        builder.add_edge(f"n{source}", f"n{target}")
    for sources, target in sketch.joins:
        builder.add_edge([f"n{source}" for source in sources], f"n{target}")
    for number in sketch.routed:
        router = make_router(lg, sketch, number)
        builder.add_conditional_edges(f"n{number}", router)
    return builder.compile(checkpointer=lg.InMemorySaver())


def make_router(lg: Names, sketch: Sketch, number: int) -> Any:
    def choose(state: Any) -> Any:
        return targets(lg, sketch, chance(sketch, f"router{number}", state))

    return choose


def watch(lg: Names, sketch: Sketch) -> list[Any]:
    """Run a graph to its end, answering every question, and return all that was shown and the states between."""
    graph = build(lg, sketch)
    config = {"configurable": {"thread_id": "1"}, "recursion_limit": LIMIT}
    seen: list[Any] = []
    given: Any = {"seen": ["in"]}
    for _ in range(6):
        try:
            for chunk in graph.stream(given, config, stream_mode="values"):
                questions = chunk.pop("__interrupt__", None)
                if questions is None:
                    seen.append(plain(chunk))
        except Exception as error:  # noqa: BLE001 - the error is the observation
            seen.append(type(error).__name__)
            return seen
        state = graph.get_state(config)
        seen.append([plain(state.values), sorted(state.next), sorted(q.value for q in state.interrupts)])
        if not state.interrupts:
            return seen
        given = lg.Command(resume={question.id: f"re:{question.value}" for question in state.interrupts})
    return seen


@settings(max_examples=150, deadline=None)
@given(sketches())
@example(
    Sketch(
        nodes=3,
        edges=frozenset({(0, 1), (1, 2), (0, 2)}),
        entries=frozenset({0}),
        joins=(),
        deferred=frozenset({2}),
        routed=frozenset({1}),
        asking=frozenset({1}),
        chattiness=5,
        seed=3,
    )
)
@example(
    Sketch(
        nodes=2,
        edges=frozenset(),
        entries=frozenset({0, 1}),
        joins=(((0, 1), 0),),
        deferred=frozenset({0}),
        routed=frozenset({0}),
        asking=frozenset({0}),
        chattiness=0,
        seed=0,
    )
)
def test_random_graphs_do_the_same_as_in_langgraph(sketch: Sketch) -> None:
    assert watch(FASTGRAPH, sketch) == watch(LANGGRAPH, sketch)
