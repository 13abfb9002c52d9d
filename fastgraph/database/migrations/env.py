"""How Alembic runs our migrations: on a connection that `fastgraph.database.migrate` hands over, inside its
transaction.

All steps and the stamp are one transaction (`transactional_ddl`): a process killed between two tables leaves the
store as it was. SQLite's DDL is transactional too, which Alembic does not assume by itself.
"""

from __future__ import annotations

from alembic import context

from fastgraph.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    transaction_per_migration=False,
    render_as_batch=True,
)
context.run_migrations()
