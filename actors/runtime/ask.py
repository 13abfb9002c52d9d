"""Asking and stopping an actor, from a coroutine or from a thread.

`ref_ask` never blocks the loop, and with it an ask costs about ten microseconds; Pykka's `ref.ask` works as well and is
slower. The blocking twins are for threads and refuse to run where a loop runs. They work with every Pykka actor whose
inbox answers late messages; the Writer has a client of its own.
"""

from __future__ import annotations

import asyncio
from asyncio import _get_running_loop
from typing import Any

import pykka
from pykka._envelope import Envelope
from pykka.messages import _ActorStop

from actors.runtime.errors import AskTimeoutError, InboxFullError, WouldBlockLoopError
from actors.runtime.inbox import Inbox
from actors.runtime.lifeline import watch_end
from actors.runtime.messages import DownReason
from actors.runtime.reply import ActorFuture, LoopReply

__all__ = [
    "ref_ask",
    "ref_ask_blocking",
    "ref_end",
    "ref_kill",
    "ref_stop",
    "ref_stop_blocking",
    "ref_try_tell",
]


async def ref_ask(ref: pykka.ActorRef[Any], message: Any, timeout_seconds: float | None = None) -> Any:
    """Send `message` and await the answer.

    Raises what the handler raised (that has stopped the actor), ActorGoneError, InboxFullError, ActorFailedError, or
    AskTimeoutError after `timeout_seconds` (None: no limit). Cancelling the asker leaves the message in the inbox.
    """
    loop = asyncio.get_running_loop()
    reply = LoopReply(loop)
    ref.actor_inbox.put(Envelope(message, reply))  # type: ignore[arg-type]  # a reply is all of a Future that an actor uses
    if timeout_seconds is None:
        return await reply.future
    expiry = loop.call_later(timeout_seconds, _expire, reply, ref, message, timeout_seconds)
    try:
        return await reply.future
    finally:
        expiry.cancel()


def ref_ask_blocking(ref: pykka.ActorRef[Any], message: Any, timeout_seconds: float | None = None) -> Any:
    """Do as `ref_ask` does and block the calling thread. Raises WouldBlockLoopError where a loop runs."""
    if _get_running_loop() is not None:
        raise WouldBlockLoopError("ref_ask_blocking()", "`await ref_ask(…)`")
    reply: ActorFuture[Any] = ActorFuture()
    ref.actor_inbox.put(Envelope(message, reply))
    try:
        return reply.get(timeout=timeout_seconds)
    except pykka.Timeout:
        assert timeout_seconds is not None, "only a limited wait can run out"
        raise AskTimeoutError(str(ref), type(message).__name__, timeout_seconds) from None


async def ref_stop(ref: pykka.ActorRef[Any], timeout_seconds: float | None = None) -> bool:
    """Ask the actor to stop and await its end; its current message is finished, those that wait are refused.

    Answers False when it was gone already. Raises AskTimeoutError when it still lives after `timeout_seconds`.
    """
    try:
        await ref_ask(ref, _ActorStop(), timeout_seconds)
    except pykka.ActorDeadError:
        return False
    return True


def ref_stop_blocking(ref: pykka.ActorRef[Any], timeout_seconds: float | None = None) -> bool:
    """Do as `ref_stop` does and block the calling thread. Raises WouldBlockLoopError where a loop runs."""
    try:
        ref_ask_blocking(ref, _ActorStop(), timeout_seconds)
    except pykka.ActorDeadError:
        return False
    return True


async def ref_end(ref: pykka.ActorRef[Any], timeout_seconds: float | None = None) -> DownReason:
    """Wait for the end of an actor of ours, whatever ends it, and return the reason.

    Raises AskTimeoutError when it still lives after `timeout_seconds` (None: no limit).
    """
    ended = LoopReply(asyncio.get_running_loop())
    watch_end(ref, ended.set)
    try:
        async with asyncio.timeout(timeout_seconds):
            reason: DownReason = await ended.future
    except TimeoutError:
        assert timeout_seconds is not None, "only a limited wait can run out"
        raise AskTimeoutError(str(ref), "the wait for its end", timeout_seconds) from None
    return reason


def ref_kill(ref: pykka.ActorRef[Any]) -> bool:
    """Cancel what the actor awaits, so that it ends now, through `on_failure`; any thread, does not wait.

    Answers False for a kind of actor that can't be killed: a thread can only be asked.
    """
    inbox = ref.actor_inbox
    if isinstance(inbox, Inbox):
        inbox.kill()
        return True
    return False


def ref_try_tell(ref: pykka.ActorRef[Any], message: Any) -> bool:
    """Send `message` and answer whether it was accepted: for what is told again, or matters no more to who is gone."""
    try:
        ref.tell(message)
    except (InboxFullError, pykka.ActorDeadError):
        return False
    return True


def _expire(reply: LoopReply, ref: pykka.ActorRef[Any], message: Any, timeout_seconds: float) -> None:
    error = AskTimeoutError(str(ref), type(message).__name__, timeout_seconds)
    reply.set_exception((AskTimeoutError, error, None))
