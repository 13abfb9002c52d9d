"""The schema: one metadata for SQLite and PostgreSQL.

Times are whole microseconds since 1970 in UTC: they compare right on both databases and cost no formatting in a hot
insert. Values are bytes of encoded JSON and are never looked into by SQL. What the outside names is TEXT with a unique
index; inside, rows have integer keys, and no table is clustered by a random id (72,000 against 15,000 steps/s, see
`docs/performance.md`). `runs` holds only what guard and claim need: an UPDATE rewrites the row, so bodies stand apart.

Hot updates of `runs` touch `seq` and `checkpoint` only: no index and no index predicate names these columns, so
PostgreSQL can update in place (HOT) and SQLite rewrites one page. Keep it so.
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
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from fastgraph.database.control_tables import audit, control_requests, pauses
from fastgraph.database.key_tables import api_keys, server_secrets
from fastgraph.database.metadata import key_type, metadata, partial_index
from fastgraph.database.operator_tables import actor_watches, host_commands
from fastgraph.database.shared_tables import (
    host_workflows,
    hosts,
    node_cache,
    probes,
    store_items,
    workflow_versions,
    workflows,
)

__all__ = [
    "actor_watches",
    "api_keys",
    "artifacts",
    "attempts",
    "audit",
    "checkpoints",
    "control_requests",
    "events",
    "host_commands",
    "host_workflows",
    "hosts",
    "idempotency",
    "inbox",
    "interrupts",
    "metadata",
    "node_cache",
    "pauses",
    "probes",
    "results",
    "run_bodies",
    "run_tags",
    "runs",
    "server_secrets",
    "signals",
    "spilled_values",
    "store_items",
    "task_records",
    "threads",
    "workflow_versions",
    "workflows",
]

threads = Table(
    "threads",
    metadata,
    Column("key", key_type(), primary_key=True),
    Column("thread_id", Text, nullable=False, unique=True),
    # The run whose turn it is, taken in the claim and given up by the ending.
    Column("turn", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    # A subgraph's lineage is a thread of its own: which thread it belongs to, and its namespace there.
    Column("parent_key", BigInteger),
    Column("namespace", Text),
    partial_index("ix_threads_parent", "parent_key", "namespace", where="parent_key IS NOT NULL"),
    sqlite_autoincrement=True,
)

runs = Table(
    "runs",
    metadata,
    Column("key", key_type(), primary_key=True),
    Column("run_id", Text, nullable=False, unique=True),
    Column("thread_key", BigInteger, nullable=False),
    Column("workflow", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("owner", Text),
    Column("epoch", Integer, nullable=False, server_default="0"),
    Column("seq", BigInteger, nullable=False),
    Column("inbox", Integer, nullable=False, server_default="0"),
    Column("consumed", Integer, nullable=False, server_default="0"),
    Column("deaths", SmallInteger, nullable=False, server_default="0"),
    Column("checkpoint", BigInteger, nullable=False, server_default="0"),
    Column("base_checkpoint", BigInteger),
    Column("graph_hash", Text),
    # Not to be claimed before, unless a command comes: a timer, or the pause after a death.
    Column("wake_at", BigInteger),
    Column("lost_by", Text),
    Column("lost_reason", Text),
    # Owners in a row that were lost before they had committed anything of it.
    Column("early_losses", SmallInteger, nullable=False, server_default="0"),
    # The place in the queue: when it was accepted, moved by its priority (`fastgraph.database.ranks`).
    Column("rank", BigInteger, nullable=False, server_default="0"),
    Index(None, "status", "key"),
    Index(None, "workflow", "key"),
    Index(None, "thread_key", "status", "key"),
    # What hosts poll for every second; small, because a partial index holds only what its predicate meets. `owner` stands
    # first although it is always NULL in most: with two columns to compare, SQLite prefers these to (workflow, key).
    partial_index("ix_runs_owner", "owner", "workflow", where="owner IS NOT NULL"),
    partial_index(
        "ix_runs_claimable",
        "owner",
        "workflow",
        "rank",
        "key",
        where="owner IS NULL AND status IN ('queued', 'running')",
    ),
    partial_index("ix_runs_suspects", "owner", "workflow", "key", where="owner IS NULL AND deaths > 0"),
    partial_index("ix_runs_woken", "owner", "workflow", "key", where="owner IS NULL AND inbox > consumed"),
    partial_index(
        "ix_runs_wake_at", "owner", "workflow", "wake_at", where="owner IS NULL AND wake_at IS NOT NULL"
    ),
    sqlite_autoincrement=True,
    # Room on each page for the next version of its rows.
    postgresql_with={"fillfactor": 70},
)

run_bodies = Table(
    "run_bodies",
    metadata,
    Column("run_key", key_type(), ForeignKey("runs.key"), primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("tags", LargeBinary, nullable=False),
    Column("context", LargeBinary),
    Column("config", LargeBinary),
    Column("result", LargeBinary),
    Column("error", LargeBinary),
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Column("waiting_for", Text),
    # A child run: who started it, which task of that run, and what becomes of it when that run ends.
    Column("parent_run_key", BigInteger),
    Column("parent_task_id", Text),
    Column("parent_close_policy", Text),
    # When the run is given up, whatever it does.
    Column("deadline_at", BigInteger),
    # What takes the place of what the workflow's newer version has no more, at which checkpoint.
    Column("migration", LargeBinary),
    # Of a paused run: what it was before, and when it was to wake.
    Column("paused_from", Text),
    Column("paused_wake_at", BigInteger),
    # The run of the same thread that this one tries again, and when somebody has dealt with this run's bad end.
    Column("retried_from", Text),
    Column("settled_at", BigInteger),
    Column("priority", SmallInteger, nullable=False, server_default="0"),
    # Since when retention leaves it alone, because somebody said so.
    Column("kept_at", BigInteger),
    Index(None, "name"),
    partial_index(
        "ix_run_bodies_ended",
        "finished_at",
        "run_key",
        where="finished_at IS NOT NULL AND kept_at IS NULL",
    ),
    partial_index("ix_run_bodies_parent", "parent_run_key", "run_key", where="parent_run_key IS NOT NULL"),
    # What hosts look for every second: runs that may be past their time, children that may have outlived their parents.
    partial_index(
        "ix_run_bodies_deadline", "deadline_at", where="deadline_at IS NOT NULL AND finished_at IS NULL"
    ),
    partial_index(
        "ix_run_bodies_bound",
        "parent_run_key",
        where="parent_close_policy IN ('cancel', 'terminate') AND finished_at IS NULL",
    ),
)

run_tags = Table(
    "run_tags",
    metadata,
    Column("tag", Text, nullable=False),
    Column("run_key", BigInteger, ForeignKey("runs.key"), nullable=False),
    PrimaryKeyConstraint("tag", "run_key"),
    Index(None, "run_key"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("idempotency_key", Text, nullable=False),
    Column("run_key", BigInteger, ForeignKey("runs.key"), nullable=False),
    Column("request_hash", Text),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("idempotency_key"),
    Index(None, "run_key"),
)

# What a task wrote, once. `seq` is the number of the event that tells of it.
results = Table(
    "results",
    metadata,
    Column("run_key", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("checkpoint_number", BigInteger, nullable=False),
    Column("task_id", Text, nullable=False),
    Column("node", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("namespace", Text, nullable=False),
    Column("update", LargeBinary, nullable=False),
    Column("routing", LargeBinary),
    PrimaryKeyConstraint("run_key", "seq"),
)

# `seq` is the run's last event of the commit that wrote the checkpoint: what came after it is pending.
checkpoints = Table(
    "checkpoints",
    metadata,
    Column("thread_key", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("run_key", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("parent", BigInteger),
    Column("step", Integer, nullable=False),
    Column("is_snapshot", Boolean, nullable=False),
    Column("state_bytes", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("namespace", Text, nullable=False),
    Column("changes", LargeBinary, nullable=False),
    Column("machine", LargeBinary, nullable=False),
    PrimaryKeyConstraint("thread_key", "number"),
    partial_index("ix_checkpoints_snapshots", "thread_key", "number", where="is_snapshot"),
)

events = Table(
    "events",
    metadata,
    Column("feed_id", key_type(), primary_key=True),
    Column("run_key", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    # Set where one row stands for the numbers seq_from..seq (a batch of a stream).
    Column("seq_from", BigInteger),
    Column("kind", SmallInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("node", Text),
    Column("data", LargeBinary),
    UniqueConstraint("run_key", "seq"),
    sqlite_autoincrement=True,
)

interrupts = Table(
    "interrupts",
    metadata,
    Column("run_key", BigInteger, ForeignKey("runs.key"), nullable=False),
    Column("interrupt_id", Text, nullable=False),
    Column("task_id", Text, nullable=False),
    Column("node", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("response_schema", LargeBinary),
    Column("answer", LargeBinary),
    Column("created_at", BigInteger, nullable=False),
    # A wait of another kind: "timer", "signal" or "child"; its name, and when it is over or given up.
    Column("kind", Text, nullable=False, server_default="interrupt"),
    Column("name", Text),
    Column("due_at", BigInteger),
    # Where the task that asks is nested; `task_id` above is the run's own task that has to be executed again.
    Column("namespace", Text),
    Column("asked_by", Text),
    PrimaryKeyConstraint("run_key", "interrupt_id"),
    partial_index("ix_interrupts_pending", "created_at", "run_key", "position", where="answer IS NULL"),
)

# The number is the run's own (1, 2, 3 …): `runs.inbox` counts the rows that came, `runs.consumed` those that are done.
inbox = Table(
    "inbox",
    metadata,
    Column("run_key", BigInteger, ForeignKey("runs.key"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("run_key", "number"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("run_key", BigInteger, ForeignKey("runs.key"), nullable=False),
    Column("task_id", Text, nullable=False),
    Column("node", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("error", LargeBinary, nullable=False),
    PrimaryKeyConstraint("run_key", "task_id"),
)

# What a task must not find out twice: results of what it called, effects done once.
task_records = Table(
    "task_records",
    metadata,
    Column("run_key", BigInteger, ForeignKey("runs.key"), nullable=False),
    Column("task_id", Text, nullable=False),
    Column("record_key", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("run_key", "task_id", "record_key"),
)

# Signals in the order in which they came; `taken_by` is the wait that got one.
signals = Table(
    "signals",
    metadata,
    Column("run_key", BigInteger, ForeignKey("runs.key"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("dedup_id", Text),
    Column("taken_by", Text),
    Column("created_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("run_key", "number"),
    UniqueConstraint("run_key", "dedup_id"),
)

# `run_key` is NULL for an upload: it belongs to no run.
artifacts = Table(
    "artifacts",
    metadata,
    Column("key", key_type(), primary_key=True),
    Column("artifact_id", Text, nullable=False, unique=True),
    Column("run_key", BigInteger, ForeignKey("runs.key")),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("node", Text),
    Column("created_at", BigInteger, nullable=False),
    Index(None, "run_key", "key"),
    Index(None, "sha256"),
    sqlite_autoincrement=True,
)

# Which files under states/ and checkpoints/ the rows of a run's thread refer to; the sweeper asks here.
spilled_values = Table(
    "spilled_values",
    metadata,
    Column("sha256", Text, nullable=False),
    Column("thread_key", BigInteger, nullable=False),
    PrimaryKeyConstraint("sha256", "thread_key"),
    Index(None, "thread_key"),
)
