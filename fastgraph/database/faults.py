"""What an error of the database means for the group that met it.

TEMPORARY: somebody was in the way, and the same again may succeed. UNREACHABLE: nothing can be written now, by
nobody, so halving the group would only ask more often; a full disk is of that kind. LASTING: one of the operations is at
fault.
"""

from __future__ import annotations

import sqlite3
from enum import Enum

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from fastgraph.blobs.disk import is_disk_full
from fastgraph.errors import DiskFullError, FastGraphError, StoreError, StoreUnavailableError

__all__ = ["Fault", "classify", "find_full_disk", "is_spoilt", "wrap_error"]

# Deadlock, serialisation failure, lock and statement timeout: some run of the group met somebody else.
_TEMPORARY_STATES = frozenset({"40P01", "40001", "55P03", "57014"})
# A standby that can only be read; cut off while it waited.
_UNREACHABLE_STATES = frozenset({"25006", "25P03"})
# Connection lost, no more of something (connections, memory, disk), shut down by somebody, an error of its system.
_UNREACHABLE_CLASSES = ("08", "53", "57P", "58")
# A connection that was opened on a disk that could only be read, or that met one that broke, stays as it is.
_SPOILING_CODES = frozenset(
    {
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    }
)
_FULL_STATES = frozenset({"53100"})
_FULL_CODES = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY})
_FULL_EXTENDED_CODES = frozenset(
    {  # what a quota, a limit of a file's size and a broken disk look like
        sqlite3.SQLITE_IOERR_WRITE,
        sqlite3.SQLITE_IOERR_FSYNC,
        sqlite3.SQLITE_IOERR_DIR_FSYNC,
        sqlite3.SQLITE_IOERR_TRUNCATE,
        sqlite3.SQLITE_IOERR_SHMSIZE,
    }
)
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
    if is_disk_full(error):  # of the locks beside the database
        return Fault.UNREACHABLE
    if isinstance(error, StoreUnavailableError):
        return Fault.UNREACHABLE
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
    if isinstance(state, str) and state.startswith(_UNREACHABLE_CLASSES):
        return Fault.UNREACHABLE
    # A unique key that another writer took since we looked: the next look sees it and decides otherwise.
    if isinstance(error, IntegrityError):
        return Fault.TEMPORARY
    if state is None and code is None and type(original).__name__ == "OperationalError":
        return Fault.UNREACHABLE  # psycopg could not connect, or lost the connection in the middle
    return Fault.LASTING


def find_full_disk(error: BaseException) -> str | None:
    """Return what the store says of a disk that takes no more; None where an error means something else."""
    if is_disk_full(error):
        return str(error)
    original = getattr(error, "orig", None)
    code = getattr(original, "sqlite_errorcode", None)
    is_full = getattr(original, "sqlstate", None) in _FULL_STATES or (
        isinstance(code, int) and (code & 0xFF in _FULL_CODES or code in _FULL_EXTENDED_CODES)
    )
    return str(original).strip() if is_full else None


def is_spoilt(error: BaseException) -> bool:
    """Say whether the connection that met this error must be opened anew, since it would meet it again."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    return isinstance(code, int) and code & 0xFF in _SPOILING_CODES


def wrap_error(error: Exception) -> Exception:
    """Return an error that repeating has not cured as one of ours where it is the database's; others stay what they
    are."""
    full = find_full_disk(error)
    if full is not None:
        wrapped: Exception = DiskFullError("What was to be written", full)
        wrapped.__cause__ = error
        return wrapped
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
