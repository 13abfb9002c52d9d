"""Times as the store keeps them: whole microseconds since 1970 in UTC.

An integer compares right on both databases, takes eight bytes and needs no parsing. The text of an event's time is made
here too, because a feed writes thousands of them that share the same second.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from sqlalchemy import ColumnElement, Connection, literal_column

__all__ = ["database_now", "from_micros", "micros_text", "optional_from_micros", "to_micros"]

MICROS_A_SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_micros(moment: datetime) -> int:
    """Return microseconds since 1970; `moment` must be aware. Exact up to the year 2255.

    >>> to_micros(datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC))
    1000005
    """
    return round(moment.timestamp() * MICROS_A_SECOND)


def from_micros(micros: int) -> datetime:
    """Return the aware time in UTC that `to_micros` was given."""
    return _EPOCH + timedelta(microseconds=micros)


def optional_from_micros(micros: int | None) -> datetime | None:
    """Return the time, or None for None."""
    return None if micros is None else from_micros(micros)


def micros_text(micros: int) -> str:
    """Return the RFC 3339 text of a time, equal to `to_rfc3339(from_micros(micros))` and quicker.

    >>> micros_text(1_000_005)
    '1970-01-01T00:00:01.000005Z'
    """
    second, rest = divmod(micros, MICROS_A_SECOND)
    return f"{_second_text(second)}.{rest:06d}Z"


@lru_cache(maxsize=1024)
def _second_text(second: int) -> str:
    return (_EPOCH + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S")


def database_now(dialect: str) -> ColumnElement[int]:
    """Return the SQL expression of the database's own time, at the moment it is evaluated and not of the
    transaction."""
    if dialect == "postgresql":
        return literal_column("CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)")
    return literal_column("CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)")


def read_database_now(connection: Connection) -> int:
    """Return the database's own time in microseconds."""
    micros: int = connection.exec_driver_sql(f"SELECT {database_now(connection.dialect.name)}").scalar_one()
    return micros
