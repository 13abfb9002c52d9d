"""The thread that owns a loop, and the watchdog that names who holds it."""

import asyncio
import gc
import queue
import threading
import warnings
from typing import Any

import pykka
import pytest
from structlog.testing import capture_logs

from actors.runtime import (
    ActorGoneError,
    AsyncActor,
    DownKind,
    DownReason,
    LoopThread,
    LoopWatchdog,
    Stall,
    WouldBlockLoopError,
    ref_ask_blocking,
)
from actors.runtime.lifeline import watch_end

PATIENCE_SECONDS = 30.0


class Holder(AsyncActor):
    """Holds its loop until the message, a thread's event, is set."""

    def on_receive(self, message: Any) -> Any:
        return self.hold_the_loop(message)

    def hold_the_loop(self, message: threading.Event) -> bool:
        return message.wait(PATIENCE_SECONDS)


def test_a_turn_that_holds_the_loop_is_reported_once_with_its_stack_and_once_when_it_is_over() -> None:
    stalls: queue.Queue[Stall] = queue.Queue()
    release = threading.Event()
    with LoopThread("held", stall_limit_seconds=0.02, on_stall=stalls.put) as thread:
        ref = Holder.start(loop=thread.loop)
        ref.tell(release)
        held = stalls.get(timeout=PATIENCE_SECONDS)
        assert "hold_the_loop" in held.stack
        assert held.task_name == ref.actor_urn
        assert held.loop_name == "held"
        assert held.held_seconds >= 0.02
        release.set()
        over = stalls.get(timeout=PATIENCE_SECONDS)
        assert over.is_over
        assert over.held_seconds >= held.held_seconds
    assert stalls.empty()


def test_a_loop_that_is_free_is_not_reported() -> None:
    stalls: queue.Queue[Stall] = queue.Queue()
    with LoopThread("free", stall_limit_seconds=5.0, on_stall=stalls.put) as thread:

        async def turn() -> None:
            for _ in range(1_000):
                await asyncio.sleep(0)

        thread.run(turn()).result(PATIENCE_SECONDS)
    assert stalls.empty()


def test_a_stall_is_logged_by_default() -> None:
    release = threading.Event()
    with capture_logs() as logs, LoopThread("logged", stall_limit_seconds=0.02) as thread:
        ref = Holder.start(loop=thread.loop)
        ref.tell(release)
        pause = threading.Event()
        while not logs:
            pause.wait(0.005)
        release.set()
        ref_ask_blocking(ref, release, PATIENCE_SECONDS)
    assert logs[0]["event"] == "event loop is held"
    assert "hold_the_loop" in logs[0]["stack"]


def test_a_watchdog_that_is_stopped_as_it_begins_to_look_ends() -> None:
    """Its sign is cleared after `stop` has given it, and the loop, which waits for the thread, gives none."""

    class GivenTooEarly(threading.Event):
        def clear(self) -> None:
            watchdog._ended.set()
            self.set()
            super().clear()

    loop = asyncio.new_event_loop()
    watchdog = LoopWatchdog(loop, threading.get_ident(), name="stopped", limit_seconds=0.02)
    watchdog._sign = GivenTooEarly()
    watchdog.start()
    watchdog._thread.join(PATIENCE_SECONDS)
    assert not watchdog._thread.is_alive()
    loop.close()


def test_stop_lets_tasks_and_actors_clean_up() -> None:
    cleaned: list[str] = []
    ends: list[DownReason] = []

    class Tidy(AsyncActor):
        async def on_failure(self, *_: Any) -> None:  # type: ignore[override]  # Pykka's hook is plain
            await asyncio.sleep(0)
            cleaned.append("actor")

    async def tidy() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.sleep(0)
            cleaned.append("task")

    thread = LoopThread("tidy").start()
    ref = Tidy.start(loop=thread.loop)
    watch_end(ref, ends.append)
    thread.run(tidy())
    thread.run(asyncio.sleep(0)).result(PATIENCE_SECONDS)
    assert thread.stop()
    assert sorted(cleaned) == ["actor", "task"]
    assert [end.kind for end in ends] == [DownKind.KILLED]
    assert thread.loop.is_closed()
    assert not thread.is_alive
    assert thread.stop(), "a second stop does nothing"
    with pytest.raises(ActorGoneError):
        Tidy.start(loop=thread.loop)
    assert not [ref for ref in pykka.ActorRegistry.get_all() if ref.actor_class is Tidy]


def test_a_task_that_ignores_its_cancellation_is_named_and_left_behind() -> None:
    async def stubborn() -> None:
        while True:
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                continue

    thread = LoopThread("stubborn").start()
    with capture_logs() as logs:
        kept = thread.run(
            stubborn()
        )  # asyncio alone holds a task weakly, and the collector would end this one
        thread.run(asyncio.sleep(0)).result(PATIENCE_SECONDS)
        thread.stop(timeout_seconds=0.05)
    assert not kept.done()
    assert "tasks ignored their cancellation" in [line["event"] for line in logs]


@pytest.mark.parametrize("turns", range(6))
def test_tasks_that_come_until_the_loop_is_closed_leave_nothing_that_python_complains_of(turns: int) -> None:
    """Each task that ends makes another, some turns of the loop later; one of them is the loop's last."""

    def begin(left: int = turns) -> None:
        if left:
            thread.loop.call_soon(begin, left - 1)
        else:
            thread.loop.create_task(wait()).add_done_callback(lambda _: begin())

    async def wait() -> None:
        await asyncio.get_running_loop().create_future()

    thread = LoopThread("prolific").start()
    with capture_logs(), warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        thread.loop.call_soon_threadsafe(begin)
        assert thread.stop()
        gc.collect()
    assert not [str(complaint.message) for complaint in complaints]


def test_a_loop_that_is_held_for_ever_is_left_behind_and_the_caller_goes_on() -> None:
    release = threading.Event()
    thread = LoopThread("stuck", stall_limit_seconds=None).start()
    entered = threading.Event()

    def hold() -> None:
        entered.set()
        release.wait(PATIENCE_SECONDS)

    thread.loop.call_soon_threadsafe(hold)
    assert entered.wait(PATIENCE_SECONDS)
    with capture_logs() as logs:
        assert thread.stop(timeout_seconds=0.05) is False
    assert [line["event"] for line in logs] == ["event loop did not stop and is left behind"]
    release.set()
    thread._thread.join(PATIENCE_SECONDS)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_task_that_raises_system_exit_does_not_end_the_loop() -> None:
    async def leave() -> None:
        raise SystemExit(3)

    with capture_logs() as logs, LoopThread("stays") as thread:
        leaving = thread.run(leave())
        assert thread.run(asyncio.sleep(0, "here")).result(PATIENCE_SECONDS) == "here"
        assert isinstance(leaving.exception(PATIENCE_SECONDS), SystemExit)
    assert [line["event"] for line in logs] == ["a task tried to end its event loop"]


def test_a_loop_thread_can_not_stop_itself() -> None:
    with LoopThread("self") as thread:

        async def stop() -> None:
            thread.stop()

        with pytest.raises(WouldBlockLoopError):
            thread.run(stop()).result(PATIENCE_SECONDS)


def test_a_thread_that_was_never_started_can_be_stopped() -> None:
    thread = LoopThread("never")
    assert thread.stop()
    assert thread.loop.is_closed()
