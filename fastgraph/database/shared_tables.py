"""The tables that belong to no run: workflows and the hosts that have them, the store of all runs, the cache of nodes.

`fastgraph.database.tables` is the door to all tables, and says how they are made.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from fastgraph.database.metadata import metadata, partial_index

__all__ = ["host_workflows", "hosts", "node_cache", "probes", "store_items", "workflow_versions", "workflows"]

workflows = Table(
    "workflows",
    metadata,
    Column("name", Text, primary_key=True),
    Column("description", Text, nullable=False),
    Column("graph_hash", Text, nullable=False),
    Column("input_schema", LargeBinary, nullable=False),
    Column("graph", LargeBinary, nullable=False),
    Column("mermaid", Text, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("published_at", BigInteger, nullable=False),
)

# `lease_until` is in the database's own time. A row with `ended_at` belongs to a boot that is over for ever.
hosts = Table(
    "hosts",
    metadata,
    Column("boot_id", Text, primary_key=True),
    Column("pid", BigInteger, nullable=False),
    Column("address", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Column("report", LargeBinary),
    Column("started_at", BigInteger, nullable=False),
    Column("renewed_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("ended_reason", Text),
    # The boot that started this one for a run on probation.
    Column("parent", Text),
    Index(None, "ended_at", "lease_until"),
)

# Health writes here, to know that something can be written.
probes = Table(
    "probes",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
)

host_workflows = Table(
    "host_workflows",
    metadata,
    Column("boot_id", Text, ForeignKey("hosts.boot_id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("graph_hash", Text, nullable=False),
    # How many runs of the workflow may have an owner at once, as this host was told; NULL is no limit.
    Column("max_active", Integer),
    PrimaryKeyConstraint("boot_id", "name"),
    Index(None, "name"),
)

# Every version of a workflow that some host has published; a run keeps the hash of the one it began with.
workflow_versions = Table(
    "workflow_versions",
    metadata,
    Column("name", Text, nullable=False),
    Column("graph_hash", Text, nullable=False),
    Column("graph", LargeBinary, nullable=False),
    Column("keys", LargeBinary, nullable=False),
    Column("outputs", LargeBinary),
    Column("published_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("name", "graph_hash"),
)

# The long-term memory that nodes of all runs share. A namespace is its labels with periods between them, which no label
# has; compared byte by byte, all that is below one is a range of the primary key.
store_items = Table(
    "store_items",
    metadata,
    Column("namespace", Text().with_variant(Text(collation="C"), "postgresql"), nullable=False),
    Column("key", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("ttl_micros", BigInteger),
    PrimaryKeyConstraint("namespace", "key"),
    partial_index("ix_store_items_expires_at", "expires_at", where="expires_at IS NOT NULL"),
)

# What nodes with a cache policy returned, by the hash of what they were given.
node_cache = Table(
    "node_cache",
    metadata,
    Column("namespace", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    PrimaryKeyConstraint("namespace", "key"),
    partial_index("ix_node_cache_expires_at", "expires_at", where="expires_at IS NOT NULL"),
)
