"""How Alembic runs the migrations of a saver's file: on a connection and in a transaction that are handed over.

The version stands in a table of its own, `saver_version`, since the file may hold other things with versions.
"""

from __future__ import annotations

from alembic import context

from fastgraph.checkpoint.sqlite.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="saver_version",
    transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
