"""What a hint looks like on its way, and how listeners hear it."""

import asyncio
import threading
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from actors.hints.hints import MESSAGE_BYTES, Hint, HintKind, decode_hints, encode_hints
from actors.hints.listeners import Listeners

HINTS = st.lists(
    st.builds(Hint, st.sampled_from(HintKind), st.none() | st.integers(min_value=0, max_value=2**63 - 1)),
    max_size=600,
)


@given(hints=HINTS)
def test_what_is_encoded_is_decoded_each_hint_once_and_in_order(hints: list[Hint]) -> None:
    messages = encode_hints(hints)
    assert all(0 < len(message) <= MESSAGE_BYTES for message in messages)
    assert [hint for message in messages for hint in decode_hints(message)] == list(dict.fromkeys(hints))


@given(message=st.binary(max_size=200))
def test_no_message_whatsoever_is_an_error(message: bytes) -> None:
    assert all(isinstance(hint, Hint) for hint in decode_hints(message))


def test_kinds_of_a_newer_program_are_left_out() -> None:
    assert decode_hints(b"work sleep:4 events:5 events:x inbox:") == [
        Hint(HintKind.WORK),
        Hint(HintKind.EVENTS, 5),
        Hint(HintKind.INBOX),
    ]


@pytest.mark.anyio
async def test_listeners_are_told_on_their_own_loop_whichever_thread_tells() -> None:
    listeners = Listeners(asyncio.get_running_loop())
    heard: asyncio.Queue[tuple[int, Iterable[Hint]]] = asyncio.Queue()
    listeners.add(lambda hints: heard.put_nowait((threading.get_ident(), hints)))
    await asyncio.to_thread(listeners.tell, [Hint(HintKind.WORK)])
    assert await heard.get() == (threading.get_ident(), (Hint(HintKind.WORK),))


@pytest.mark.anyio
async def test_a_listener_that_raises_hinders_no_other_and_one_that_left_hears_nothing() -> None:
    listeners = Listeners(asyncio.get_running_loop())
    heard: list[str] = []
    done = asyncio.Event()

    def fail(_: Iterable[Hint]) -> None:
        raise ValueError("listener")

    leave = listeners.add(lambda _: heard.append("left"))
    listeners.add(fail)
    listeners.add(lambda _: done.set())
    leave()
    leave()
    with capture_logs() as logs:
        listeners.tell([Hint(HintKind.WORK)])
        await done.wait()
    assert heard == []
    assert [line["event"] for line in logs] == ["listener of hints failed"]


def test_listeners_of_a_closed_loop_are_no_error() -> None:
    loop = asyncio.new_event_loop()
    listeners = Listeners(loop)
    listeners.add(lambda _: None)
    loop.close()
    listeners.tell([Hint(HintKind.WORK)])
