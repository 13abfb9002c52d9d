"""The first tables: threads, their checkpoints, what tasks left, and what they must not find out twice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "saver_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saver_threads",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("thread_id", sa.Text, nullable=False),
        sa.Column("namespace", sa.Text, nullable=False),
        sa.Column("name_key", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("thread_id", "namespace"),
    )
    op.create_table(
        "saver_checkpoints",
        sa.Column("row", sa.Integer, primary_key=True),
        sa.Column("thread_key", sa.BigInteger, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("parent", sa.Integer),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("metadata", sa.LargeBinary),
        sa.Column("machine", sa.LargeBinary, nullable=False),
        sa.Column("changes", sa.LargeBinary, nullable=False),
        sa.Column("is_snapshot", sa.Boolean, nullable=False),
        sa.UniqueConstraint("thread_key", "number"),
    )
    op.create_table(
        "saver_results",
        sa.Column("row", sa.Integer, primary_key=True),
        sa.Column("thread_key", sa.BigInteger, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("task_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("thread_key", "number", "seq"),
    )
    op.create_table(
        "saver_records",
        sa.Column("thread_key", sa.BigInteger, nullable=False),
        sa.Column("task_id", sa.Text, nullable=False),
        sa.Column("record_key", sa.Text, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("thread_key", "task_id", "record_key"),
    )


def downgrade() -> None:
    for name in ("saver_records", "saver_results", "saver_checkpoints", "saver_threads"):
        op.drop_table(name)
