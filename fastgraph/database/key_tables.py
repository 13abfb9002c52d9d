"""The tables of who may ask: API keys, of which only a hash is kept, and what the server signs with.

`fastgraph.database.tables` is the door to all tables, and says how they are made.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text

from fastgraph.database.metadata import metadata, partial_index

__all__ = ["api_keys", "server_secrets"]

# `hash` is the SHA-256 of the key in hexadecimal digits: the keys are 256 random bits, so that no salt is needed. Revoked
# ones stay, since the audit names them; among the others a name stands once.
api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    Column("rate_limit", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("revoked_at", BigInteger),
    partial_index("ix_api_keys_name", "name", where="revoked_at IS NULL", is_unique=True),
)

server_secrets = Table(
    "server_secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)
