"""How Alembic runs our migrations: on a connection that `fastgraph.database.migrate` hands over, inside its
transaction.

All steps and the stamp are one transaction (`transactional_ddl`): a process killed between two tables leaves the
store as it was. SQLite's DDL is transactional too, which Alembic does not assume by itself.
"""

from __future__ import annotations

from typing import Any

from alembic import context

from fastgraph import fault_points
from fastgraph.database.tables import metadata


def _step_applied(*_: Any, **__: Any) -> None:
    fault_points.within(fault_points.MIGRATE_STEP)


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    transaction_per_migration=False,
    render_as_batch=True,
    on_version_apply=_step_applied,
)
context.run_migrations()
