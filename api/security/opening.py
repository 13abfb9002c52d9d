"""What of security is opened with the application: the keys, and the secret that links are signed with.

Where the server binds an address that others reach and there is no key, it does not start.
"""

from __future__ import annotations

import secrets
from contextlib import AsyncExitStack

import structlog

from actors.writer.client import WriterClient
from api.security.addresses import binds_loopback
from api.security.keys import Key, KeyRing
from api.security.links import SECRET_BYTES, SECRET_NAME, LinkSigner
from fastgraph.clock import Clock
from fastgraph.database.keys import KeepSecret, read_secret
from fastgraph.database.store import Store
from fastgraph.errors import SettingsError, StoreError

__all__ = ["NoKeysError", "open_keys", "open_links"]

log = structlog.get_logger("api.security")


class NoKeysError(SettingsError):
    """The server was to bind an address that others reach, and asks nobody for a key."""

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(
            f"There are no API keys, and without them the server binds loopback only, not {host}: everybody who reaches it "
            "could run anything. Make a key with `fastgraph keys create NAME --in-store`, or set FASTGRAPH_API_KEYS."
        )


async def open_keys(fixed: dict[str, Key], *, host: str, store: Store, ending: AsyncExitStack) -> KeyRing:
    """Read the keys that exist. Raises NoKeysError where `host` needs one."""
    ring = KeyRing(fixed)
    await ending.enter_async_context(ring.kept_fresh(store))
    if not ring.has_keys and not binds_loopback(host):
        raise NoKeysError(host)
    return ring


async def open_links(*, store: Store, writer: WriterClient, clock: Clock) -> LinkSigner:
    """Take the store's secret, or make one. A store that can't be written now makes links that end with this process."""
    secret = await _read(store)
    if secret is None:
        secret = secrets.token_bytes(SECRET_BYTES)
        try:
            await writer.write(KeepSecret(name=SECRET_NAME, value=secret, now=clock.now()))
        except StoreError as error:
            log.warning("the secret of links could not be kept", error=str(error))
        else:
            secret = await _read(store) or secret
    return LinkSigner(secret, clock=clock)


async def _read(store: Store) -> bytes | None:
    async with store.readers.connect() as connection:
        return await read_secret(connection, name=SECRET_NAME)
