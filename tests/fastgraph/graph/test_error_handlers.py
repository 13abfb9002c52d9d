"""What nodes get from the graph's defaults, and what is made of an error that was kept."""

from __future__ import annotations

from typing import Any, TypedDict

import pytest

from fastgraph import START, CachePolicy, GraphDefinitionError, NodeError, RetryPolicy, StateGraph
from fastgraph.execution.tasks import ErrorRecord, TimeLimits
from fastgraph.graph.error_handlers import DEFAULT_HANDLER, RestoredError, restore_error
from fastgraph.graph.failures import record_error


class State(TypedDict, total=False):
    x: int


async def node(state: State) -> State:
    return {}


async def handle(state: State, error: NodeError) -> State:
    return {}


class CardError(ValueError):
    """A user's error."""


def test_a_node_says_more_than_the_defaults_and_handlers_get_a_part_of_them() -> None:
    default, own = RetryPolicy(max_attempts=2), RetryPolicy(max_attempts=9)
    builder: Any = StateGraph(State).set_node_defaults(
        retry_policy=default, cache_policy=CachePolicy(ttl=1), error_handler=handle, timeout=5
    )
    builder.add_node("plain", node)
    builder.add_node(
        "own", node, retry_policy=own, cache_policy=CachePolicy(ttl=2), error_handler=handle, timeout=7
    )
    builder.add_edge(START, "plain")
    nodes = builder.compile().nodes
    plain, said, handler = nodes["plain"], nodes["own"], nodes[DEFAULT_HANDLER]
    assert (plain.retry_policies, plain.limits, plain.error_handler) == (
        (default,),
        TimeLimits(5.0),
        DEFAULT_HANDLER,
    )
    assert plain.cache_policy == CachePolicy(ttl=1)
    assert (said.retry_policies, said.limits, said.error_handler) == (
        (own,),
        TimeLimits(7.0),
        "__error_handler__own",
    )
    assert said.cache_policy == CachePolicy(ttl=2)
    for spec in (handler, nodes["__error_handler__own"]):
        assert (spec.retry_policies, spec.limits, spec.cache_policy, spec.error_handler) == (
            (default,),
            TimeLimits(5.0),
            None,
            None,
        )


def test_defaults_are_added_to_and_nodes_stay_as_they_were() -> None:
    builder: Any = StateGraph(State).set_node_defaults(timeout=5).add_node("a", node).add_edge(START, "a")
    builder.set_node_defaults(retry_policy=RetryPolicy())
    spec = builder.compile().nodes["a"]
    assert (spec.limits, len(spec.retry_policies)) == (TimeLimits(5.0), 1)
    assert builder.nodes["a"].limits is None


def test_the_default_handlers_name_can_not_be_taken() -> None:
    builder: Any = StateGraph(State).add_node(DEFAULT_HANDLER, node).set_node_defaults(error_handler=handle)
    with pytest.raises(GraphDefinitionError, match="default_error_handler"):
        builder.add_edge(START, DEFAULT_HANDLER).compile()


@pytest.mark.parametrize(
    "error",
    [
        *(
            CardError("no money"),
            KeyError("k"),
            OSError(2, "gone"),
            ConnectionResetError("r"),
            StopIteration("s"),
        ),
        *(
            UnicodeDecodeError("utf-8", b"x", 0, 1, "bad"),
            SyntaxError("s"),
            ExceptionGroup("g", [ValueError()]),
        ),
        *(Exception("plain"), TimeoutError()),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_kept_error_has_the_same_name_message_and_builtin_base(error: Any) -> None:
    restored = restore_error(record_error(error, node="a", attempt=2))
    assert isinstance(restored, RestoredError)
    assert (type(restored).__name__, str(restored)) == (type(error).__name__, str(error))
    base = next(kind for kind in type(error).__mro__ if kind.__module__ == "builtins")
    assert isinstance(restored, base) or base is ExceptionGroup
    assert (restored.record.node, restored.record.attempt) == ("a", 2)


def test_an_error_without_facts_is_restored_by_its_name() -> None:
    assert isinstance(restore_error(ErrorRecord(type="LookupError", message="m")), LookupError)
    assert str(restore_error(ErrorRecord(type="Strange", message="m"))) == "m"
