"""Stacks on demand: where an actor stands, where its tasks stand, what every thread of the host does.

Looking costs nothing until it is asked for. A stack of another thread or of a waiting coroutine is a look, not a promise:
it goes on meanwhile. Stacks hold names of files and functions, and lines of code, but no values.
"""

from __future__ import annotations

import threading
from typing import Any

import pykka

from actors.executors.threads import stack_of
from actors.runs.run_actor import RunActor
from actors.runtime.async_actor import AsyncActor

__all__ = ["MOST_LETTERS", "stack_of_actor", "stack_of_host"]

MOST_LETTERS = 64_000
FRAMES = 30


def stack_of_actor(ref: pykka.ActorRef[Any]) -> str:
    """Return where an actor stands, and of a run's every task that it executes; the actors' loop only."""
    actor = ref._actor_weakref()  # noqa: SLF001 - Pykka's own way from a ref to its actor
    if not isinstance(actor, AsyncActor):
        return _threads(prefix=ref.actor_class.__name__)
    parts = [f"{type(actor).__name__}, on the actors' loop:\n{actor.stack(FRAMES)}"]
    if isinstance(actor, RunActor):
        for job in actor.jobs:
            task = job.call.task
            where = stack_of(job.thread_id) or "it has no thread of this process yet, or has left it\n"
            executor = actor.executor_of(job)
            parts.append(f"task {task.id} of node {task.node!r}, by a {executor}:\n{where}")
    return "\n".join(parts)[:MOST_LETTERS]


def stack_of_host() -> str:
    """Return what all threads of this process do."""
    return _threads(prefix="")


def _threads(*, prefix: str) -> str:
    found = [
        f"thread {thread.name}:\n{stack_of(thread.ident)}"
        for thread in threading.enumerate()
        if thread.name.startswith(prefix)
    ]
    return "\n".join(found)[:MOST_LETTERS] or "It has no thread at this moment."
