"""Statements of the hot path: compiled once a dialect, then sent as text with tuples.

SQLAlchemy's own executemany spends more in Python than SQLite spends in SQL (`docs/performance.md`, lesson 5: 1.2 to 1.3
times). PostgreSQL gets all rows of a table as one array a column and unnests them: one message where executemany sends
one a row (13,800 against 5,800 steps/s in groups of 50). The texts come from the tables, so a column that is renamed
breaks here at once and not in production.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, Delete, Insert, Table, Update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import Dialect

__all__ = ["HotInsert", "HotStatement", "HotUpdate"]

_SQLITE: Dialect = sqlite.dialect(paramstyle="qmark")
_POSTGRES: Dialect = postgresql.psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call] # a gap of theirs

Rows = Sequence[tuple[Any, ...]]


class HotStatement:
    """An UPDATE or DELETE for some rows, sent one by one. `parameters` is the order of the values in each tuple."""

    __slots__ = ("_parameters", "_statement", "_texts")

    def __init__(self, statement: Insert | Update | Delete, parameters: tuple[str, ...]) -> None:
        self._statement = statement
        self._parameters = parameters
        self._texts: dict[str, tuple[str, tuple[int, ...]]] = {}

    def run(self, connection: Connection, rows: Rows) -> None:
        """Send all rows in their order; nothing is sent for none."""
        if not rows:
            return
        name = connection.dialect.name
        text, order = self._texts.get(name) or self._compile(name)
        connection.exec_driver_sql(text, [tuple(row[index] for index in order) for row in rows])

    def _compile(self, name: str) -> tuple[str, tuple[int, ...]]:
        compiled = self._statement.compile(dialect=_POSTGRES if name == "postgresql" else _SQLITE)
        order = tuple(self._parameters.index(parameter) for parameter in compiled.positiontup or ())
        self._texts[name] = (str(compiled), order)
        return self._texts[name]


class _HotRows:
    """Rows of one table, sent together."""

    __slots__ = ("_postgres", "_sqlite")

    def __init__(self, *, sqlite_text: str, postgres_text: str) -> None:
        self._sqlite = sqlite_text
        self._postgres = postgres_text

    def run(self, connection: Connection, rows: Rows) -> None:
        """Send all rows; nothing is sent for none. Inserted rows get their generated keys in the order of the rows."""
        if not rows:
            return
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(self._postgres, tuple(map(list, zip(*rows, strict=True))))
        else:
            connection.exec_driver_sql(self._sqlite, rows if isinstance(rows, list) else list(rows))


class HotInsert(_HotRows):
    """An INSERT of the named columns. `ignoring` are the columns of a unique index: a row that is there already is left
    as it is; with `replacing` it is overwritten, but for the columns of `keeping`."""

    __slots__ = ()

    def __init__(
        self,
        table: Table,
        columns: tuple[str, ...],
        *,
        ignoring: tuple[str, ...] = (),
        replacing: tuple[str, ...] = (),
        keeping: tuple[str, ...] = (),
    ) -> None:
        names = _quote(columns)
        into = f"INSERT INTO {table.name} ({', '.join(names)})"
        marks = ", ".join("?" for _ in columns)
        end = _on_conflict(columns, ignoring, replacing, keeping)
        source = f"unnest({_arrays(table, columns)}) WITH ORDINALITY AS v({', '.join(names)}, place)"
        super().__init__(
            sqlite_text=f"{into} VALUES ({marks}){end}",
            postgres_text=f"{into} SELECT {', '.join(names)} FROM {source} ORDER BY place{end}",  # noqa: S608 - tables
        )


class HotUpdate(_HotRows):
    """An UPDATE of the named columns of rows found by their keys: tuples of the new values, then the keys."""

    __slots__ = ()

    def __init__(self, table: Table, columns: tuple[str, ...], *, keys: tuple[str, ...]) -> None:
        names, key_names = _quote(columns), _quote(keys)
        lite_set = ", ".join(f"{name} = ?" for name in names)
        lite_where = " AND ".join(f"{name} = ?" for name in key_names)
        new_set = ", ".join(f"{name} = v.{name}" for name in names)
        where = " AND ".join(f"{table.name}.{name} = v.{name}" for name in key_names)
        source = f"unnest({_arrays(table, columns + keys)}) AS v({', '.join(names + key_names)})"
        super().__init__(
            sqlite_text=f"UPDATE {table.name} SET {lite_set} WHERE {lite_where}",  # noqa: S608 - our tables
            postgres_text=f"UPDATE {table.name} SET {new_set} FROM {source} WHERE {where}",  # noqa: S608 - our tables
        )


def _quote(columns: Sequence[str]) -> list[str]:
    """Quote names where one of the databases wants it: both take the same quotes."""
    return [f'"{name}"' for name in columns]


def _arrays(table: Table, columns: Sequence[str]) -> str:
    """Return one parameter a column, each an array in binary form."""
    return ", ".join(f"%b::{_type_of(table.c[name])}[]" for name in columns)


def _type_of(column: Column[Any]) -> str:
    # arrays take no collation: the column's own counts where the row is written
    return str(column.type.compile(dialect=_POSTGRES)).partition(" COLLATE")[0].lower()


def _on_conflict(
    columns: Sequence[str], ignoring: Sequence[str], replacing: Sequence[str], keeping: Sequence[str]
) -> str:
    if ignoring:
        return f" ON CONFLICT ({', '.join(_quote(ignoring))}) DO NOTHING"
    if not replacing:
        return ""
    others = _quote([name for name in columns if name not in replacing and name not in keeping])
    new = ", ".join(f"{name} = excluded.{name}" for name in others)
    return f" ON CONFLICT ({', '.join(_quote(replacing))}) DO UPDATE SET {new}"
