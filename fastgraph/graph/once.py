"""`once`: the result of an effect inside a node, recorded so that a node that is executed again does not repeat it.

    charge = once("charge", lambda: payments.charge(order, key=idempotency_key("charge")))

What is left is the moment between the effect and its record: a crash there repeats the effect, which is why the other
side should be given an idempotency key, too.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from fastgraph.graph.current import CurrentTask, current_task
from fastgraph.state.values import PlainCodec, StoredValue

__all__ = ["aonce", "once"]

T = TypeVar("T")
_DOING: ContextVar[frozenset[str]] = ContextVar("fastgraph_effects", default=frozenset())
"""The effects that this code is part of."""


def once(key: str, fn: Callable[[], T]) -> T:
    """Call `fn` and record its result under `key`; return the record where this task has one, without a call.

    The record belongs to the task: it is found on every attempt and after every restart, interrupt and resume, and not
    by the same node in another step. It is durable when this returns; until then the thread waits. What `fn` returns must
    be plain data (UnstorableValueError says what can't be kept). Of two threads of a task that ask for the same key the
    second waits for the first. Raises what `fn` raises, which records nothing, and
    OutsideNodeError outside a node. In async code use `aonce`.
    """
    current = current_task("once")
    place = _place(current, key)
    while (other := _begin(current, place)) is not None:
        wait([other])
    try:
        kept = current.services.find_record(place)
        if kept is None:
            with _doing(place):
                value = fn()
            kept = _encode(key, value)
            done = current.services.keep_record(place, kept)
            if done is not None:
                done.result()
    finally:
        _end(current, place)
    result: T = _decode(key, kept)
    return result


async def aonce(key: str, fn: Callable[[], Awaitable[T] | T]) -> T:
    """Do what `once` does, on the running loop; `fn` may be a coroutine function."""
    current = current_task("aonce")
    place = _place(current, key)
    while (other := _begin(current, place)) is not None:
        await asyncio.shield(asyncio.wrap_future(other))
    try:
        kept = current.services.find_record(place)
        if kept is None:
            with _doing(place):
                made = fn()
                value = await made if inspect.isawaitable(made) else made
            kept = _encode(key, value)
            done = current.services.keep_record(place, kept)
            if done is not None:
                await asyncio.wrap_future(done)
    finally:
        _end(current, place)
    result: T = _decode(key, kept)
    return result


def _begin(current: CurrentTask, place: str) -> Future[None] | None:
    """Begin an effect, or return what is done when whoever has begun it is over. An effect that asks for itself inside
    would wait for ever, and does not wait."""
    if place in _DOING.get():
        return None
    mine: Future[None] = Future()
    found = current.effects.setdefault(place, mine)
    return None if found is mine else found


def _end(current: CurrentTask, place: str) -> None:
    if place not in _DOING.get() and (mine := current.effects.pop(place, None)) is not None:
        mine.set_result(None)


@contextmanager
def _doing(place: str) -> Iterator[None]:
    token = _DOING.set(_DOING.get() | {place})
    try:
        yield
    finally:
        _DOING.reset(token)


def _place(current: CurrentTask, key: str) -> str:
    return f"{current.record_path}once:{key}"


def _encode(key: str, value: object) -> bytes:
    return StoredValue.of(value, PlainCodec(f"the result of once({key!r})")).to_bytes()


def _decode(key: str, data: bytes) -> T:  # type: ignore[type-var]  # what was recorded is what `fn` returned
    result: T = StoredValue.read(data, PlainCodec(f"the result of once({key!r})")).fresh()
    return result
