"""The tables of control: what is paused, which commands were given already, and who gave them.

`fastgraph.database.tables` is the door to all tables, and says how they are made.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, PrimaryKeyConstraint, Table, Text

from fastgraph.database.metadata import key_type, metadata

__all__ = ["audit", "control_requests", "pauses"]

# What starts nothing until it is unpaused: scope "server" (name empty) or "workflow". A run's pause is its status.
pauses = Table(
    "pauses",
    metadata,
    Column("scope", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("reason", Text),
    Column("paused_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("scope", "name"),
)

# A command that came with a request id is carried out once; its answer is given again.
control_requests = Table(
    "control_requests",
    metadata,
    Column("request_id", Text, primary_key=True),
    Column("request_hash", Text, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "created_at"),
)

# One row a command, also of those that were refused. Nothing ever changes one.
audit = Table(
    "audit",
    metadata,
    Column("key", key_type(), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("request_id", Text),
    Column("reason", Text),
    Column("outcome", Text, nullable=False),
    Index(None, "subject", "key"),
    sqlite_autoincrement=True,
)
