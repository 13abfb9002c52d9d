"""Following: what is stored after a place, then what comes, with no hole and no double where the two meet.

The order is what keeps that promise. The session is made known to the Broadcaster first; from the answer on, every
later commit is offered to it. Only then does it read the log, and it goes live at a moment when the log held nothing
newer than what it has sent (`actors/broadcast/session.py`). All feeds, WebSocket and SSE alike, come through here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.types import Receive

from actors.broadcast.feed_event import FeedEvent, Message
from actors.broadcast.messages import Unwatch, Watch
from actors.broadcast.session import Ending, Send, Session, all_runs, one_run
from actors.runtime.ask import ref_ask
from api.services import Services
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

    Raises RunNotFoundError, and what reading the store raises.
    """
    run = await services.log.get_run(run_id)

    async def read_page(last: int) -> tuple[list[FeedEvent], bool]:
        return await services.log.read_run(run, last)

    session = Session(
        watched=one_run(run.run_id),
        after=after,
        send=send,
        wire=wire,
        heartbeat=heartbeat,
        read_page=read_page,
    )
    if run.status in ENDED and after >= run.seq:
        return Ending.COMPLETE
    return await _serve(services, session, receive, run_id=run.run_id)


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
    return await _serve(services, session, receive, run_id=None)


async def _serve(services: Services, session: Session, receive: Receive, *, run_id: str | None) -> Ending:
    error = await ref_ask(services.broadcaster, Watch(session=session))
    if error is not None:
        raise error
    leaving = asyncio.create_task(_stop_when_left(receive, session), name=f"feed-{run_id or 'all'}")
    try:
        return await session.deliver()
    finally:
        leaving.cancel()
        session.stop()
        services.tell_broadcaster(Unwatch(session=session))


async def _stop_when_left(receive: Receive, session: Session) -> None:
    """Read, and forget, what the watcher says, until it has gone."""
    while (await receive())["type"] not in {"websocket.disconnect", "http.disconnect"}:
        pass
    session.stop()
