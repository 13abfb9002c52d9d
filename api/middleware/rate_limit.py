"""A bound on how often one client may ask: one API key, or one address where no key came.

Off for clients on loopback unless a rate is set, for the server or for the key, so that a laptop never meets it;
clients from elsewhere get a default that a dashboard does not reach. Counting is by fixed windows that begin with a
client's first request, in this process.
"""

from __future__ import annotations

import functools
import math

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

from api.faults import TooManyRequestsError
from api.problems import problem_response
from api.security.addresses import comes_from_loopback
from api.security.keys import accepted_key
from api.security.permissions import own_path
from api.security.sockets import is_accepted
from fastgraph.clock import Clock
from fastgraph.errors import SettingsError

__all__ = ["DEFAULT_RATE", "RateLimit", "parse_rate"]

DEFAULT_RATE = "6000/minute"

_TRY_LATER = 1013
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
    """Answer 429 with `Retry-After` (seconds) to a key or an address that is over `rate`; empty means the default above.
    A key may have a rate of its own."""

    def __init__(self, app: ASGIApp, *, rate: str, clock: Clock) -> None:
        self._app = app
        self._clock = clock
        self._limits_loopback = bool(rate)
        self._rate = parse_rate(rate or DEFAULT_RATE)
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limited = self._limited(scope)
        if limited is None or await self._limiter.hit(*limited):
            await self._app(scope, receive, send)
            return
        rate, client = limited
        window = await self._limiter.get_window_stats(rate, client)
        wait_seconds = max(1, math.ceil(window.reset_time - self._clock.now().timestamp()))
        # A WebSocket is refused in its handshake: Starlette turns the response into one. One that has been accepted is
        # closed.
        if is_accepted(scope):
            await send({"type": "websocket.close", "code": _TRY_LATER, "reason": "too many requests"})
            return
        await problem_response(scope, TooManyRequestsError(str(rate), wait_seconds))(scope, receive, send)

    def _limited(self, scope: Scope) -> tuple[RateLimitItem, str] | None:
        """Return the rate and whom to count for, or None where the request is not limited."""
        if scope["type"] not in {"http", "websocket"} or scope.get("client") is None:
            return None
        path = own_path(scope)
        if not path.startswith("/api") or path in _EXEMPT:
            return None
        key = accepted_key(scope)
        if key is not None and key.rate_limit is not None:
            return _parsed(key.rate_limit), f"key {key.key_id}"
        if comes_from_loopback(scope) and not self._limits_loopback:
            return None
        return self._rate, scope["client"][0] if key is None else f"key {key.key_id}"


@functools.lru_cache(maxsize=1024)
def _parsed(rate: str) -> RateLimitItem:
    return parse(rate)
