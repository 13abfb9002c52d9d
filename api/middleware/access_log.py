"""One structured line a request, under an id that the client hears too.

An id that comes in `X-Request-ID` is taken where it is harmless, so that a line can be found from a proxy's side.
This is also the boundary where an unexpected exception ends: it is logged with its traceback and answered as a
problem.
"""

from __future__ import annotations

import re
from typing import Any

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem_response
from fastgraph.clock import Clock
from fastgraph.ids import new_id

__all__ = ["AccessLog"]

_ACCEPTABLE_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_CLIENT_LEFT = 499  # as other servers log it; it is never sent
_HEADER = b"x-request-id"


class AccessLog:
    """Log each request and WebSocket when it ends: method, path, status, duration in ms, bytes sent."""

    def __init__(self, app: ASGIApp, *, clock: Clock) -> None:
        self._app = app
        self._clock = clock
        self._log = structlog.stdlib.get_logger("api.access")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = self._clock.monotonic()
        request_id = scope["request_id"] = _request_id(scope)
        status = 0
        sent_bytes = 0

        async def send_marked(message: Message) -> None:
            nonlocal status, sent_bytes
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (_HEADER, request_id.encode())]
            else:
                sent_bytes += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, send_marked)
        except ClientDisconnect:
            # Nobody is left to answer; the line says that it was the client who broke off.
            status = status or _CLIENT_LEFT
        except Exception as error:  # noqa: BLE001 - the boundary of a request
            # Whatever is not in the table of problems: logged here, answered without its inside.
            self._log.exception(
                "request failed", request_id=request_id, method=scope["method"], path=scope["path"]
            )
            if status == 0:
                await problem_response(scope, error)(scope, receive, send_marked)
        finally:
            self._line(scope, begun, "request", method=scope["method"], status=status, bytes=sent_bytes)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        # `send` is not wrapped: the feeds send to a thousand sockets at once and each layer would cost them.
        begun = self._clock.monotonic()
        scope["request_id"] = _request_id(scope)
        try:
            await self._app(scope, receive, send)
        except Exception:
            self._log.exception("websocket failed", request_id=scope["request_id"], path=scope["path"])
            raise
        finally:
            self._line(scope, begun, "websocket")

    def _line(self, scope: Scope, begun: float, event: str, **facts: Any) -> None:
        client = scope.get("client")
        self._log.info(
            event,
            request_id=scope["request_id"],
            path=scope["path"],
            duration_ms=round((self._clock.monotonic() - begun) * 1000, 3),
            client=client[0] if client else None,
            **facts,
        )


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == _HEADER and _ACCEPTABLE_ID.fullmatch(value):
            return str(value, "ascii")
    return new_id()
