"""The tables of a saver's file. They begin with `saver_`, so that they stand beside a program's own tables, and beside
LangGraph's in a file that its saver has written.

A checkpoint keeps how each key changed since its parent (`fastgraph.state.changes`), or where `is_snapshot` says so the
whole state; a change refers to the result it came from by that result's `seq` on the parent. Rows have integer keys and
a unique index each: a table that is clustered by such a key would move rows of a kilobyte to pages of their own.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

__all__ = ["metadata"]

metadata = MetaData()

# `name_key` stands for the lineage in the ids of its checkpoints; a copy has that of its source.
saver_threads = Table(
    "saver_threads",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("thread_id", Text, nullable=False),
    Column("namespace", Text, nullable=False),
    Column("name_key", BigInteger, nullable=False),
    UniqueConstraint("thread_id", "namespace"),
)

saver_checkpoints = Table(
    "saver_checkpoints",
    metadata,
    Column("row", Integer, primary_key=True),
    Column("thread_key", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("parent", Integer),
    Column("step", Integer, nullable=False),
    Column("source", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("metadata", LargeBinary),
    Column("machine", LargeBinary, nullable=False),
    Column("changes", LargeBinary, nullable=False),
    Column("is_snapshot", Boolean, nullable=False),
    UniqueConstraint("thread_key", "number"),
)

saver_results = Table(
    "saver_results",
    metadata,
    Column("row", Integer, primary_key=True),
    Column("thread_key", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("task_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    UniqueConstraint("thread_key", "number", "seq"),
)

saver_records = Table(
    "saver_records",
    metadata,
    Column("thread_key", BigInteger, nullable=False),
    Column("task_id", Text, nullable=False),
    Column("record_key", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    PrimaryKeyConstraint("thread_key", "task_id", "record_key"),
)
