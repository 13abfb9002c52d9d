"""A bound on how often one client address may ask.

Off for clients on loopback unless a rate is set, so that a laptop never meets it; clients from elsewhere get a
default that a dashboard does not reach. Counting is by fixed windows that begin with a client's first request, in
this process.
"""

from __future__ import annotations

import ipaddress
import math

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

from api.faults import TooManyRequestsError
from api.problems import problem_response
from fastgraph.clock import Clock
from fastgraph.errors import SettingsError

__all__ = ["DEFAULT_RATE", "RateLimit", "parse_rate"]

DEFAULT_RATE = "6000/minute"

# A supervisor that asks whether the process lives must always hear it.
_EXEMPT = frozenset({"/api/monitoring/health/live"})


def parse_rate(text: str) -> RateLimitItem:
    """Read a rate such as `100/minute`; SettingsError where it is none."""
    try:
        return parse(text)
    except ValueError as error:
        raise SettingsError(
            f"FASTGRAPH_RATE_LIMIT: {text!r} is no rate; write one such as 100/minute"
        ) from error


class RateLimit:
    """Answer 429 with `Retry-After` (seconds) to an address that is over `rate`; empty means the default above."""

    def __init__(self, app: ASGIApp, *, rate: str, clock: Clock) -> None:
        self._app = app
        self._clock = clock
        self._limits_loopback = bool(rate)
        self._rate = parse_rate(rate or DEFAULT_RATE)
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = self._limited_address(scope)
        if address is None or await self._limiter.hit(self._rate, address):
            await self._app(scope, receive, send)
            return
        window = await self._limiter.get_window_stats(self._rate, address)
        wait_seconds = max(1, math.ceil(window.reset_time - self._clock.now().timestamp()))
        # A WebSocket is refused in its handshake: Starlette turns the response into one.
        await problem_response(scope, TooManyRequestsError(str(self._rate), wait_seconds))(
            scope, receive, send
        )

    def _limited_address(self, scope: Scope) -> str | None:
        """Return the address to count for, or None where the request is not limited."""
        if scope["type"] not in {"http", "websocket"} or not scope["path"].startswith("/api"):
            return None
        client = scope.get("client")
        if client is None or scope["path"].rstrip("/") in _EXEMPT:
            return None
        address: str = client[0]
        return address if self._limits_loopback or not _is_loopback(address) else None


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        # No address: a Unix socket, or a client in this very process.
        return True
