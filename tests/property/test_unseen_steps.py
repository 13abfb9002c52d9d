"""Random graphs without a saver, done with and without the loop for steps that nobody sees: it must not show.

A breakpoint at a node that does not exist stops nothing, and keeps the run on the way of those that are watched.
"""

from __future__ import annotations

import logging
import operator
import zlib
from dataclasses import dataclass
from random import Random
from typing import Annotated, Any, TypedDict

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fastgraph import END, START, Command, Send, StateGraph, interrupt
from fastgraph.channels import AnyValue, EphemeralValue, Topic, UntrackedValue
from fastgraph.checkpoint.memory import ForgetfulThread, MemoryThread
from fastgraph.config import get_config, get_stream_writer
from fastgraph.in_process.crews import ThreadCrew
from fastgraph.in_process.options import read_options
from fastgraph.in_process.unseen import find_lane
from fastgraph.types import RetryPolicy

LIMIT = 9


class State(TypedDict, total=False):
    seen: Annotated[list[str], operator.add]
    last: str
    topic: Annotated[list[str], Topic(str)]
    once: Annotated[str, EphemeralValue(str, guard=False)]
    some: Annotated[str, AnyValue]
    held: Annotated[str, UntrackedValue(str, guard=False)]


@dataclass(frozen=True)
class Sketch:
    """A graph: its edges, which nodes have routers, and how often, in ten, a node does something out of the way."""

    nodes: int
    edges: frozenset[tuple[int, int]]
    routed: frozenset[int]
    deferred: frozenset[int]
    join: tuple[int, int] | None
    has_start_router: bool
    oddness: int
    seed: int


@st.composite
def sketches(draw: st.DrawFn) -> Sketch:
    nodes = draw(st.integers(1, 5))
    node = st.integers(0, nodes - 1)
    chain = frozenset((number, number + 1) for number in range(nodes - 1))
    return Sketch(
        nodes=nodes,
        edges=draw(st.sampled_from([chain, frozenset()]))
        | draw(st.frozensets(st.tuples(node, node), max_size=2)),
        routed=draw(st.frozensets(node, max_size=3)),
        deferred=draw(st.frozensets(node, max_size=1)),
        join=draw(st.none() | st.tuples(node, node)),
        has_start_router=draw(st.booleans()),
        oddness=draw(st.integers(0, 4)),
        seed=draw(st.integers(0, 10**6)),
    )


def chance(sketch: Sketch, name: str, state: Any) -> Random:
    return Random(zlib.crc32(f"{sketch.seed} {name} {state}".encode()))


def targets(sketch: Sketch, random: Random) -> list[Any]:
    names = [*(f"n{number}" for number in range(sketch.nodes)), END, "nowhere"]
    chosen: list[Any] = [random.choice(names) for _ in range(random.choice([0, 1, 1, 1, 2]))]
    return [*chosen, Send("n0", {"seen": ["sent"]})] if random.random() < 0.1 else chosen


def make_node(sketch: Sketch, name: str, executed: list[Any]) -> Any:
    def node(state: Any) -> Any:
        random = chance(sketch, name, state)
        executed.append((name, state, get_config()["metadata"]["langgraph_step"]))
        get_stream_writer()(name)
        update: dict[str, Any] = {"seen": [f"{name}.{random.randrange(100)}"], "unknown": 1}
        update |= {key: name for key in ("last", "topic", "once", "some", "held") if random.random() < 0.3}
        if random.randrange(25) >= sketch.oddness:
            return update
        odd = random.randrange(4)
        if odd == 0:
            raise ValueError(name)
        if odd == 1:
            update["seen"].append(interrupt(name))
        if odd == 2 and executed.count(executed[-1]) == 1:
            raise ConnectionError(name)
        return Command(update=update, goto=targets(sketch, random))

    return node


def make_router(sketch: Sketch, name: str) -> Any:
    return lambda state: targets(sketch, chance(sketch, f"router {name}", state))


def build(sketch: Sketch, executed: list[Any]) -> Any:
    builder: StateGraph[Any, Any, Any, Any] = StateGraph(State)
    policy = RetryPolicy(initial_interval=0.0, jitter=False, retry_on=ConnectionError)
    for number in range(sketch.nodes):
        name = f"n{number}"
        node = make_node(sketch, name, executed)
        builder.add_node(name, node, defer=number in sketch.deferred, retry_policy=policy)
    for source, target in sketch.edges:
        builder.add_edge(f"n{source}", f"n{target}")
    for number in sketch.routed:
        builder.add_conditional_edges(f"n{number}", make_router(sketch, f"n{number}"))
    if sketch.join is not None:
        builder.add_edge(["n0", f"n{sketch.join[0]}"], f"n{sketch.join[1]}")
    builder.add_edge(START, "n0")
    if sketch.has_start_router:
        builder.add_conditional_edges(START, make_router(sketch, START))
    return builder.compile()


def observe(sketch: Sketch, caplog: pytest.LogCaptureFixture, **options: Any) -> Any:
    """Run a graph and return all that can be seen of it: what was executed, what came out, what was told."""
    executed: list[Any] = []
    caplog.clear()
    outcome: Any
    try:
        outcome = build(sketch, executed).invoke({"seen": ["in"]}, {"recursion_limit": LIMIT}, **options)
    except Exception as error:  # noqa: BLE001 - the error is the observation
        outcome = (type(error), str(error), getattr(error, "__notes__", []))
    questions = outcome.pop("__interrupt__", ()) if isinstance(outcome, dict) else ()
    told = [record.getMessage() for record in caplog.records]
    return _sorted_apart(executed), outcome, [question.value for question in questions], sorted(told)


def _sorted_apart(executed: list[Any]) -> list[Any]:
    # tasks of one step may begin in any order
    return sorted(executed, key=lambda item: (item[2], str(item)))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sketch=sketches())
@example(sketch=Sketch(2, frozenset({(0, 1), (1, 0)}), frozenset(), frozenset(), None, False, 0, 1))
def test_steps_that_nobody_sees_do_what_the_others_do(
    sketch: Sketch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="fastgraph")
    unseen = observe(sketch, caplog)
    assert unseen == observe(sketch, caplog, interrupt_before=["nobody"])


def test_only_a_run_that_nobody_watches_and_nothing_keeps_goes_unseen() -> None:
    graph = build(Sketch(1, frozenset(), frozenset(), frozenset(), None, False, 0, 1), [])
    crew = ThreadCrew(is_live=False, max_concurrency=None, random=Random(0))

    def is_unseen(log: MemoryThread, **options: Any) -> bool:
        given: Any = {"interrupt_before": None, **options}
        whole = given.pop("is_whole", True)
        read = read_options(graph, {}, None, given, modes=["values"], keys=graph.output_keys, is_whole=whole)
        return find_lane(graph, read, log, crew) is crew

    assert is_unseen(ForgetfulThread(1))
    assert not is_unseen(MemoryThread(1))
    assert not is_unseen(ForgetfulThread(1), is_whole=False)
    assert not is_unseen(ForgetfulThread(1), interrupt_before=["n0"])
