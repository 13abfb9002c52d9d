"""No request with endless headers is looked at: 431 before anything reads them.

The server's own parser stops earlier where it can (`api.cli.http_limits`); this holds under any server.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from api.faults import HeadersTooLargeError
from api.problems import problem_response

__all__ = ["MAX_HEADERS", "MAX_HEADER_BYTES", "HeaderLimit"]

MAX_HEADER_BYTES = 64 * 1024
MAX_HEADERS = 200


class HeaderLimit:
    """Answer 431 to headers and a target of more than MAX_HEADER_BYTES together, or to more than MAX_HEADERS headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"} and _is_over(scope):
            refusal = HeadersTooLargeError(MAX_HEADER_BYTES, MAX_HEADERS)
            await problem_response(scope, refusal)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _is_over(scope: Scope) -> bool:
    headers = scope["headers"]
    size = len(scope["path"]) + len(scope["query_string"])
    size += sum(len(name) + len(value) for name, value in headers)
    return len(headers) > MAX_HEADERS or size > MAX_HEADER_BYTES
