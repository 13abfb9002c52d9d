"""The first tables.

Written out and never edited: what this made is in stores that exist. `fastgraph.database.tables` says what they mean.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make all tables and their indexes."""
    op.create_table(
        "checkpoints",
        sa.Column("thread_key", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("run_key", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("parent", sa.BigInteger(), nullable=True),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("is_snapshot", sa.Boolean(), nullable=False),
        sa.Column("state_bytes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("namespace", sa.Text(), nullable=False),
        sa.Column("changes", sa.LargeBinary(), nullable=False),
        sa.Column("machine", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("thread_key", "number", name=op.f("pk_checkpoints")),
    )
    op.create_index(
        "ix_checkpoints_snapshots",
        "checkpoints",
        ["thread_key", "number"],
        sqlite_where=sa.text("is_snapshot"),
        postgresql_where=sa.text("is_snapshot"),
    )
    op.create_table(
        "events",
        sa.Column("feed_id", KEY, nullable=False),
        sa.Column("run_key", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("seq_from", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("node", sa.Text(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("feed_id", name=op.f("pk_events")),
        sa.UniqueConstraint("run_key", "seq", name=op.f("uq_events_run_key_seq")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "hosts",
        sa.Column("boot_id", sa.Text(), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("report", sa.LargeBinary(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("renewed_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("boot_id", name=op.f("pk_hosts")),
    )
    op.create_index(op.f("ix_hosts_ended_at_lease_until"), "hosts", ["ended_at", "lease_until"])
    op.create_table(
        "results",
        sa.Column("run_key", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("checkpoint_number", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("namespace", sa.Text(), nullable=False),
        sa.Column("update", sa.LargeBinary(), nullable=False),
        sa.Column("routing", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("run_key", "seq", name=op.f("pk_results")),
    )
    op.create_table(
        "runs",
        sa.Column("key", KEY, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("thread_key", sa.BigInteger(), nullable=False),
        sa.Column("workflow", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("epoch", sa.Integer(), server_default="0", nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("inbox", sa.Integer(), server_default="0", nullable=False),
        sa.Column("consumed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("deaths", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("checkpoint", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("base_checkpoint", sa.BigInteger(), nullable=True),
        sa.Column("graph_hash", sa.Text(), nullable=True),
        sa.Column("wake_at", sa.BigInteger(), nullable=True),
        sa.Column("lost_by", sa.Text(), nullable=True),
        sa.Column("lost_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_runs")),
        sa.UniqueConstraint("run_id", name=op.f("uq_runs_run_id")),
        postgresql_with={"fillfactor": 70},
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_runs_claimable",
        "runs",
        ["owner", "workflow", "key"],
        sqlite_where=sa.text("owner IS NULL AND status IN ('queued', 'running')"),
        postgresql_where=sa.text("owner IS NULL AND status IN ('queued', 'running')"),
    )
    op.create_index(
        "ix_runs_owner",
        "runs",
        ["owner"],
        sqlite_where=sa.text("owner IS NOT NULL"),
        postgresql_where=sa.text("owner IS NOT NULL"),
    )
    op.create_index(op.f("ix_runs_status_key"), "runs", ["status", "key"])
    op.create_index(
        "ix_runs_suspects",
        "runs",
        ["owner", "workflow", "key"],
        sqlite_where=sa.text("owner IS NULL AND deaths > 0"),
        postgresql_where=sa.text("owner IS NULL AND deaths > 0"),
    )
    op.create_index(op.f("ix_runs_thread_key_status_key"), "runs", ["thread_key", "status", "key"])
    op.create_index(
        "ix_runs_wake_at",
        "runs",
        ["owner", "workflow", "wake_at"],
        sqlite_where=sa.text("owner IS NULL AND wake_at IS NOT NULL"),
        postgresql_where=sa.text("owner IS NULL AND wake_at IS NOT NULL"),
    )
    op.create_index(
        "ix_runs_woken",
        "runs",
        ["owner", "workflow", "key"],
        sqlite_where=sa.text("owner IS NULL AND inbox > consumed"),
        postgresql_where=sa.text("owner IS NULL AND inbox > consumed"),
    )
    op.create_index(op.f("ix_runs_workflow_key"), "runs", ["workflow", "key"])
    op.create_table(
        "spilled_values",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("thread_key", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "thread_key", name=op.f("pk_spilled_values")),
    )
    op.create_index(op.f("ix_spilled_values_thread_key"), "spilled_values", ["thread_key"])
    op.create_table(
        "threads",
        sa.Column("key", KEY, nullable=False),
        sa.Column("thread_id", sa.Text(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_threads")),
        sa.UniqueConstraint("thread_id", name=op.f("uq_threads_thread_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "workflows",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("graph_hash", sa.Text(), nullable=False),
        sa.Column("input_schema", sa.LargeBinary(), nullable=False),
        sa.Column("graph", sa.LargeBinary(), nullable=False),
        sa.Column("mermaid", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_workflows")),
    )
    op.create_table(
        "artifacts",
        sa.Column("key", KEY, nullable=False),
        sa.Column("artifact_id", sa.Text(), nullable=False),
        sa.Column("run_key", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run_key"], ["runs.key"], name=op.f("fk_artifacts_run_key")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_artifacts")),
        sa.UniqueConstraint("artifact_id", name=op.f("uq_artifacts_artifact_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_artifacts_run_key_key"), "artifacts", ["run_key", "key"])
    op.create_index(op.f("ix_artifacts_sha256"), "artifacts", ["sha256"])
    op.create_table(
        "attempts",
        sa.Column("run_key", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run_key"], ["runs.key"], name=op.f("fk_attempts_run_key")),
        sa.PrimaryKeyConstraint("run_key", "task_id", name=op.f("pk_attempts")),
    )
    op.create_table(
        "host_workflows",
        sa.Column("boot_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("graph_hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["boot_id"], ["hosts.boot_id"], name=op.f("fk_host_workflows_boot_id")),
        sa.PrimaryKeyConstraint("boot_id", "name", name=op.f("pk_host_workflows")),
    )
    op.create_index(op.f("ix_host_workflows_name"), "host_workflows", ["name"])
    op.create_table(
        "idempotency",
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("run_key", sa.BigInteger(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run_key"], ["runs.key"], name=op.f("fk_idempotency_run_key")),
        sa.PrimaryKeyConstraint("idempotency_key", name=op.f("pk_idempotency")),
    )
    op.create_index(op.f("ix_idempotency_run_key"), "idempotency", ["run_key"])
    op.create_table(
        "inbox",
        sa.Column("run_key", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run_key"], ["runs.key"], name=op.f("fk_inbox_run_key")),
        sa.PrimaryKeyConstraint("run_key", "number", name=op.f("pk_inbox")),
    )
    op.create_table(
        "interrupts",
        sa.Column("run_key", sa.BigInteger(), nullable=False),
        sa.Column("interrupt_id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("response_schema", sa.LargeBinary(), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run_key"], ["runs.key"], name=op.f("fk_interrupts_run_key")),
        sa.PrimaryKeyConstraint("run_key", "interrupt_id", name=op.f("pk_interrupts")),
    )
    op.create_index(
        "ix_interrupts_pending",
        "interrupts",
        ["created_at", "run_key", "position"],
        sqlite_where=sa.text("answer IS NULL"),
        postgresql_where=sa.text("answer IS NULL"),
    )
    op.create_table(
        "run_bodies",
        sa.Column("run_key", KEY, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("tags", sa.LargeBinary(), nullable=False),
        sa.Column("context", sa.LargeBinary(), nullable=True),
        sa.Column("config", sa.LargeBinary(), nullable=True),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.Column("error", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("waiting_for", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["run_key"], ["runs.key"], name=op.f("fk_run_bodies_run_key")),
        sa.PrimaryKeyConstraint("run_key", name=op.f("pk_run_bodies")),
    )
    op.create_index(op.f("ix_run_bodies_name"), "run_bodies", ["name"])
    op.create_table(
        "run_tags",
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("run_key", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run_key"], ["runs.key"], name=op.f("fk_run_tags_run_key")),
        sa.PrimaryKeyConstraint("tag", "run_key", name=op.f("pk_run_tags")),
    )
    op.create_index(op.f("ix_run_tags_run_key"), "run_tags", ["run_key"])
