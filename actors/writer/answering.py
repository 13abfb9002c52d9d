"""Giving a group its answers: one wake-up a loop, however many of its coroutines wait.

Measured: 1.29 times the steps at groups of 500, against a `call_soon_threadsafe` each. A slot whose waiter went away, or
whose loop is closed, is passed over: what was written is written.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from asyncio import AbstractEventLoop
from collections.abc import Iterable, Sequence
from typing import Any

from actors.runtime.reply import answerable
from actors.writer.messages import WriteRequest

__all__ = ["answer_group"]

Answered = tuple[asyncio.Future[Any], Any]


def answer_group(requests: Iterable[WriteRequest], answers: Sequence[object]) -> None:
    """Give each request its answer; one that is an exception is raised where it is awaited. The Writer's thread."""
    by_loop: dict[AbstractEventLoop, list[Answered]] = {}
    for request, answer in zip(requests, answers, strict=True):
        slot = request.slot
        if isinstance(slot, concurrent.futures.Future):
            _settle_thread(slot, answer)
        else:
            by_loop.setdefault(slot.get_loop(), []).append((slot, answer))
    for loop, answered in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle_all, answered)
        except RuntimeError:
            if not loop.is_closed():
                raise


def _settle_all(answered: list[Answered]) -> None:
    for future, answer in answered:
        if future.done():
            continue
        if isinstance(answer, BaseException):
            future.set_exception(answerable("Writer", answer))
        else:
            future.set_result(answer)


def _settle_thread(future: concurrent.futures.Future[Any], answer: object) -> None:
    if future.done():
        return
    if isinstance(answer, BaseException):
        future.set_exception(answerable("Writer", answer))
    else:
        future.set_result(answer)
