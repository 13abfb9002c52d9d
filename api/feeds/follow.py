"""Following: what is stored after a place, then what comes, with no hole and no double where the two meet.

The order is what keeps that promise. The session is made known to the Broadcaster first; from the answer on, every
later commit is offered to it. Only then does it read the log, and it goes live at a moment when the log held nothing
newer than what it has sent (`actors/broadcast/session.py`). All feeds, WebSocket and SSE alike, come through here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.types import Receive

from actors.broadcast.feed_event import FeedEvent, Message
from actors.broadcast.messages import Unwatch, Watch
from actors.broadcast.session import Ending, Send, Session, all_runs, one_run
from actors.runtime.ask import ref_ask
from api.services import Services
from fastgraph.database.runs import RunView
from fastgraph.status import ENDED

__all__ = ["follow_all", "follow_run"]

Wire = Callable[[FeedEvent], Message]


async def follow_run(
    services: Services,
    *,
    run_id: str,
    after: int,
    send: Send,
    receive: Receive,
    wire: Wire,
    heartbeat: Message,
) -> Ending:
    """Send a run's events after number `after` until its last one, or until the watcher has left.

    `run_id` is in canonical form. Raises RunNotFoundError, and what reading the store raises.
    """
    log = services.log
    run: RunView | None = None

    async def read_page(last: int) -> tuple[list[FeedEvent], bool]:
        assert run is not None, "a session reads only once its run is known"
        return await log.read_run(run, last)

    session = Session(
        watched=one_run(run_id), after=after, send=send, wire=wire, heartbeat=heartbeat, read_page=read_page
    )
    async with _watching(services, session):
        # Read after the session is known: what the run's row does not count yet will be offered.
        run = await log.get_run(run_id)
        if run.status in ENDED and after >= run.seq:
            return Ending.COMPLETE
        return await _deliver(session, receive)


async def follow_all(
    services: Services, *, after: int | None, send: Send, receive: Receive, wire: Wire, heartbeat: Message
) -> Ending:
    """Send the events of all runs after a cursor, or from now on where it is None, until the watcher has left."""
    place = await services.log.last_cursor() if after is None else after
    session = Session(
        watched=all_runs(),
        after=place,
        send=send,
        wire=wire,
        heartbeat=heartbeat,
        read_page=services.log.read_all,
    )
    async with _watching(services, session):
        return await _deliver(session, receive)


@asynccontextmanager
async def _watching(services: Services, session: Session) -> AsyncIterator[None]:
    """Have every later commit offered to the session. Raises what reading the store raises."""
    error = await ref_ask(services.broadcaster, Watch(session=session))
    if error is not None:
        raise error
    try:
        yield
    finally:
        session.stop()
        services.tell_broadcaster(Unwatch(session=session))


async def _deliver(session: Session, receive: Receive) -> Ending:
    leaving = asyncio.create_task(_stop_when_left(receive, session), name=f"feed-{session.run_id or 'all'}")
    try:
        return await session.deliver()
    finally:
        leaving.cancel()


async def _stop_when_left(receive: Receive, session: Session) -> None:
    """Read, and forget, what the watcher says, until it has gone."""
    while (await receive())["type"] not in {"websocket.disconnect", "http.disconnect"}:
        pass
    session.stop()
