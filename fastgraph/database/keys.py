"""API keys in the store, and what the server signs with.

A key itself is never here: who made it has it, the store has its SHA-256. A name stands once among the keys that are not
revoked, so that a name in the audit means one of them. What is said of the caller's roles stands in `api.security`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.database.tables import api_keys, server_secrets
from fastgraph.database.times import from_micros, to_micros
from fastgraph.database.transaction import Transaction
from fastgraph.errors import ConflictError, NotFoundError

__all__ = [
    "CreateKey",
    "KeepSecret",
    "KeyNotFoundError",
    "KeyView",
    "RevokeKey",
    "change_keys",
    "hash_of_key",
    "list_keys",
    "read_secret",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateKey:
    """Add a key by its hash. Answers True; ConflictError where a living key has that name."""

    key_id: str
    name: str
    role: str
    hash: str
    created_by: str
    now: datetime
    rate_limit: str | None = None
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeKey:
    """End a key for ever. Answers whether it lived until now; KeyNotFoundError where there is none."""

    key_id: str
    now: datetime
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepSecret:
    """Keep a secret of the server under a name, unless there is one already. Answers True."""

    name: str
    value: bytes
    now: datetime
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyView:
    """A key as the store knows it."""

    key_id: str
    name: str
    role: str
    hash: str
    rate_limit: str | None
    created_at: datetime
    created_by: str
    revoked_at: datetime | None


class KeyNotFoundError(NotFoundError):
    """There is no key of that id."""

    def __init__(self, key_id: str) -> None:
        self.key_id = key_id
        super().__init__(f"There is no API key {key_id}. `fastgraph keys list` shows those that exist.")


def hash_of_key(key: str) -> str:
    """Return what the store keeps of a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def change_keys(tx: Transaction, operation: CreateKey | RevokeKey | KeepSecret) -> bool:
    """Carry out an operation on keys. Writes at once: it reads what it wrote in the same group."""
    match operation:
        case CreateKey():
            return _create(tx, operation)
        case RevokeKey():
            return _revoke(tx, operation)
        case KeepSecret():
            return _keep(tx, operation)


def _create(tx: Transaction, operation: CreateKey) -> bool:
    row = {
        "key_id": operation.key_id,
        "name": operation.name,
        "role": operation.role,
        "hash": operation.hash,
        "rate_limit": operation.rate_limit,
        "created_at": to_micros(operation.now),
        "created_by": operation.created_by,
    }
    insert = postgresql.insert if tx.dialect == "postgresql" else sqlite.insert
    # A name that is taken refuses this key alone: an error of the database would repeat its whole group.
    statement = insert(api_keys).values(row).on_conflict_do_nothing()
    if tx.connection.execute(statement).rowcount == 0:
        raise ConflictError(
            f"There is an API key {operation.name!r} already. Revoke it first, or choose another name."
        )
    return True


def _revoke(tx: Transaction, operation: RevokeKey) -> bool:
    mine = api_keys.c.key_id == operation.key_id
    at = to_micros(operation.now)
    statement = update(api_keys).where(mine, api_keys.c.revoked_at.is_(None)).values(revoked_at=at)
    if tx.connection.execute(statement).rowcount:
        return True
    if tx.connection.execute(select(api_keys.c.key_id).where(mine)).first() is None:
        raise KeyNotFoundError(operation.key_id)
    return False


def _keep(tx: Transaction, operation: KeepSecret) -> bool:
    insert = postgresql.insert if tx.dialect == "postgresql" else sqlite.insert
    row = {"name": operation.name, "value": operation.value, "created_at": to_micros(operation.now)}
    tx.connection.execute(insert(server_secrets).values(row).on_conflict_do_nothing())
    return True


async def list_keys(connection: AsyncConnection, *, with_revoked: bool = False) -> list[KeyView]:
    """List the keys, oldest first; without those that are revoked unless asked for."""
    query = select(api_keys).order_by(api_keys.c.created_at, api_keys.c.key_id)
    if not with_revoked:
        query = query.where(api_keys.c.revoked_at.is_(None))
    return [
        KeyView(
            key_id=row.key_id,
            name=row.name,
            role=row.role,
            hash=row.hash,
            rate_limit=row.rate_limit,
            created_at=from_micros(row.created_at),
            created_by=row.created_by,
            revoked_at=None if row.revoked_at is None else from_micros(row.revoked_at),
        )
        for row in await connection.execute(query)
    ]


async def read_secret(connection: AsyncConnection, *, name: str) -> bytes | None:
    """Return a secret of the server, None where none is kept yet."""
    query = select(server_secrets.c.value).where(server_secrets.c.name == name)
    value = (await connection.execute(query)).scalar_one_or_none()
    return None if value is None else bytes(value)
