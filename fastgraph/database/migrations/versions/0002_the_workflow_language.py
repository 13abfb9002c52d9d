"""What the workflow language needs: waits, signals, child runs, records, namespaces, versions, the store, the cache.

`fastgraph.database.tables` says what they mean.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and tables."""
    _add_columns()
    _add_tables_of_runs()
    _add_tables_of_workflows()


def _add_columns() -> None:
    op.add_column("threads", sa.Column("parent_key", sa.BigInteger(), nullable=True))
    op.add_column("threads", sa.Column("namespace", sa.Text(), nullable=True))
    _partial_index("ix_threads_parent", "threads", ["parent_key", "namespace"], "parent_key IS NOT NULL")
    op.add_column("run_bodies", sa.Column("parent_run_key", sa.BigInteger(), nullable=True))
    op.add_column("run_bodies", sa.Column("parent_task_id", sa.Text(), nullable=True))
    op.add_column("run_bodies", sa.Column("parent_close_policy", sa.Text(), nullable=True))
    op.add_column("run_bodies", sa.Column("deadline_at", sa.BigInteger(), nullable=True))
    op.add_column("run_bodies", sa.Column("migration", sa.LargeBinary(), nullable=True))
    _partial_index(
        "ix_run_bodies_parent", "run_bodies", ["parent_run_key", "run_key"], "parent_run_key IS NOT NULL"
    )
    _partial_index(
        "ix_run_bodies_deadline",
        "run_bodies",
        ["deadline_at"],
        "deadline_at IS NOT NULL AND finished_at IS NULL",
    )
    _partial_index(
        "ix_run_bodies_bound",
        "run_bodies",
        ["parent_run_key"],
        "parent_close_policy IN ('cancel', 'terminate') AND finished_at IS NULL",
    )
    op.add_column("interrupts", sa.Column("kind", sa.Text(), nullable=False, server_default="interrupt"))
    op.add_column("interrupts", sa.Column("name", sa.Text(), nullable=True))
    op.add_column("interrupts", sa.Column("due_at", sa.BigInteger(), nullable=True))
    op.add_column("interrupts", sa.Column("namespace", sa.Text(), nullable=True))
    op.add_column("interrupts", sa.Column("asked_by", sa.Text(), nullable=True))


def _add_tables_of_runs() -> None:
    op.create_table(
        "task_records",
        sa.Column("run_key", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("record_key", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run_key"], ["runs.key"], name=op.f("fk_task_records_run_key")),
        sa.PrimaryKeyConstraint("run_key", "task_id", "record_key", name=op.f("pk_task_records")),
    )
    op.create_table(
        "signals",
        sa.Column("run_key", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("dedup_id", sa.Text(), nullable=True),
        sa.Column("taken_by", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run_key"], ["runs.key"], name=op.f("fk_signals_run_key")),
        sa.PrimaryKeyConstraint("run_key", "number", name=op.f("pk_signals")),
        sa.UniqueConstraint("run_key", "dedup_id", name=op.f("uq_signals_run_key_dedup_id")),
    )


def _add_tables_of_workflows() -> None:
    op.create_table(
        "workflow_versions",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("graph_hash", sa.Text(), nullable=False),
        sa.Column("graph", sa.LargeBinary(), nullable=False),
        sa.Column("keys", sa.LargeBinary(), nullable=False),
        sa.Column("outputs", sa.LargeBinary(), nullable=True),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "graph_hash", name=op.f("pk_workflow_versions")),
    )
    op.create_table(
        "store_items",
        sa.Column("namespace", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("ttl_micros", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("namespace", "key", name=op.f("pk_store_items")),
    )
    _partial_index("ix_store_items_expires_at", "store_items", ["expires_at"], "expires_at IS NOT NULL")
    op.create_table(
        "node_cache",
        sa.Column("namespace", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("namespace", "key", name=op.f("pk_node_cache")),
    )
    _partial_index("ix_node_cache_expires_at", "node_cache", ["expires_at"], "expires_at IS NOT NULL")


def _partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(
        name, table, columns, unique=False, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )
