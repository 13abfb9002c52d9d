"""A failing actor harms itself alone: every way to fail, in every place, from ask and from tell."""

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import pykka
import pytest
from structlog.testing import capture_logs

from actors.runtime import (
    ActorFailedError,
    ActorGoneError,
    AsyncActor,
    DownKind,
    DownReason,
    LoopThread,
    ref_ask,
    ref_ask_blocking,
    ref_kill,
    ref_stop,
    report_of,
)
from actors.runtime.lifeline import watch_end

pytestmark = pytest.mark.anyio


class Bad(AsyncActor):
    """Raises `error` at `place`, on the spot or after an await."""

    def __init__(self, place: str, error: BaseException, *, is_late: bool, **options: Any) -> None:
        super().__init__(**options)
        self.place, self.error, self.is_late = place, error, is_late
        self.failures: list[BaseException | None] = []

    def _maybe(self, place: str) -> Any:
        if place != self.place:
            return None
        if self.is_late:
            return self._late()
        raise self.error

    async def _late(self) -> None:
        await asyncio.sleep(0)
        raise self.error

    def on_start(self) -> Any:
        return self._maybe("start")

    def on_receive(self, message: Any) -> Any:
        return self._maybe("receive") or message

    def on_stop(self) -> Any:
        return self._maybe("stop")

    def on_failure(self, kind: Any, error: BaseException | None, traceback: Any) -> Any:
        self.failures.append(error)
        return self._maybe("failure")


class Bystander(AsyncActor):
    def on_receive(self, message: Any) -> Any:
        return message


ERRORS = [
    ValueError("v"),
    SystemExit(3),
    KeyboardInterrupt(),
    StopIteration(1),
    GeneratorExit(),
    MemoryError(),
]


def instance(ref: pykka.ActorRef[Any]) -> Bad:
    actor = ref._actor_weakref()
    assert isinstance(actor, Bad)
    return actor


async def death(ref: pykka.ActorRef[Any]) -> DownReason:
    ends: asyncio.Future[DownReason] = asyncio.get_running_loop().create_future()
    watch_end(ref, ends.set_result)
    async with asyncio.timeout(30):
        return await ends


@pytest.fixture(autouse=True)
def nobody_stops_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop_all(*_: Any, **__: Any) -> None:
        pytest.fail("ActorRegistry.stop_all was called")

    monkeypatch.setattr(pykka.ActorRegistry, "stop_all", stop_all)


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("is_asked", [False, True])
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
async def test_whatever_a_handler_raises_ends_this_actor_alone(
    error: BaseException, is_asked: bool, is_late: bool
) -> None:
    bystander = Bystander.start()
    ref = Bad.start("receive", error, is_late=is_late)
    actor = instance(ref)
    waiting = asyncio.ensure_future(_ask_second(ref))
    with capture_logs() as logs:
        if is_asked:
            with pytest.raises((type(error), ActorFailedError, RuntimeError)) as seen:
                await ref_ask(ref, "first")
            assert not isinstance(seen.value, (SystemExit, KeyboardInterrupt, GeneratorExit))
        else:
            ref.tell("first")
        reason = await death(ref)
    assert reason.error is not None
    if not isinstance(error, (GeneratorExit, StopIteration)):
        assert reason == DownReason(kind=DownKind.FAILED, error=error)
        assert actor.failures == [error]
        assert [line["event"] for line in logs] == ["actor failed"]
    with pytest.raises(ActorGoneError):
        await waiting
    assert not ref.is_alive()
    assert ref not in pykka.ActorRegistry.get_all()
    assert await ref_ask(bystander, 1) == 1
    await ref_stop(bystander)


async def _ask_second(ref: pykka.ActorRef[Any]) -> Any:
    await asyncio.sleep(0)
    return await ref_ask(ref, "second")


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("error", [ValueError("v"), SystemExit(3)], ids=lambda error: type(error).__name__)
async def test_a_start_that_fails_calls_on_failure_and_refuses_what_waits(
    error: BaseException, is_late: bool
) -> None:
    ref = Bad.start("start", error, is_late=is_late)
    actor = instance(ref)
    with pytest.raises(ActorGoneError, match="died"):
        await ref_ask(ref, 1)
    assert await death(ref) == DownReason(kind=DownKind.FAILED, error=error)
    assert actor.failures == [error]


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize(
    "error", [ValueError("v"), KeyboardInterrupt()], ids=lambda error: type(error).__name__
)
async def test_a_stop_that_fails_still_ends_and_answers(error: BaseException, is_late: bool) -> None:
    ref = Bad.start("stop", error, is_late=is_late)
    actor = instance(ref)
    assert await ref_stop(ref)
    assert await death(ref) == DownReason(kind=DownKind.FAILED, error=error)
    assert actor.failures == [error]
    report = report_of(ref)
    assert report is not None
    assert report.error is not None


@pytest.mark.parametrize("is_late", [False, True])
async def test_a_failure_hook_that_fails_still_ends_the_actor(is_late: bool) -> None:
    ref = Bad.start("failure", SystemExit(1), is_late=is_late)
    await ref_ask(ref, 1)
    ref_kill(ref)
    assert (await death(ref)).kind is DownKind.KILLED


async def test_a_kill_ends_a_handler_that_waits_for_ever_and_its_asker_is_told() -> None:
    class Stuck(AsyncActor):
        async def on_receive(self, message: Any) -> Any:
            await asyncio.get_running_loop().create_future()

    ref = Stuck.start()
    asked = asyncio.ensure_future(ref_ask(ref, 1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    ref_kill(ref)
    with pytest.raises(ActorFailedError, match="CancelledError"):
        await asked
    assert (await death(ref)).kind is DownKind.KILLED


async def test_a_kill_before_the_first_step_is_seen_too() -> None:
    ref = Bystander.start()
    asked = asyncio.ensure_future(_ask_second(ref))
    ref_kill(ref)
    reason = await death(ref)
    assert reason.kind is DownKind.KILLED
    with pytest.raises(pykka.ActorDeadError):
        await asked


async def test_a_cancellation_by_somebody_else_is_a_failure_and_no_kill() -> None:
    class Betrayed(AsyncActor):
        async def on_receive(self, message: Any) -> Any:
            future = asyncio.get_running_loop().create_future()
            future.cancel()
            await future

    ref = Betrayed.start()
    with pytest.raises(ActorFailedError):
        await ref_ask(ref, 1)
    assert (await death(ref)).kind is DownKind.FAILED


async def test_a_watcher_is_told_once_also_when_it_comes_late_and_one_that_raises_hinders_no_other() -> None:
    ref = Bystander.start()
    seen: list[str] = []

    def bad(_: DownReason) -> None:
        raise ValueError("watcher")

    def note(name: str) -> Callable[[DownReason], None]:
        return lambda reason: seen.append(f"{name} {reason}")

    watch_end(ref, bad)
    watch_end(ref, note("early"))
    with capture_logs() as logs:
        await ref_stop(ref)
    watch_end(ref, note("late"))
    assert seen == ["early stopped", "late stopped"]
    assert [line["event"] for line in logs] == ["watcher of an actor failed"]


async def test_the_end_of_pykkas_own_actors_can_not_be_watched_and_that_is_said() -> None:
    ref = pykka.ThreadingActor.start()
    with pytest.raises(TypeError, match="Make it an AsyncActor"):
        watch_end(ref, lambda _: None)
    await asyncio.to_thread(ref.stop)


async def test_a_reference_to_a_dead_actor_keeps_no_actor_alive() -> None:
    ref = Bystander.start()
    await ref_stop(ref)
    await asyncio.sleep(0)
    gc.collect()
    assert ref._actor_weakref() is None


@pytest.mark.parametrize(
    "error", [SystemExit(1), KeyboardInterrupt()], ids=lambda error: type(error).__name__
)
def test_the_asker_in_a_thread_gets_the_error_of_another_loops_actor(error: BaseException) -> None:
    with LoopThread("failing") as thread:
        bystander = Bystander.start(loop=thread.loop)
        ref = Bad.start("receive", error, is_late=False, loop=thread.loop)
        with pytest.raises(ActorFailedError) as seen:
            ref_ask_blocking(ref, 1, 30)
        assert seen.value.cause is error
        assert ref_ask_blocking(bystander, 1, 30) == 1
