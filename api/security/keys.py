"""The keys that exist, in memory: from a key that came in to the caller it stands for.

Keys of the settings live as long as the process; those of the store are read again every `POLL_SECONDS` and after each
change that this process makes, so that one revoked elsewhere ends within seconds. Only hashes are held, and a key is
found by its hash: how long that takes tells nothing about a key.

A server that began without keys goes on serving loopback without one until it ends, so that whoever makes the first key
through the API does not lock themselves out. From the next start on a key is asked for.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import cast

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import Scope

from api.security.callers import Caller, Role, set_caller
from fastgraph.database.keys import KeyView, hash_of_key, list_keys
from fastgraph.database.store import Store
from fastgraph.errors import SettingsError

__all__ = ["POLL_SECONDS", "Key", "KeyRing", "accept_key", "accepted_key", "new_key", "parse_keys"]

POLL_SECONDS = 1.0

_PREFIX = "fg_"
_BYTES = 32
_IN_SCOPE = "fastgraph.key"

log = structlog.get_logger("api.security")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key that is accepted; `rate_limit` None means the server's own."""

    key_id: str
    caller: Caller
    rate_limit: str | None = None


def accept_key(scope: Scope, key: Key) -> None:
    """Write down which key a request came with."""
    scope[_IN_SCOPE] = key
    set_caller(scope, key.caller)


def accepted_key(scope: Scope) -> Key | None:
    """Return the key that a request came with, None where it came without one."""
    return cast("Key | None", scope.get(_IN_SCOPE))


def new_key() -> str:
    """Make a key: 256 random bits, with a prefix by which scanners of leaked secrets can know it."""
    return _PREFIX + secrets.token_urlsafe(_BYTES)


def parse_keys(text: str) -> dict[str, Key]:
    """Read FASTGRAPH_API_KEYS (`key,role:key,…`): the keys by their hashes. Raises SettingsError, naming no key."""
    found: dict[str, Key] = {}
    for number, part in enumerate((part.strip() for part in text.split(",")), start=1):
        if not part:
            continue
        word, colon, key = part.rpartition(":")
        if not colon:
            role = Role.OPERATE
        elif word.strip() in set(Role):
            role = Role(word.strip())
        else:
            raise SettingsError(
                f"FASTGRAPH_API_KEYS: entry {number} begins with no role; write read:KEY, run:KEY or operate:KEY, "
                "and a key without colons"
            )
        if (
            not key.strip().isascii()
            or not key.strip().isprintable()
            or " " in key.strip()
            or not key.strip()
        ):
            raise SettingsError(
                f"FASTGRAPH_API_KEYS: entry {number} has no key of printable ASCII characters without spaces"
            )
        caller = Caller(name=f"settings-{number}", roles=role.with_lower())
        found[hash_of_key(key.strip())] = Key(key_id=f"settings-{number}", caller=caller)
    return found


class KeyRing:
    """Who a key stands for. Used on the loop of the API only."""

    def __init__(self, fixed: dict[str, Key]) -> None:
        self._fixed = fixed
        self._by_hash = dict(fixed)
        self._began_open = True
        self._listeners: set[Callable[[], None]] = set()

    @property
    def has_keys(self) -> bool:
        """Whether there is any key that is accepted."""
        return bool(self._by_hash)

    @property
    def is_required(self) -> bool:
        """Whether a request from loopback needs a key. A server that asked for keys asks until it ends, also when the last
        one is revoked: a proxy on this machine would look like loopback."""
        return not self._began_open

    def has_operator(self, *, without: str | None = None) -> bool:
        """Say whether some key may make others, apart from the one with the id `without`."""
        return any(key.caller.may(Role.OPERATE) for key in self._by_hash.values() if key.key_id != without)

    def has_others(self, key_id: str) -> bool:
        """Say whether there is any other key than this."""
        return any(key.key_id != key_id for key in self._by_hash.values())

    def find(self, text: str) -> Key | None:
        """Return the key that a text is, None where it is none."""
        return self._by_hash.get(hash_of_key(text))

    def is_living(self, key: Key) -> bool:
        """Say whether a key that was found is still accepted."""
        return any(living.key_id == key.key_id for living in self._by_hash.values())

    def begin(self, stored: list[KeyView]) -> None:
        """Take what exists at the start; it decides whether loopback is served without a key."""
        self.replace(stored)
        self._began_open = not self.has_keys

    def replace(self, stored: list[KeyView]) -> None:
        """Take the store's keys as they are now, and tell who asked to hear of changes."""
        by_hash = dict(self._fixed)
        for view in stored:
            caller = Caller(name=view.name, roles=Role(view.role).with_lower())
            by_hash[view.hash] = Key(key_id=view.key_id, caller=caller, rate_limit=view.rate_limit)
        if by_hash == self._by_hash:
            return
        self._by_hash = by_hash
        for listener in tuple(self._listeners):
            listener()

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have a function called after each change; returns what ends that."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    async def reload(self, store: Store) -> None:
        """Read the store's keys now. Raises SQLAlchemyError."""
        async with store.readers.connect() as connection:
            stored = await list_keys(connection)
        self.replace(stored)

    @asynccontextmanager
    async def kept_fresh(self, store: Store) -> AsyncIterator[None]:
        """Read the keys, and again every POLL_SECONDS until the end. Raises what the first reading raises."""
        async with store.readers.connect() as connection:
            self.begin(await list_keys(connection))
        polling = asyncio.create_task(self._poll(store), name="api-keys")
        try:
            yield
        finally:
            polling.cancel()
            with suppress(asyncio.CancelledError):
                await polling

    async def _poll(self, store: Store) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                await self.reload(store)
            except (SQLAlchemyError, OSError) as error:
                # What was known stays known: a store that is away must not open the door, nor shut it.
                log.warning("the API keys could not be read again", error=type(error).__name__)
