"""What an error of the database means for the group that met it.

TEMPORARY: somebody was in the way, and the same again may succeed. UNREACHABLE: nothing can be written now, by
nobody, so halving the group would only ask more often. LASTING: one of the operations is at fault.
"""

from __future__ import annotations

import sqlite3
from enum import Enum

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from fastgraph.errors import FastGraphError, StoreError, StoreUnavailableError

__all__ = ["Fault", "classify", "wrap_error"]

# Deadlock, serialisation failure, lock timeout: some run of the group met somebody else.
_TEMPORARY_STATES = frozenset({"40P01", "40001", "55P03"})
_UNREACHABLE_STATES = frozenset({"53100", "53200", "53300", "57P01", "57P02", "57P03", "25006"})
_UNREACHABLE_CODES = frozenset(
    {
        sqlite3.SQLITE_BUSY,  # one lock for the whole file: no run of the group is the reason
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOTADB,
    }
)


class Fault(Enum):
    """What to do about an error."""

    TEMPORARY = "temporary"
    UNREACHABLE = "unreachable"
    LASTING = "lasting"


def classify(error: BaseException) -> Fault:
    """Say what an error that left a transaction means; one that is no database error lies with an operation."""
    if not isinstance(error, DBAPIError):
        return Fault.LASTING
    original = error.orig
    state = getattr(original, "sqlstate", None)
    code = getattr(original, "sqlite_errorcode", None)
    code = code & 0xFF if isinstance(code, int) else None
    if state in _TEMPORARY_STATES:
        return Fault.TEMPORARY
    if error.connection_invalidated or state in _UNREACHABLE_STATES or code in _UNREACHABLE_CODES:
        return Fault.UNREACHABLE
    # A unique key that another writer took since we looked: the next look sees it and decides otherwise.
    if isinstance(error, IntegrityError):
        return Fault.TEMPORARY
    if state is None and code is None and type(original).__name__ == "OperationalError":
        return Fault.UNREACHABLE  # psycopg could not connect, or lost the connection in the middle
    return Fault.LASTING


def wrap_error(error: Exception) -> Exception:
    """Return an error that repeating has not cured as one of ours where it is the database's; others stay what they
    are."""
    if isinstance(error, FastGraphError) or not isinstance(error, SQLAlchemyError):
        return error
    original = str(getattr(error, "orig", None) or error).strip()
    # what looked again and still meets the same rows will meet them for ever
    is_lasting = classify(error) is Fault.LASTING or isinstance(error, IntegrityError)
    wrapped = (
        StoreError(f"The store refused to write: {original}")
        if is_lasting
        else StoreUnavailableError(
            f"The store can't be written now: {original}. Nothing was kept; try again."
        )
    )
    wrapped.__cause__ = error
    return wrapped
