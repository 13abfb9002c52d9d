"""Run a graph in this process: `invoke`, `stream` and their async forms, over the same machine as the server.

No server, no actor; no thread either, unless several sync nodes are due at once or a stream shows what nodes send while
they run. Errors are the user's own exceptions. Sync nodes run anywhere; a graph with async nodes runs by `ainvoke` and
`astream`, and by `invoke` and `stream` where no loop runs in the thread (a loop is made for the call then).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from random import Random
from typing import TYPE_CHECKING

from fastgraph.checkpoint.base import ThreadLog
from fastgraph.checkpoint.durability import finish, keep
from fastgraph.checkpoint.memory import ForgetfulThread
from fastgraph.clock import SystemClock
from fastgraph.errors import LoopRunningError
from fastgraph.graph.namespaces import split_namespace
from fastgraph.graph.task_call import drive
from fastgraph.in_process.crews import AsyncCrew, ThreadCrew
from fastgraph.in_process.options import RunOptions
from fastgraph.in_process.session import Chunk, Session

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph

__all__ = ["astream_chunks", "stream_chunks"]


def stream_chunks(graph: CompiledGraph, options: RunOptions) -> Iterator[Chunk]:
    """Go through a graph in this thread; the generator may be left early."""
    if graph.is_async:
        yield from _stream_on_own_loop(graph, options)
        return
    crew = ThreadCrew(is_live=options.is_live, max_concurrency=options.max_concurrency, random=_chance())
    log = keep(_open_log(graph, options), options.durability)
    chunks = Session(graph, options, log, crew, SystemClock()).chunks()
    try:
        while (chunk := drive(_next(chunks))) is not None:
            if _is_wanted(chunk, options):
                yield chunk
    finally:
        drive(chunks.aclose())
        drive(crew.wait(finish(log)))
        drive(crew.close())


async def astream_chunks(graph: CompiledGraph, options: RunOptions) -> AsyncGenerator[Chunk, None]:
    """Go through a graph on the running loop."""
    crew = AsyncCrew(max_concurrency=options.max_concurrency, random=_chance())
    log = keep(_open_log(graph, options), options.durability)
    chunks = Session(graph, options, log, crew, SystemClock()).chunks()
    try:
        async with aclosing(chunks):
            async for chunk in chunks:
                if _is_wanted(chunk, options):
                    yield chunk
    finally:
        await crew.close()
        await crew.wait(finish(log))


def _stream_on_own_loop(graph: CompiledGraph, options: RunOptions) -> Iterator[Chunk]:
    """Run a graph with async nodes for a caller without a loop."""
    if _has_loop():
        raise LoopRunningError(graph.name)
    with asyncio.Runner() as runner:
        chunks = astream_chunks(graph, options)
        try:
            while (chunk := runner.run(_next(chunks))) is not None:
                yield chunk
        finally:
            runner.run(chunks.aclose())


def _chance() -> Random:
    return Random()  # noqa: S311 - jitter of retries, no secret


def _has_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def _next(chunks: AsyncGenerator[Chunk, None]) -> Chunk | None:
    return await anext(chunks, None)


def _is_wanted(chunk: Chunk, options: RunOptions) -> bool:
    """Pass a nested run's chunk on to who watches further out, and say whether the caller wants it."""
    # what a stream writer is given goes to the innermost caller that asked for it, and no further
    is_taken = chunk.mode == "custom" and "custom" in options.own_modes
    if options.nesting is not None and not is_taken:
        options.nesting.pass_on(chunk)
    is_own = options.shows_nested or chunk.namespace == split_namespace(options.namespace)
    return is_own and chunk.mode in options.own_modes


def _open_log(graph: CompiledGraph, options: RunOptions) -> ThreadLog:
    if options.nesting is not None:
        return options.nesting.open_log(graph)
    if graph.checkpointer is not None and options.thread_id is not None:
        return graph.checkpointer.open_thread(options.thread_id, reader=graph.state)
    # tasks of two runs that keep nothing must not have the same ids
    return ForgetfulThread(_chance().getrandbits(47))
