"""What `AsyncActor` and the Writer lean on inside Pykka 4.5.

When one of these fails, read Pykka's changes before you move its pin.
"""

import inspect
import threading
from importlib.metadata import version
from typing import Any

import pykka
from pykka import _actor, _envelope, _ref, messages
from pykka._envelope import Envelope


def test_the_version_is_the_one_that_was_read() -> None:
    assert version("pykka").startswith("4.5.")


def test_an_envelope_carries_a_message_and_where_the_reply_goes() -> None:
    assert Envelope.__slots__ == ["message", "reply_to"]
    envelope = Envelope("m", reply_to=None)
    assert (envelope.message, envelope.reply_to) == ("m", None)


def test_a_stop_is_a_message_of_its_own_class_without_fields() -> None:
    assert messages._ActorStop() == ()
    assert list(inspect.signature(messages._ActorStop).parameters) == []


def test_the_three_hooks_exist_and_start_uses_them() -> None:
    for hook in ("_create_actor_inbox", "_create_future", "_start_actor_loop"):
        assert callable(getattr(pykka.Actor, hook))
    started = inspect.getsource(pykka.Actor.start.__func__)  # type: ignore[attr-defined]
    assert started.index("ActorRegistry.register") < started.index("_start_actor_loop()")


def test_start_makes_the_inbox_before_the_reference_and_the_reference_shares_inbox_and_flag() -> None:
    class Plain(pykka.ThreadingActor):
        pass

    ref = Plain.start()
    actor = ref._actor_weakref()
    assert actor is not None
    assert ref.actor_inbox is actor.actor_inbox
    assert ref.actor_stopped is actor.actor_stopped
    assert isinstance(ref.actor_stopped, threading.Event)
    ref.stop()


def test_a_reference_asks_through_put_with_a_future_of_the_actors_class() -> None:
    class Recorder:
        def __init__(self) -> None:
            self.seen: list[_envelope.Envelope[Any]] = []

        def put(self, envelope: _envelope.Envelope[Any]) -> None:
            self.seen.append(envelope)

    class Quiet(pykka.ThreadingActor):
        def _start_actor_loop(self) -> None:
            pass

    ref = Quiet.start()
    ref.actor_inbox = recorder = Recorder()  # type: ignore[assignment]
    future = ref.ask("question", block=False)
    ref.tell("news")
    ref.stop(block=False)
    asked, told, stopped = recorder.seen
    assert (asked.message, asked.reply_to) == ("question", future)
    assert (told.message, told.reply_to) == ("news", None)
    assert isinstance(stopped.message, messages._ActorStop)
    assert stopped.reply_to is not None
    pykka.ActorRegistry.unregister(ref)


def test_stop_swallows_the_death_of_the_actor_only_where_the_reply_carries_it() -> None:
    source = inspect.getsource(_ref.ActorRef.stop)
    assert "except ActorDeadError:\n                return False" in source
    assert "set_get_hook(_stop_result_converter)" in source


def test_proxy_messages_are_handled_by_handle_receive() -> None:
    class Plain(pykka.ThreadingActor):
        value = 1

        def double(self, number: int) -> int:
            return number * 2

    actor = Plain()
    assert actor._handle_receive(messages.ProxyCall(attr_path=("double",), args=(4,), kwargs={})) == 8
    assert actor._handle_receive(messages.ProxyGetAttr(attr_path=("value",))) == 1


def test_the_loop_methods_that_the_writer_overrides_are_called_in_order() -> None:
    source = inspect.getsource(_actor.Actor._actor_loop)
    order = ["_actor_loop_setup()", "_actor_loop_running()", "_actor_loop_teardown()"]
    assert [source.index(name) for name in order] == sorted(source.index(name) for name in order)
