"""What operators need: commands to hosts, watches, keys, the audit log, pauses, limits.

`fastgraph.database.tables` and its neighbours say what they mean.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and tables."""
    _order_and_keep_runs()
    _add_keys()
    _add_tables_of_operators()
    _add_control()
    _add_probes()


def _add_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("rate_limit", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("hash", name=op.f("uq_api_keys_hash")),
    )
    is_living = sa.text("revoked_at IS NULL")
    op.create_index(
        "ix_api_keys_name",
        "api_keys",
        ["name"],
        unique=True,
        sqlite_where=is_living,
        postgresql_where=is_living,
    )
    op.create_table(
        "server_secrets",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_server_secrets")),
    )


def _order_and_keep_runs() -> None:
    """The order in which runs are taken, what is kept from retention, how many runs of a workflow a host lets be, and
    how many owners in a row lost a run."""
    op.add_column("runs", sa.Column("rank", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("runs", sa.Column("early_losses", sa.SmallInteger(), nullable=False, server_default="0"))
    op.add_column("run_bodies", sa.Column("priority", sa.SmallInteger(), nullable=False, server_default="0"))
    op.add_column("run_bodies", sa.Column("kept_at", sa.BigInteger(), nullable=True))
    op.add_column("hosts", sa.Column("parent", sa.Text(), nullable=True))
    op.add_column("host_workflows", sa.Column("max_active", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE runs SET rank = (SELECT created_at FROM run_bodies WHERE run_bodies.run_key = runs.key) "
        "WHERE EXISTS (SELECT 1 FROM run_bodies WHERE run_bodies.run_key = runs.key)"
    )
    op.drop_index("ix_runs_owner", "runs")
    op.drop_index("ix_runs_claimable", "runs")
    _partial_index("ix_runs_owner", "runs", ["owner", "workflow"], "owner IS NOT NULL")
    _partial_index(
        "ix_runs_claimable",
        "runs",
        ["owner", "workflow", "rank", "key"],
        "owner IS NULL AND status IN ('queued', 'running')",
    )
    _partial_index(
        "ix_run_bodies_ended",
        "run_bodies",
        ["finished_at", "run_key"],
        "finished_at IS NOT NULL AND kept_at IS NULL",
    )


def _partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(
        name, table, columns, unique=False, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )


def _add_tables_of_operators() -> None:
    op.create_table(
        "host_commands",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("command_id", sa.Text(), nullable=False),
        sa.Column("boot_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_host_commands")),
        sa.UniqueConstraint("command_id", name=op.f("uq_host_commands_command_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_host_commands_boot_id_key"), "host_commands", ["boot_id", "key"], unique=False)
    is_open = sa.text("done_at IS NULL")
    op.create_index(
        "ix_host_commands_open",
        "host_commands",
        ["boot_id", "key"],
        unique=False,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "actor_watches",
        sa.Column("boot_id", sa.Text(), nullable=False),
        sa.Column("subtree", sa.Text(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("report", sa.LargeBinary(), nullable=True),
        sa.Column("reported_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("boot_id", "subtree", "first", name=op.f("pk_actor_watches")),
    )


def _add_control() -> None:
    """What is paused, commands that were given already, who gave them; what a run was before its pause or its retry."""
    for name, kind in (
        ("paused_from", sa.Text()),
        ("paused_wake_at", sa.BigInteger()),
        ("retried_from", sa.Text()),
        ("settled_at", sa.BigInteger()),
    ):
        op.add_column("run_bodies", sa.Column(name, kind, nullable=True))
    op.create_table(
        "pauses",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("paused_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "name", name=op.f("pk_pauses")),
    )
    op.create_table(
        "control_requests",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.Text(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_control_requests")),
    )
    op.create_index(op.f("ix_control_requests_created_at"), "control_requests", ["created_at"], unique=False)
    op.create_table(
        "audit",
        sa.Column("key", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_subject_key"), "audit", ["subject", "key"], unique=False)


def _add_probes() -> None:
    probes = op.create_table(
        "probes",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_probes")),
    )
    op.bulk_insert(probes, [{"name": "health", "at": 0}])
