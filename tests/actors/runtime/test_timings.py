"""Counting how long handling takes, and what percentiles say of the counts."""

import asyncio
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.runtime.async_actor import AsyncActor
from actors.runtime.report import report_of
from actors.runtime.timings import (
    BUCKETS,
    add_counts,
    bucket_of,
    no_counts,
    percentile_seconds,
    upper_seconds,
)
from support.waiting import until_async

TIMES = st.floats(min_value=0, max_value=86_400 * 365)


@given(TIMES)
def test_a_time_is_below_the_end_of_its_bucket_and_not_below_half_of_it(seconds: float) -> None:
    bucket = bucket_of(seconds)
    assert 0 <= bucket < BUCKETS
    assert seconds < upper_seconds(bucket) * (1 + 1e-9)
    assert bucket == 0 or seconds >= upper_seconds(bucket) / 2 * (1 - 1e-9)


@given(st.lists(TIMES, min_size=1), st.floats(min_value=0.01, max_value=1))
def test_a_percentile_is_an_upper_bound_within_a_factor_of_two(times: list[float], part: float) -> None:
    counts = no_counts()
    for seconds in times:
        counts[bucket_of(seconds)] += 1
    exact = sorted(times)[max(0, math.ceil(part * len(times)) - 1)]
    told = percentile_seconds(counts, part)
    assert told is not None
    assert exact <= told * (1 + 1e-9)
    assert told <= max(2 * exact, upper_seconds(0)) * (1 + 1e-9)


def test_there_is_no_percentile_of_nothing() -> None:
    assert percentile_seconds(no_counts(), 0.5) is None


def test_counts_are_added() -> None:
    total = no_counts()
    total[3] = 1
    add_counts(total, [1, 0, 0, 2])
    assert total[:4] == [1, 0, 0, 3]


class Sleeper(AsyncActor):
    async def on_receive(self, message: float) -> None:  # type: ignore[override]
        await asyncio.wait_for(asyncio.Event().wait(), message) if message else None


@pytest.mark.anyio
async def test_an_actor_counts_each_message_and_shows_where_it_stands() -> None:
    ref = Sleeper.start()
    for _ in range(3):
        ref.tell(0.0)
    await until_async(lambda: _handled(ref, 3))
    report = report_of(ref)
    assert report is not None
    assert sum(report.timings) == report.processed == 3
    assert report.busy_seconds > 0
    ref.tell(60.0)
    await until_async(lambda: _is_busy(ref))
    actor = ref._actor_weakref()
    assert actor is not None
    stack = actor.stack(30)
    assert "on_receive" in stack
    assert "wait_for" in stack
    actor.kill()


async def _handled(ref: Any, messages: int) -> bool:
    report = report_of(ref)
    return report is not None and report.processed == messages


async def _is_busy(ref: Any) -> bool:
    report = report_of(ref)
    return report is not None and report.current_message is not None
