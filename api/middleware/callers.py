"""Who may speak to this server: requests under its own name, and pages of its own.

Without a login the address is all that keeps other people's pages out. A foreign `Host` is what DNS rebinding looks
like; a foreign `Origin` with a method that changes something, or with a WebSocket, is what a hostile page looks
like. Both are 403.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from api.faults import ForeignCallerError
from api.problems import problem_response
from api.security.sockets import accept_message

__all__ = ["CallerCheck", "split_host"]

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_EVERYBODY = "*"
_FOREIGN_ORIGIN = 4403


class CallerCheck:
    """Refuse what comes under a foreign name. `names` are served beside loopback and the address of the connection;
    `*` among them serves every Host, for a server behind a proxy that checks it. Pages of `origins` may change things."""

    def __init__(self, app: ASGIApp, *, names: Iterable[str], origins: Iterable[str] = ()) -> None:
        self._app = app
        self._origins = frozenset(origins)
        self._names = _LOOPBACK | {name.strip().lower() for name in names if name.strip()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        error = self._fault(scope)
        if error is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await problem_response(scope, error)(scope, receive, send)
        elif error.header == "Origin":
            # Accepted first, so that the page's script sees the code and not a bare failure (DESIGN section 6).
            await send(accept_message(scope))
            await send({"type": "websocket.close", "code": _FOREIGN_ORIGIN, "reason": "foreign Origin"})
        else:
            await problem_response(scope, error)(scope, receive, send)

    def _fault(self, scope: Scope) -> ForeignCallerError | None:
        host = origin = ""
        for name, value in scope["headers"]:
            if name == b"host":
                host = value.decode("latin-1")
            elif name == b"origin":
                origin = value.decode("latin-1")
        if not self._serves(scope, host):
            return ForeignCallerError("Host", host)
        is_unsafe = scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS
        if origin and is_unsafe and origin not in self._origins and not self._is_own_page(host, origin):
            return ForeignCallerError("Origin", origin)
        return None

    def _serves(self, scope: Scope, host: str) -> bool:
        if _EVERYBODY in self._names:
            return True
        name = split_host(host)[0]
        server = scope.get("server")
        # What the server itself calls its end of the connection, an address under uvicorn, is its own name.
        return name in self._names or (server is not None and name == server[0])

    def _is_own_page(self, host: str, origin: str) -> bool:
        try:
            page = urlsplit(origin)
            port = page.port
        except ValueError:
            return False
        if page.scheme not in {"http", "https"} or page.hostname is None:
            return False
        default = 443 if page.scheme == "https" else 80
        name, asked_port = split_host(host)
        if page.hostname == name and (port or default) == (asked_port or default):
            return True
        return page.hostname in self._names - _LOOPBACK


def split_host(host: str) -> tuple[str, int | None]:
    """Split a Host header into its name, in lower case and without brackets, and its port."""
    try:
        parts = urlsplit(f"//{host}")
        return (parts.hostname or "").lower(), parts.port
    except ValueError:
        return "", None
