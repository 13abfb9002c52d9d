"""What FASTGRAPH_FAULTS says: at which moment a process does harm to itself, and which.

    node.result.before_commit=exit@2, run.claim/after=kill, checkpoint.after=lost@3, *=note

A fault is `POINT[/before|/after]=ACTION[@N]`: at the N-th time (1 by default) that this process gets there. `exit` ends
it with 137 at once, `kill` by SIGKILL, `raise` raises InjectedFaultError, `lost` lets the commit happen and then reports
that the connection was lost. `*=note` does no harm and writes each moment down. A fault happens once: with
FASTGRAPH_FAULTS_LOG, a file that each fault is noted in before it happens, also over restarts.
"""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from fastgraph.errors import FastGraphError, SettingsError

__all__ = ["EXIT_CODE", "FaultPlan", "InjectedFaultError", "read_plan"]

EXIT_CODE: Final = 137  # what a shell says of a process that was killed
PLAN_VARIABLE: Final = "FASTGRAPH_FAULTS"
ALLOW_VARIABLE: Final = "FASTGRAPH_ALLOW_FAULTS"
LOG_VARIABLE: Final = "FASTGRAPH_FAULTS_LOG"
BEFORE, AFTER, LOST = "before", "after", "lost"
_FAULT = re.compile(
    r"(?P<point>[a-z_.]+)(/(?P<phase>before|after))?=(?P<action>exit|kill|raise|lost)(@(?P<time>[1-9]\d*))?"
)
_NOTE_ALL = "*=note"


class InjectedFaultError(FastGraphError):
    """A fault point was told to raise."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"Fault point {place} was told to raise by {PLAN_VARIABLE}. Unset that variable to go without."
        )


@dataclass(slots=True)
class _Fault:
    place: str  # point/phase
    action: str
    time: int
    met: int = 0


def read_plan(environment: Mapping[str, str], *, known: Collection[str]) -> FaultPlan | None:
    """Return the plan of this process, or None where it has none. Raises SettingsError."""
    text = environment.get(PLAN_VARIABLE, "").strip()
    if not text:
        return None
    if environment.get(ALLOW_VARIABLE) != "1":
        raise SettingsError(
            f"{PLAN_VARIABLE} is set ({text}), which makes this process harm itself. It is for tests: unset it, or set "
            f"{ALLOW_VARIABLE}=1 if that is what you want."
        )
    parts = [part.strip() for part in text.split(",") if part.strip()]
    log = environment.get(LOG_VARIABLE)
    notes_all = _NOTE_ALL in parts
    faults = [_read_fault(part, known) for part in parts if part != _NOTE_ALL]
    return FaultPlan(faults, notes_all=notes_all, log=Path(log) if log else None)


def _read_fault(text: str, known: Collection[str]) -> _Fault:
    found = _FAULT.fullmatch(text)
    if found is None or found["point"] not in known:
        raise SettingsError(
            f"{PLAN_VARIABLE} holds {text!r}; expected POINT[/before|/after]=exit|kill|raise|lost[@N], where POINT is one "
            f"of: {', '.join(known)}."
        )
    is_lost = found["action"] == "lost"
    if is_lost and found["phase"]:
        raise SettingsError(f"{PLAN_VARIABLE} holds {text!r}; a lost commit has no phase, write it without.")
    phase = LOST if is_lost else found["phase"] or BEFORE
    return _Fault(f"{found['point']}/{phase}", found["action"], int(found["time"] or 1))


class FaultPlan:
    """The faults of one process. `committed` and `rolled_back` belong to the thread that writes, the rest to any."""

    def __init__(self, faults: Collection[_Fault], *, notes_all: bool, log: Path | None) -> None:
        happened = _happened(log)
        self._faults: dict[str, list[_Fault]] = {}
        for fault in faults:
            if f"hit {fault.place} {fault.action}@{fault.time}" not in happened:
                self._faults.setdefault(fault.place, []).append(fault)
        self._notes_all = notes_all
        self._log = log
        self._lock = threading.Lock()
        self._armed: list[_Fault] = []

    def reach(self, point: str) -> None:
        self._act(self._meet(f"{point}/{BEFORE}"))

    def passed(self, point: str) -> None:
        self._act(self._meet(f"{point}/{AFTER}"))

    def within(self, point: str) -> None:
        self._act(self._meet(f"{point}/{BEFORE}"))
        self._armed += [*self._meet(f"{point}/{AFTER}"), *self._meet(f"{point}/{LOST}")]

    def at_commit(self, point: str) -> None:
        self._armed += [*self._meet(f"{point}/{BEFORE}"), *self._meet(f"{point}/{LOST}")]

    def committed(self) -> None:
        armed, self._armed = self._armed, []
        self._act(armed)

    def rolled_back(self) -> None:
        self._armed = []

    def _meet(self, place: str) -> list[_Fault]:
        """Count that this process is there, and return the faults whose time has come."""
        if self._notes_all:
            self._note(f"met {place}")
        faults = self._faults.get(place)
        if faults is None:
            return []
        with self._lock:
            for fault in faults:
                fault.met += 1
            return [fault for fault in faults if fault.met == fault.time]

    def _act(self, faults: list[_Fault]) -> None:
        for fault in faults:
            self._note(f"hit {fault.place} {fault.action}@{fault.time}")
            match fault.action:
                case "exit":
                    os._exit(EXIT_CODE)
                case "kill":
                    os.kill(os.getpid(), signal.SIGKILL)
                case "raise":
                    raise InjectedFaultError(fault.place)
                case _:
                    _lose_connection(fault.place)

    def _note(self, line: str) -> None:
        if self._log is None:
            return
        descriptor = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(descriptor, f"{line}\n".encode())
        finally:
            os.close(descriptor)


def _happened(log: Path | None) -> frozenset[str]:
    if log is None or not log.exists():
        return frozenset()
    return frozenset(log.read_text().splitlines())


def _lose_connection(place: str) -> NoReturn:
    """Raise what SQLAlchemy raises where a connection breaks in the middle of a COMMIT."""
    from sqlalchemy.exc import OperationalError  # here alone: `import fastgraph` must not load SQLAlchemy

    raise OperationalError(
        "COMMIT",
        None,
        ConnectionError(f"the connection was lost at fault point {place}"),
        connection_invalidated=True,
    )
