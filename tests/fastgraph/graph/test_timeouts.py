"""What a timeout may be, and what the watch over an attempt lets through."""

from __future__ import annotations

import asyncio
import inspect
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastgraph.errors import NodeTimeoutError
from fastgraph.events import EventKind
from fastgraph.execution.tasks import TimeLimits
from fastgraph.graph.timeouts import TimeoutPolicy, Watch, read_timeout, run_within


class Services:
    """Services that note what they are asked for."""

    run_id = "r"

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def emit(self, kind: EventKind, data: bytes) -> None:
        self.asked.append((kind, data))

    def write_object(self, value: Any) -> None:
        self.asked.append(value)

    def save_artifact(self, name: str, data: Any, media_type: str | None) -> str:
        self.asked.append(name)
        return "id"


def watch(refresh_on: str = "auto") -> tuple[Watch, Services]:
    services = Services()
    made = Watch(services, TimeLimits(None, 1.0, refresh_on))  # type: ignore[arg-type]  # what is watched is enough
    made.progress_at = 0.0
    return made, services


@given(st.floats(min_value=0.001, max_value=1e6), st.floats(min_value=0.001, max_value=1e6))
def test_a_policy_in_seconds_or_timedeltas_is_the_same(run: float, idle: float) -> None:
    policy = TimeoutPolicy.coerce(TimeoutPolicy(run_timeout=run, idle_timeout=timedelta(seconds=idle)))
    assert policy is not None
    assert policy == TimeoutPolicy.coerce(policy)
    assert policy.run_timeout == run
    assert policy.idle_timeout == pytest.approx(idle, abs=1e-6)
    assert read_timeout(run) == TimeLimits(run)


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), timedelta(0), TimeoutPolicy(idle_timeout=-0.5)])
def test_a_timeout_is_above_zero(timeout: Any) -> None:
    with pytest.raises(ValueError, match="greater than 0"):
        read_timeout(timeout)


def test_a_policy_without_a_limit_is_none() -> None:
    assert TimeoutPolicy.coerce(TimeoutPolicy()) is None
    assert read_timeout(None) is None


def test_whatever_the_node_does_with_its_services_is_progress() -> None:
    uses: list[Any] = [
        lambda services: services.emit(EventKind.LOG, b"{}"),
        lambda services: services.write_object(1),
        lambda services: services.save_artifact("a", b"", None),
    ]
    for use in uses:
        made, services = watch()
        use(made.services)
        assert made.progress_at > 0
        assert len(services.asked) == 1
        strict, _ = watch("heartbeat")
        use(strict.services)
        assert strict.progress_at == 0
        strict.heartbeat()
        assert strict.progress_at > 0


def test_a_closed_watch_is_silent() -> None:
    made, services = watch()
    made.close()
    made.services.emit(EventKind.LOG, b"{}")
    made.write_object("late")
    assert services.asked == []


def test_protocols_find_what_the_services_can_do() -> None:
    """From Python 3.12 on they look at an object's own attributes and not behind `__getattr__`."""
    made, _ = watch()
    for name in ("emit", "write_object", "save_artifact"):
        assert callable(inspect.getattr_static(made, name))
    assert made.services.run_id == "r"


async def late() -> None:
    await asyncio.Event().wait()


@pytest.mark.anyio
async def test_the_limit_that_is_passed_first_is_told() -> None:
    made, _ = watch()
    with pytest.raises(NodeTimeoutError) as caught:
        await run_within(TimeLimits(60.0, 0.02), "a", made, late)
    assert (caught.value.kind, caught.value.timeout, caught.value.run_timeout) == ("idle", 0.02, 60.0)


@pytest.mark.anyio
async def test_the_works_own_error_is_its_own() -> None:
    async def fails() -> None:
        raise TimeoutError("mine")

    made, _ = watch()
    with pytest.raises(TimeoutError, match="mine"):
        await run_within(TimeLimits(60.0), "a", made, fails)


@pytest.mark.anyio
async def test_a_cancelled_attempt_takes_its_work_along() -> None:
    stopped = asyncio.Event()

    async def work() -> None:
        try:
            await late()
        finally:
            stopped.set()

    made, _ = watch()
    attempt = asyncio.ensure_future(run_within(TimeLimits(60.0), "a", made, work))
    while not attempt.get_stack():  # it has not begun
        await asyncio.wait([attempt], timeout=0)
    await asyncio.wait([attempt], timeout=0)
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt
    async with asyncio.timeout(5):
        await stopped.wait()
