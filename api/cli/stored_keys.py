"""Keys in the store without a server: the first one, where a server lets nobody in yet, and the last one.

Whoever may write to the data folder, or to the database, may do anything to the server's runs anyway.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from api.cli.failures import CannotStartError, UsageError
from api.cli.server import ensure_writable, store_sentence
from api.encoding import encode_key
from api.schemas.keys import CreateKey
from api.security.keys import new_key
from fastgraph.clock import SystemClock
from fastgraph.database.control_records import Audited, AuditNote
from fastgraph.database.keys import CreateKey as StoreKey
from fastgraph.database.keys import KeyView, RevokeKey, hash_of_key, list_keys
from fastgraph.database.store import Store
from fastgraph.errors import ConflictError
from fastgraph.ids import new_id
from fastgraph.settings import Settings

__all__ = ["create_key", "revoke_key", "stored_keys"]

_BY = "command line"


def create_key(settings: Settings, body: dict[str, Any]) -> dict[str, Any]:
    """Make a key and return it as the server would. Raises UsageError, also where the name is taken."""
    try:
        asked = CreateKey.model_validate(body)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise UsageError(f"That is no key: {faults}.") from error
    key = new_key()
    with _store(settings) as store:
        row = StoreKey(
            key_id=new_id(),
            name=asked.name,
            role=asked.role,
            hash=hash_of_key(key),
            rate_limit=asked.rate_limit,
            created_by=_BY,
            now=SystemClock().now(),
        )
        _write(store, row, "create key", f"key {row.name}")
        made = next(view for view in _read(store) if view.key_id == row.key_id)
    return {**encode_key(made), "key": key}


def stored_keys(settings: Settings) -> list[dict[str, Any]]:
    """List the keys that are not revoked, oldest first."""
    with _store(settings) as store:
        return [encode_key(view) for view in _read(store)]


def revoke_key(settings: Settings, key_id: str) -> None:
    """Revoke a key. Raises KeyNotFoundError."""
    with _store(settings) as store:
        _write(store, RevokeKey(key_id=key_id, now=SystemClock().now()), "revoke key", f"key {key_id}")


@contextmanager
def _store(settings: Settings) -> Iterator[Store]:
    ensure_writable(settings.data_dir)
    store = Store.open(settings)
    try:
        store.migrate()
        yield store
    except DBAPIError as error:
        raise CannotStartError(store_sentence(error)) from error
    finally:
        asyncio.run(store.close())


def _write(store: Store, operation: StoreKey | RevokeKey, action: str, subject: str) -> None:
    note = AuditNote(who=_BY, action=action, subject=subject, now=operation.now)
    answer = store.write_group([Audited(note=note, operation=operation)])[0]
    if isinstance(answer, ConflictError):
        raise UsageError(str(answer)) from answer
    if isinstance(answer, Exception):
        raise answer


def _read(store: Store) -> list[KeyView]:
    async def read() -> list[KeyView]:
        async with store.readers.connect() as connection:
            found = await list_keys(connection)
        await store.readers.dispose()
        return found

    return asyncio.run(read())
