"""What an AsyncActor does with messages, hooks and its inbox while all goes well."""

import asyncio
import contextvars
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from actors.runtime import (
    ActorGoneError,
    ActorState,
    AskTimeoutError,
    AsyncActor,
    ControlMessage,
    DownKind,
    DownReason,
    InboxFullError,
    LoopThread,
    NoLoopError,
    WouldBlockLoopError,
    ref_ask,
    ref_ask_blocking,
    ref_kill,
    ref_stop,
    ref_stop_blocking,
    report_of,
)
from actors.runtime.async_actor import MESSAGES_A_TURN
from actors.runtime.inbox import Inbox
from actors.runtime.lifeline import watch_end

pytestmark = pytest.mark.anyio


@pytest.fixture
def loop_thread() -> Iterator[LoopThread]:
    with LoopThread("test-loop") as thread:
        yield thread


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """The handler waits for `gate`; `entered` is set when it does."""

    gate: asyncio.Event
    entered: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgent(ControlMessage):
    text: str


class Notebook(AsyncActor):
    """Keeps what it is told, in order."""

    def __init__(self, log: list[str], **options: Any) -> None:
        super().__init__(**options)
        self.log = log

    def on_start(self) -> None:
        self.log.append("start")

    def on_receive(self, message: Any) -> Any:
        match message:
            case Note() | Urgent():
                self.log.append(message.text)
                return message.text.upper()
            case Hold():
                return self._hold(message)
            case _:
                return message

    async def _hold(self, message: Hold) -> str:
        message.entered.set()
        await message.gate.wait()
        self.log.append("held")
        return "held"

    async def on_stop(self) -> None:  # type: ignore[override]  # Pykka's hook is plain
        await asyncio.sleep(0)
        self.log.append("stop")


class Small(Notebook):
    inbox_capacity = 3


async def test_hooks_and_handlers_may_be_plain_or_coroutine_functions() -> None:
    log: list[str] = []
    ref = Notebook.start(log)
    gate = asyncio.Event()
    gate.set()
    assert await ref_ask(ref, Note(text="a")) == "A"
    assert await ref_ask(ref, Hold(gate=gate)) == "held"
    assert await ref_stop(ref)
    assert log == ["start", "a", "held", "stop"]


async def test_messages_of_one_sender_are_handled_in_order_and_one_at_a_time() -> None:
    log: list[str] = []
    ref = Notebook.start(log)
    hold = Hold(gate=asyncio.Event())
    ref.tell(hold)
    for number in range(200):
        ref.tell(Note(text=str(number)))
    await hold.entered.wait()
    assert log == ["start"], "the next message waits while a handler awaits"
    hold.gate.set()
    assert await ref_ask(ref, "last") == "last"
    assert log == ["start", "held", *map(str, range(200))]
    await ref_stop(ref)


async def test_a_full_inbox_refuses_with_the_actors_name_and_never_blocks() -> None:
    ref = Small.start([])
    hold = Hold(gate=asyncio.Event())
    ref.tell(hold)
    await hold.entered.wait()
    for number in range(Small.inbox_capacity):
        ref.tell(Note(text=str(number)))
    with pytest.raises(InboxFullError, match=r"Small \(urn:uuid:.*3 messages wait"):
        ref.tell(Note(text="one too many"))
    with pytest.raises(InboxFullError):
        await ref_ask(ref, Note(text="one too many"))
    report = report_of(ref)
    assert report is not None
    assert (report.depth, report.high_water, report.refused) == (3, 3, 2)
    hold.gate.set()
    await ref_ask(ref, Urgent(text="go on"))
    assert await ref_ask(ref, 1) == 1, "it takes messages again"
    await ref_stop(ref)


async def test_control_messages_go_first_and_ignore_the_bound() -> None:
    log: list[str] = []
    ref = Small.start(log)
    hold = Hold(gate=asyncio.Event())
    ref.tell(hold)
    await hold.entered.wait()
    for number in range(Small.inbox_capacity):
        ref.tell(Note(text=str(number)))
    for number in range(50):
        ref.tell(Urgent(text=f"u{number}"))
    hold.gate.set()
    await ref_ask(ref, Urgent(text="last"))
    ahead = ["start", "held", *(f"u{number}" for number in range(50)), "last"]
    assert log[: len(ahead)] == ahead
    await ref_stop(ref)


async def test_a_stop_goes_ahead_and_what_waits_behind_it_is_refused() -> None:
    letters: list[tuple[str, str]] = []
    log: list[str] = []
    ref = Notebook.start(log)
    assert isinstance(ref.actor_inbox, Inbox)
    ref.actor_inbox.letter_sink = lambda actor, message: letters.append((actor, message))
    hold = Hold(gate=asyncio.Event())
    ref.tell(hold)
    await hold.entered.wait()
    ref.tell(Note(text="never"))
    asked = asyncio.ensure_future(ref_ask(ref, Note(text="never either")))
    await asyncio.sleep(0)
    stopped = asyncio.ensure_future(ref_stop(ref))
    await asyncio.sleep(0)
    hold.gate.set()
    assert await stopped
    with pytest.raises(ActorGoneError, match="has stopped"):
        await asked
    assert log == ["start", "held", "stop"], (
        "the message that was being handled is finished, no other is begun"
    )
    assert letters == [(str(ref), "Note")]


async def test_everybody_who_asks_for_the_stop_waits_for_its_end() -> None:
    log: list[str] = []
    ref = Notebook.start(log)
    assert await asyncio.gather(*(ref_stop(ref) for _ in range(5))) == [True] * 5
    assert log[-1] == "stop"
    assert await ref_stop(ref) is False
    assert not ref.is_alive()


async def test_a_dead_actor_refuses_tell_and_ask() -> None:
    ref = Notebook.start([])
    await ref_stop(ref)
    with pytest.raises(ActorGoneError):
        ref.actor_inbox.put(_envelope(Note(text="late")))
    with pytest.raises(ActorGoneError):
        await ref_ask(ref, Note(text="late"))
    with pytest.raises(Exception, match="not found"):
        ref.tell(Note(text="late"))


async def test_an_actor_that_stops_itself_finishes_its_message_first() -> None:
    class Leaving(AsyncActor):
        def on_receive(self, message: Any) -> Any:
            self.stop()
            return message

    ref = Leaving.start()
    ends: asyncio.Future[DownReason] = asyncio.get_running_loop().create_future()
    watch_end(ref, ends.set_result)
    assert await ref_ask(ref, "bye") == "bye"
    assert (await ends).kind is DownKind.STOPPED


async def test_an_ask_gives_up_after_its_timeout_and_names_actor_and_message() -> None:
    ref = Notebook.start([])
    hold = Hold(gate=asyncio.Event())
    with pytest.raises(AskTimeoutError, match=r"Notebook \(urn.*did not answer Hold within 0.01 s"):
        await ref_ask(ref, hold, timeout_seconds=0.01)
    hold.gate.set()
    assert await ref_ask(ref, "after", timeout_seconds=30) == "after", "a late answer harms nobody"
    await ref_stop(ref)


async def test_a_cancelled_asker_leaves_the_actor_unharmed() -> None:
    ref = Notebook.start([])
    hold = Hold(gate=asyncio.Event())
    asked = asyncio.ensure_future(ref_ask(ref, hold))
    await hold.entered.wait()
    asked.cancel()
    hold.gate.set()
    assert await ref_ask(ref, 1) == 1
    await ref_stop(ref)


async def test_pykkas_own_futures_and_proxies_can_be_awaited_without_blocking_the_loop() -> None:
    class Calculator(AsyncActor):
        base = 40

        def add(self, number: int) -> int:
            return self.base + number

        async def add_later(self, number: int) -> int:
            await asyncio.sleep(0)
            return self.base + number

    ref = Calculator.start()
    proxy = ref.proxy()
    assert await proxy.add(2) == 42
    assert await proxy.add_later(3) == 43
    assert await proxy.base == 40
    assert await ref.stop(block=False)


async def test_a_blocking_wait_on_the_loop_is_refused_and_not_a_deadlock() -> None:
    ref = Notebook.start([])
    with pytest.raises(WouldBlockLoopError, match="await"):
        ref.ask(1)
    with pytest.raises(WouldBlockLoopError, match="ref_ask"):
        ref_ask_blocking(ref, 1)
    with pytest.raises(WouldBlockLoopError):
        ref_stop_blocking(ref)
    assert await ref_ask(ref, 2) == 2
    await ref_stop(ref)


async def test_one_busy_actor_leaves_the_loop_to_others() -> None:
    log: list[str] = []
    busy, other = Notebook.start(log), Notebook.start(log)
    await ref_ask(other, 1)
    for number in range(MESSAGES_A_TURN * 3):
        busy.tell(Note(text=str(number)))
    other.tell(Note(text="other"))
    await ref_ask(busy, 1)
    assert log.index("other") < log.index(str(MESSAGES_A_TURN * 3 - 1))
    await asyncio.gather(ref_stop(busy), ref_stop(other))


async def test_an_actor_does_not_inherit_the_context_of_its_spawner() -> None:
    request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="none")

    class Curious(AsyncActor):
        def on_receive(self, message: Any) -> Any:
            return request_id.get()

    request_id.set("17")
    ref = Curious.start()
    assert await ref_ask(ref, "?") == "none"
    await ref_stop(ref)


async def test_a_report_says_what_an_actor_does_and_since_when() -> None:
    ref = Notebook.start([])
    starting = report_of(ref)
    assert starting is not None
    assert starting.state is ActorState.STARTING
    hold = Hold(gate=asyncio.Event())
    ref.tell(hold)
    ref.tell(Note(text="waits"))
    await hold.entered.wait()
    busy = report_of(ref)
    assert busy is not None
    assert (busy.state, busy.current_message, busy.depth) == (ActorState.BUSY, "Hold", 1)
    assert busy.current_age_seconds is not None
    assert busy.oldest_age_seconds is not None
    assert busy.oldest_age_seconds >= busy.current_age_seconds >= 0
    hold.gate.set()
    await ref_ask(ref, 1)
    idle = report_of(ref)
    assert idle is not None
    assert (idle.state, idle.current_message, idle.processed, idle.oldest_age_seconds) == (
        ActorState.IDLE,
        None,
        3,
        None,
    )
    await ref_stop(ref)
    gone = report_of(ref)
    assert gone is not None
    assert (gone.state, gone.error) == (ActorState.STOPPED, None)


def test_an_actor_without_a_loop_is_an_error_that_says_so() -> None:
    with pytest.raises(NoLoopError, match="pass loop="):
        Notebook.start([])


def test_threads_ask_tell_and_stop_an_actor_on_another_threads_loop(loop_thread: LoopThread) -> None:
    log: list[str] = []
    ref = Notebook.start(log, loop=loop_thread.loop)
    ref.tell(Note(text="told"))
    assert ref_ask_blocking(ref, Note(text="a"), timeout_seconds=30) == "A"
    assert ref.ask(Note(text="b"), timeout=30) == "B"
    with pytest.raises(AskTimeoutError):
        ref_ask_blocking(ref, Hold(gate=asyncio.Event()), timeout_seconds=0.01)
    assert ref_kill(ref)
    assert ref_stop_blocking(ref, 30) in (True, False)
    assert log == ["start", "told", "a", "b"]


def test_an_ask_from_one_loop_to_another_is_answered_on_the_askers_loop(loop_thread: LoopThread) -> None:
    ref = Notebook.start([], loop=loop_thread.loop)

    async def ask() -> tuple[str, int]:
        return await ref_ask(ref, Note(text="x"), 30), threading.get_ident()

    assert asyncio.run(ask()) == ("X", threading.get_ident())
    assert ref_stop_blocking(ref, 30)


def _envelope(message: Any) -> Any:
    from pykka._envelope import Envelope

    return Envelope(message)
