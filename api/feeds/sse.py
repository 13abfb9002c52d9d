"""The event stream of one run: `GET /api/runs/{id}/events` with `Accept: text/event-stream`.

`id:` is the event's number, so a browser that comes back sends it in `Last-Event-ID` and misses nothing. After the
terminal event the stream ends, and who comes back to an ended run with nothing left gets 204, which tells a browser
to stop.
"""

from __future__ import annotations

from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from actors.broadcast.feed_event import HEARTBEAT_SSE, FeedEvent
from actors.broadcast.session import Send as SessionSend
from api.feeds.follow import follow_run
from api.places import parse_after
from api.services import services_of
from fastgraph.status import ENDED

__all__ = ["EventStream", "event_stream", "wants_event_stream"]

MEDIA_TYPE = "text/event-stream"
_RETRY = b"retry: 1000\n\n"


def wants_event_stream(request: Request) -> bool:
    """Say whether the client asked for a stream and not for a page."""
    return any(
        part.split(";")[0].strip() == MEDIA_TYPE for part in request.headers.get("accept", "").split(",")
    )


async def event_stream(request: Request, *, run_id: str, after: int) -> Response:
    """Return the stream of a run's events after `after`, or after `Last-Event-ID` where the client sends that."""
    last = request.headers.get("last-event-id")
    place = parse_after(last, "Last-Event-ID") if last else after
    run = await services_of(request.scope).log.get_run(run_id)
    if run.status in ENDED and place >= run.seq:
        return Response(status_code=204)
    return EventStream(run_id=run_id, after=place)


class EventStream(Response):
    """A response that goes on until the run's terminal event, or until the client leaves."""

    media_type = MEDIA_TYPE

    def __init__(self, *, run_id: str, after: int) -> None:
        super().__init__(headers={"cache-control": "no-cache, no-transform", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._run_id = run_id
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        await send({"type": "http.response.body", "body": _RETRY, "more_body": True})
        await follow_run(
            services_of(scope),
            run_id=self._run_id,
            after=self._after,
            send=cast("SessionSend", send),
            receive=receive,
            wire=FeedEvent.sse,
            heartbeat=HEARTBEAT_SSE,
        )
        await send({"type": "http.response.body", "body": b"", "more_body": False})
