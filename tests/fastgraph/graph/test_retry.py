"""Retries: which errors are tried again, how long is waited, how attempts are counted."""

from random import Random
from typing import Any, TypedDict

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastgraph.graph.retry import RetryPolicy, default_retry_on, delay_seconds, find_policy
from support.oracle import LANGGRAPH, Names, agree

ERRORS = [
    ValueError(),
    TypeError(),
    ZeroDivisionError(),
    ImportError(),
    KeyError(),
    NameError(),
    SyntaxError(),
    RuntimeError(),
    ReferenceError(),
    StopIteration(),
    OSError(),
    TimeoutError(),
    ConnectionError(),
    ConnectionResetError(),
    Exception(),
    AssertionError(),
    EOFError(),
]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_default_rule_is_langgraphs(error: Exception) -> None:
    assert default_retry_on(error) == LANGGRAPH.RetryPolicy().retry_on(error)


@pytest.mark.parametrize(("status", "is_tried_again"), [(400, False), (404, False), (500, True), (503, True)])
def test_servers_faults_are_tried_again_and_ours_are_not(status: int, is_tried_again: bool) -> None:
    response = httpx.Response(status, request=httpx.Request("GET", "http://x"))
    assert (
        default_retry_on(httpx.HTTPStatusError("", request=response.request, response=response))
        is is_tried_again
    )


def test_defaults_are_langgraphs() -> None:
    ours, theirs = RetryPolicy(), LANGGRAPH.RetryPolicy()
    assert ours[:5] == tuple(theirs)[:5]


@given(st.integers(1, 10_000), st.floats(0, 100), st.floats(1, 10), st.floats(0, 1000))
def test_delay_is_never_above_the_maximum(
    attempt: int, initial: float, factor: float, highest: float
) -> None:
    policy = RetryPolicy(initial_interval=initial, backoff_factor=factor, max_interval=highest, jitter=False)
    assert 0 <= delay_seconds(policy, attempt, Random(1)) <= highest


def test_delays_double_and_jitter_adds_up_to_a_second() -> None:
    plain = RetryPolicy(jitter=False)
    assert [delay_seconds(plain, attempt, Random(1)) for attempt in (1, 2, 3, 9, 20)] == [0.5, 1, 2, 128, 128]
    assert all(0.5 <= delay_seconds(RetryPolicy(), 1, Random(seed)) <= 1.5 for seed in range(50))


def test_first_matching_policy_decides() -> None:
    policies = [RetryPolicy(retry_on=KeyError), RetryPolicy(retry_on=(LookupError, ValueError))]
    assert [
        find_policy(policies, error) for error in (KeyError(), IndexError(), ValueError(), OSError())
    ] == [0, 1, 1, None]
    assert find_policy([RetryPolicy(retry_on=lambda error: True)], SystemExit()) is None


class State(TypedDict):
    x: int


def failing(calls: list[int], until: int, error: type[Exception] = ConnectionError) -> Any:
    def node(state: State) -> dict[str, int]:
        calls.append(1)
        if len(calls) < until:
            raise error("not yet")
        return {"x": len(calls)}

    return node


def run(lg: Names, until: int, *policies: Any, error: type[Exception] = ConnectionError) -> Any:
    calls: list[int] = []
    builder = lg.StateGraph(State)
    builder.add_node("node", failing(calls, until, error), retry_policy=list(policies))
    builder.add_edge(lg.START, "node")
    try:
        return [builder.compile().invoke({"x": 0}), len(calls)]
    except Exception as raised:  # noqa: BLE001 - the error is the observation
        return [type(raised).__name__, str(raised), len(calls)]


def quick(lg: Names, **options: Any) -> Any:
    return lg.RetryPolicy(initial_interval=0.001, jitter=False, **options)


def test_attempts_are_counted_with_the_first() -> None:
    assert agree(lambda lg: run(lg, 3, quick(lg))) == [{"x": 3}, 3]
    assert agree(lambda lg: run(lg, 4, quick(lg))) == ["ConnectionError", "not yet", 3]
    assert agree(lambda lg: run(lg, 2)) == ["ConnectionError", "not yet", 1]


def test_policy_that_does_not_match_is_no_policy() -> None:
    assert agree(lambda lg: run(lg, 2, quick(lg), error=ValueError)) == ["ValueError", "not yet", 1]
    assert agree(lambda lg: run(lg, 2, quick(lg), quick(lg, retry_on=ValueError), error=ValueError))[1] == 2
