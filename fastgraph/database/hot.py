"""Statements of the hot path: compiled once a dialect, then sent as text with tuples.

SQLAlchemy's own executemany spends more in Python than SQLite spends in SQL (`docs/performance.md`, lesson 5: 1.2 to
1.3 times). The text still comes from the tables, so a column that is renamed breaks here at once and not in
production.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Delete, Insert, Table, Update, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import Dialect

__all__ = ["HotInsert", "HotStatement"]


class HotStatement:
    """An INSERT, UPDATE or DELETE for many rows. `columns` is the order of the values in each tuple: for an INSERT the
    names of columns, otherwise of bind parameters. A statement that differs by dialect is given as a dict."""

    __slots__ = ("_columns", "_statements", "_texts")

    def __init__(
        self, statement: Insert | Update | Delete | dict[str, Insert], columns: tuple[str, ...]
    ) -> None:
        self._statements = statement
        self._columns = columns
        self._texts: dict[str, tuple[str, tuple[int, ...] | None]] = {}

    def run(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Send all rows in their order; nothing is sent for none."""
        if not rows:
            return
        dialect = connection.dialect.name
        text, order = self._texts.get(dialect) or self._compile(dialect)
        if order is not None:
            rows = [tuple(row[index] for index in order) for row in rows]
        connection.exec_driver_sql(text, rows if isinstance(rows, list) else list(rows))

    def _compile(self, name: str) -> tuple[str, tuple[int, ...] | None]:
        statement = self._statements[name] if isinstance(self._statements, dict) else self._statements
        columns = list(self._columns) if isinstance(statement, Insert) else None
        compiled = statement.compile(dialect=_positional(name), column_keys=columns)
        order = tuple(self._columns.index(column) for column in compiled.positiontup or ())
        self._texts[name] = (str(compiled), None if order == tuple(range(len(order))) else order)
        return self._texts[name]


class HotInsert(HotStatement):
    """An INSERT of the named columns. `ignoring` are the columns of a unique index: a row that is there already is left
    as it is; with `replacing` it is overwritten."""

    def __init__(
        self,
        table: Table,
        columns: tuple[str, ...],
        *,
        ignoring: tuple[str, ...] = (),
        replacing: tuple[str, ...] = (),
    ) -> None:
        if not ignoring and not replacing:
            super().__init__(insert(table), columns)
            return
        lite, postgres = sqlite.insert(table), postgresql.insert(table)
        if ignoring:
            lite = lite.on_conflict_do_nothing(index_elements=ignoring)
            postgres = postgres.on_conflict_do_nothing(index_elements=ignoring)
        else:
            others = [name for name in columns if name not in replacing]
            lite = lite.on_conflict_do_update(
                index_elements=replacing, set_={name: lite.excluded[name] for name in others}
            )
            postgres = postgres.on_conflict_do_update(
                index_elements=replacing, set_={name: postgres.excluded[name] for name in others}
            )
        super().__init__({"sqlite": lite, "postgresql": postgres}, columns)


def _positional(name: str) -> Dialect:
    if name == "postgresql":
        return postgresql.psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call] # SQLAlchemy's own gap
    return sqlite.dialect(paramstyle="qmark")
