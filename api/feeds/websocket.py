"""The WebSocket feeds: `/api/ws/{run_id}` of one run and `/api/ws` of all. One text message is one event object.

A refusal is accepted first and then closed with a code of its own, since a browser shows a script nothing of a failed
handshake: 4404 unknown run, 4422 malformed id or `after`. After the terminal event a run's feed is closed with 1000; a
watcher that takes nothing for a minute with 1013; when the store can't be read, 1011. Both are bare ASGI applications:
every layer between the broadcaster and the socket would cost each of a thousand watchers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import cast
from urllib.parse import parse_qs

import pykka
import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.types import Receive, Scope, Send

from actors.broadcast.feed_event import HEARTBEAT_WEBSOCKET, FeedEvent
from actors.broadcast.session import Ending
from actors.broadcast.session import Send as SessionSend
from api.faults import InvalidRequestError
from api.feeds.follow import follow_all, follow_run
from api.places import parse_after, parse_uuid
from api.security.sockets import accept_message, is_accepted
from api.services import services_of
from fastgraph.errors import FastGraphError, RunNotFoundError

__all__ = ["websocket_routes"]

_MALFORMED = 4422
_UNKNOWN = 4404
_ENDED = 1000
_FAILED = 1011
_STALLED = 1013
_REASON_BYTES = 120

Follow = Callable[[Scope, Receive, Send], Awaitable[Ending]]

log = structlog.get_logger("api.feeds")


def websocket_routes() -> list[BaseRoute]:
    """Return the routes of both feeds."""
    return [
        WebSocketRoute("/api/ws/{run_id}", _Feed(_follow_run)),
        WebSocketRoute("/api/ws", _Feed(_follow_all)),
    ]


class _Feed:
    """Accept, follow, close."""

    def __init__(self, follow: Follow) -> None:
        self._follow = follow

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_accepted(scope):
            if (await receive())["type"] != "websocket.connect":
                return
            await send(accept_message(scope))
        code, reason = await self._serve(scope, receive, send)
        if code is None:
            return
        try:
            await send({"type": "websocket.close", "code": code, "reason": _shortened(reason)})
        except (OSError, RuntimeError):
            # The watcher was quicker to close; there is nobody left to tell.
            log.debug("watcher left before its feed was closed", path=scope["path"])

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> tuple[int | None, str]:
        try:
            ending = await self._follow(scope, receive, send)
        except InvalidRequestError as error:
            return _MALFORMED, str(error)
        except RunNotFoundError as error:
            return _UNKNOWN, str(error)
        except (SQLAlchemyError, FastGraphError, pykka.ActorDeadError) as error:
            log.warning(
                "feed ended", path=scope["path"], request_id=scope.get("request_id"), error=str(error)
            )
            return _FAILED, "the feed could not go on; come back with after"
        if ending is Ending.LEFT:
            return None, ""
        return (
            (_STALLED, "nothing was taken for a minute")
            if ending is Ending.STALLED
            else (_ENDED, "the run ended")
        )


async def _follow_run(scope: Scope, receive: Receive, send: Send) -> Ending:
    return await follow_run(
        services_of(scope),
        run_id=_run_id(scope),
        after=_after(scope) or 0,
        send=cast("SessionSend", send),
        receive=receive,
        wire=FeedEvent.websocket,
        heartbeat=HEARTBEAT_WEBSOCKET,
    )


async def _follow_all(scope: Scope, receive: Receive, send: Send) -> Ending:
    return await follow_all(
        services_of(scope),
        after=_after(scope),
        send=cast("SessionSend", send),
        receive=receive,
        wire=FeedEvent.all_runs,
        heartbeat=HEARTBEAT_WEBSOCKET,
    )


def _run_id(scope: Scope) -> str:
    return parse_uuid(scope["path_params"]["run_id"], "run_id")


def _after(scope: Scope) -> int | None:
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return parse_after(query["after"][-1], "after") if "after" in query else None


def _shortened(reason: str) -> str:
    """Cut a reason to what a close frame may carry."""
    return reason.encode()[:_REASON_BYTES].decode(errors="ignore")
