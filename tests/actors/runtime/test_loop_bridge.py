"""The bridge into a loop keeps order, loses nothing, and wakes the loop seldom."""

import asyncio
import threading

import pytest

from actors.runtime.loop_bridge import LoopBridge


@pytest.mark.anyio
async def test_calls_from_many_threads_all_arrive_in_each_threads_order() -> None:
    loop = asyncio.get_running_loop()
    bridge = LoopBridge(loop)
    seen: list[tuple[int, int]] = []
    done = asyncio.Event()

    def arrive(thread: int, number: int) -> None:
        seen.append((thread, number))
        if len(seen) == 4000:
            done.set()

    def send(thread: int) -> None:
        for number in range(1000):
            bridge.post(arrive, thread, number)

    threads = [threading.Thread(target=send, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    await asyncio.wait_for(done.wait(), 10)
    for index in range(4):
        assert [number for thread, number in seen if thread == index] == list(range(1000))


@pytest.mark.anyio
async def test_a_call_that_raises_does_not_take_the_next_one_with_it() -> None:
    bridge = LoopBridge(asyncio.get_running_loop())
    done = asyncio.Event()

    def fail() -> None:
        raise RuntimeError("a caller's fault")

    bridge.post(fail)
    bridge.post(done.set)
    await asyncio.wait_for(done.wait(), 10)


def test_a_closed_loop_is_said_and_not_raised() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    assert LoopBridge(loop).post(print) is False


def test_a_bridge_to_a_loop_that_closed_keeps_nothing() -> None:
    loop = asyncio.new_event_loop()
    bridge = LoopBridge(loop)
    assert bridge.post(print)
    loop.close()
    for _ in range(100):
        assert bridge.post(print) is False
    assert not bridge._calls


@pytest.mark.anyio
async def test_a_flood_through_the_bridge_leaves_the_loop_to_others() -> None:
    loop = asyncio.get_running_loop()
    bridge = LoopBridge(loop)
    order: list[str] = []
    done = asyncio.Event()

    def flood(remaining: int) -> None:
        order.append("bridge")
        if remaining:
            bridge.post(flood, remaining - 1)
        else:
            done.set()

    bridge.post(flood, 50)
    await asyncio.sleep(0)
    loop.call_soon(order.append, "other")
    await done.wait()
    assert order.index("other") < len(order) - 1
    assert order.count("bridge") == 51
