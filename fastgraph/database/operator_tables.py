"""The tables of operators: what they ask of hosts, and who looks at whose actors.

`fastgraph.database.tables` is the door to all tables, and says how they are made.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from fastgraph.database.metadata import key_type, metadata, partial_index

__all__ = ["actor_watches", "host_commands"]

# What somebody asks of a host; the host looks at each beat of its timekeeper and writes what came of it.
host_commands = Table(
    "host_commands",
    metadata,
    Column("key", key_type(), primary_key=True),
    Column("command_id", Text, nullable=False, unique=True),
    Column("boot_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    # The actor that is meant, by its place in the host's tree; empty for the host itself.
    Column("subject", Text, nullable=False),
    Column("reason", Text),
    Column("requested_by", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("done_at", BigInteger),
    Column("outcome", Text),
    Column("answer", Text),
    Index(None, "boot_id", "key"),
    partial_index("ix_host_commands_open", "boot_id", "key", where="done_at IS NULL"),
    sqlite_autoincrement=True,
)

# Somebody looks at this part of a host's actors until then, in the database's time; the host writes its report here.
actor_watches = Table(
    "actor_watches",
    metadata,
    Column("boot_id", Text, nullable=False),
    Column("subtree", Text, nullable=False),
    Column("first", Integer, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("report", LargeBinary),
    Column("reported_at", BigInteger),
    PrimaryKeyConstraint("boot_id", "subtree", "first"),
)
