"""What the exit codes of `fastgraph` mean, in one table that the help, the documentation and the tests read.

A script decides by these numbers, so a number never changes its meaning.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = ["MEANINGS", "ExitCode", "exit_code_of", "table_text"]


class ExitCode(IntEnum):
    """The code that a command ends with."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    CANCELLED = 3
    REFUSED = 4
    NO_SERVER = 5
    CANNOT_START = 6
    STOPPED = 130


MEANINGS: dict[ExitCode, str] = {
    ExitCode.DONE: "done; a run that was followed has completed",
    ExitCode.FAILED: "a run that was followed has failed or was quarantined; doctor or a check found a fault, "
    "stuck found stranded runs, or migrate left runs where they were",
    ExitCode.USAGE: "the command, an input or a setting is wrong",
    ExitCode.CANCELLED: "a run that was followed was cancelled",
    ExitCode.REFUSED: "the server refused: unknown, in no state for it, or not valid",
    ExitCode.NO_SERVER: "no server answers, or the one that did was lost",
    ExitCode.CANNOT_START: "the server or its store can't start: the port is taken, rights are missing",
    ExitCode.STOPPED: "Ctrl-C; a run that was followed goes on",
}

_OF_STATUS = {
    "completed": ExitCode.DONE,
    "failed": ExitCode.FAILED,
    "quarantined": ExitCode.FAILED,
    "cancelled": ExitCode.CANCELLED,
}


def exit_code_of(status: str) -> ExitCode:
    """Return the code of a run's last status; a status that is no end counts as stopped."""
    return _OF_STATUS.get(status, ExitCode.STOPPED)


def table_text() -> str:
    """Return the table as text, one code a line."""
    return "\n".join(f"{code.value:>4}  {meaning}" for code, meaning in MEANINGS.items())
