"""Who asks, from their key: 401 without one that is known, 403 without the role that the request needs.

A key comes in `Authorization: Bearer …`. A WebSocket may also offer it as the subprotocol `fastgraph.key.<base64url>`
beside `fastgraph`, or say it in its first message; it is accepted first and closed with 4401 or 4403, so that a page's
script sees why. Never in a URL: those are logged by everybody. Feeds end when their key is revoked.

Without keys only loopback is served, whatever address the server is bound to.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
from collections.abc import Callable
from typing import Self
from urllib.parse import parse_qsl

import orjson
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.faults import ForbiddenError, KeyNeededError, TooManyRequestsError
from api.problems import problem_response
from api.security.addresses import comes_from_loopback
from api.security.callers import LOOPBACK, Caller, Role, caller_of, set_caller
from api.security.keys import Key, KeyRing, accept_key, accepted_key
from api.security.permissions import is_artifact, own_path, required_role
from api.security.sockets import KEY_PROTOCOL, accept_message, is_accepted, mark_accepted
from api.services import services_of

__all__ = ["FIRST_MESSAGE_SECONDS", "KeyCheck"]

FIRST_MESSAGE_SECONDS = 10.0
MAX_FIRST_MESSAGE = 4096

REFUSALS = (KeyNeededError, ForbiddenError, TooManyRequestsError)

_GUESSES = RateLimitItemPerMinute(100)
_TRY_LATER = 1013
_NO_KEY = 4401
_NO_ROLE = 4403


class KeyCheck:
    """Put the caller into the scope of every request of the API, or refuse it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._guesses = FixedWindowRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        is_http = scope["type"] == "http"
        role = required_role(scope["method"] if is_http else "GET", own_path(scope))
        if role is None:
            await self._app(scope, receive, send)
        elif is_http:
            await self._request(scope, receive, send, role)
        else:
            await self._websocket(scope, receive, send, role)

    async def _request(self, scope: Scope, receive: Receive, send: Send, role: Role) -> None:
        ring = services_of(scope).keys
        if not _follows_link(scope):
            try:
                await self._admit(scope, ring, _bearer(scope), role)
            except REFUSALS as error:
                await problem_response(scope, error)(scope, receive, send)
                return
        key = accepted_key(scope)
        if key is None or not _is_feed(scope):
            await self._app(scope, receive, send)
            return
        with _WhileLiving(ring, key, receive, {"type": "http.disconnect"}) as living:
            await self._app(scope, living.receive, send)

    async def _admit(self, scope: Scope, ring: KeyRing, text: str | None, role: Role) -> None:
        """Write down who asks. Raises one of REFUSALS; who guesses keys from elsewhere is soon answered 429."""
        guesser = None if text is None or comes_from_loopback(scope) else scope["client"][0]
        if guesser is not None and not await self._guesses.test(_GUESSES, guesser):
            raise TooManyRequestsError(str(_GUESSES), _GUESSES.get_expiry())
        try:
            _admit(scope, ring, text, role)
        except KeyNeededError:
            if guesser is not None:
                await self._guesses.hit(_GUESSES, guesser)
            raise

    async def _websocket(self, scope: Scope, receive: Receive, send: Send, role: Role) -> None:
        ring = services_of(scope).keys
        text = _bearer(scope) or _of_subprotocol(scope)
        try:
            if text is None and not _is_open(scope, ring):
                text = await _first_message(scope, receive, send)
                if text is None:
                    return
            await self._admit(scope, ring, text, role)
        except REFUSALS as error:
            await _refuse_socket(scope, receive, send, error)
            return
        key = accepted_key(scope)
        if key is None:
            await self._app(scope, receive, send)
            return
        leaving: Message = {"type": "websocket.disconnect", "code": _NO_KEY}
        with _WhileLiving(ring, key, receive, leaving) as living:
            await self._app(scope, living.receive, send)
        if living.has_ended:
            with contextlib.suppress(OSError, RuntimeError):  # it may have left at the same moment
                await send({"type": "websocket.close", "code": _NO_KEY, "reason": "the key was revoked"})


def _follows_link(scope: Scope) -> bool:
    """Say whether a signed link was followed, which then names the caller."""
    artifact_id = is_artifact(own_path(scope))
    if artifact_id is None or not _has_signature(scope) or scope["method"] not in {"GET", "HEAD"}:
        return False
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    if not services_of(scope).links.is_valid(artifact_id.lower(), query):
        return False
    set_caller(scope, Caller(name="link", roles=frozenset({Role.READ})))
    return True


class _WhileLiving:
    """Tells a feed that its watcher has left as soon as the key it came with is revoked."""

    def __init__(self, ring: KeyRing, key: Key, receive: Receive, leaving: Message) -> None:
        self.has_ended = False
        self._ring = ring
        self._key = key
        self._receive = receive
        self._leaving = leaving
        self._revoked = asyncio.Event()
        self._forget: Callable[[], None] = lambda: None

    def __enter__(self) -> Self:
        self._forget = self._ring.on_change(self._look)
        return self

    def __exit__(self, *_: object) -> None:
        self._forget()

    def _look(self) -> None:
        if not self._ring.is_living(self._key):
            self._revoked.set()

    async def receive(self) -> Message:
        """Return what the client sends next, or the end."""
        incoming = asyncio.ensure_future(self._receive())
        revoked = asyncio.ensure_future(self._revoked.wait())
        try:
            await asyncio.wait({incoming, revoked}, return_when=asyncio.FIRST_COMPLETED)
            if incoming.done():
                return incoming.result()
            self.has_ended = True
            return self._leaving
        finally:
            incoming.cancel()
            revoked.cancel()


def _admit(scope: Scope, ring: KeyRing, text: str | None, role: Role) -> None:
    """Write down who asks. Raises KeyNeededError and ForbiddenError."""
    if _is_open(scope, ring) and (text is None or not ring.has_keys):
        set_caller(scope, LOOPBACK)
        return
    if not ring.has_keys:
        raise KeyNeededError.for_lack_of_keys()
    if text is None:
        raise KeyNeededError.for_an_ended_link() if _has_signature(scope) else KeyNeededError.for_a_request()
    key = ring.find(text)
    if key is None:
        raise KeyNeededError.for_an_unknown_key()
    accept_key(scope, key)
    if not caller_of(scope).may(role):
        raise ForbiddenError(key.caller.name, role, key.caller.roles)


def _is_open(scope: Scope, ring: KeyRing) -> bool:
    """Say whether this request is served without a key."""
    return not ring.is_required and comes_from_loopback(scope)


def _has_signature(scope: Scope) -> bool:
    return b"signature=" in scope["query_string"]


def _is_feed(scope: Scope) -> bool:
    return any(name == b"accept" and b"text/event-stream" in value for name, value in scope["headers"])


def _bearer(scope: Scope) -> str | None:
    """Return the key of the Authorization header, None where there is none; an empty one is no key that is known."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            word, _, key = value.decode("latin-1").partition(" ")
            return key.strip() if word.lower() == "bearer" else ""
    return None


def _of_subprotocol(scope: Scope) -> str | None:
    for protocol in scope.get("subprotocols", ()):
        if protocol.startswith(KEY_PROTOCOL):
            encoded = protocol.removeprefix(KEY_PROTOCOL)
            try:
                return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode("utf-8")
            except (binascii.Error, ValueError):
                return ""
    return None


async def _first_message(scope: Scope, receive: Receive, send: Send) -> str | None:
    """Accept, and return the key that the first message says; None where the client has left. Raises KeyNeededError."""
    if (await receive())["type"] != "websocket.connect":
        return None
    await send(accept_message(scope))
    mark_accepted(scope)
    try:
        message = await asyncio.wait_for(receive(), FIRST_MESSAGE_SECONDS)
    except TimeoutError:
        raise KeyNeededError.for_a_socket() from None
    if message["type"] != "websocket.receive":
        return None
    text = message.get("text") or ""
    try:
        said = orjson.loads(text) if len(text) <= MAX_FIRST_MESSAGE else None
    except orjson.JSONDecodeError:
        said = None
    if (
        not isinstance(said, dict)
        or said.get("type") != "authenticate"
        or not isinstance(said.get("key"), str)
    ):
        raise KeyNeededError.for_a_socket()
    return str(said["key"])


async def _refuse_socket(
    scope: Scope, receive: Receive, send: Send, error: KeyNeededError | ForbiddenError | TooManyRequestsError
) -> None:
    match error:
        case KeyNeededError():
            code, reason = _NO_KEY, "a key is needed"
        case ForbiddenError():
            code, reason = _NO_ROLE, "the key lacks the role"
        case _:
            code, reason = _TRY_LATER, "too many keys that are not known"
    if not is_accepted(scope):
        if (await receive())["type"] != "websocket.connect":
            return
        await send(accept_message(scope))
    with contextlib.suppress(OSError, RuntimeError):  # it may have left already
        await send({"type": "websocket.close", "code": code, "reason": reason})
