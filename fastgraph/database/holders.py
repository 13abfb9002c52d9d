"""Who holds a lock, written beside it, so that a waiter can tell a slow holder from a stopped one.

The record has a fixed length and is written in place with one call. It is a hint: a process is named by its id and its
start time together, so that a process that was given the same id later is never taken for it. What the systems do
differently to answer "when did it start" and "is it stopped" stands here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Holder", "HolderFile", "is_stopped", "start_time"]

RECORD_BYTES = 128
PS_SECONDS = 5
_HAS_PROC = sys.platform.startswith("linux")


@dataclass(frozen=True, slots=True)
class Holder:
    """One hold: the process, when that started, how many holds it has had, and what for."""

    pid: int
    started: str
    hold: int
    purpose: str


class HolderFile:
    """The record of one lock. Written by the holder only, read by anybody."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
        self._pid = os.getpid()
        self._started = start_time(self._pid)
        self._holds = 0

    def write(self, purpose: str) -> None:
        """Say that this process holds the lock now."""
        self._holds += 1
        record = f"{self._pid}|{self._started}|{self._holds}|{purpose}".encode()
        self._put(record.ljust(RECORD_BYTES))

    def clear(self) -> None:
        """Say that nobody does."""
        self._put(b" " * RECORD_BYTES)

    def read(self) -> Holder | None:
        """Return the holder, or None where nobody says so or the record is half written."""
        if hasattr(os, "pread"):
            record = os.pread(self._descriptor, RECORD_BYTES, 0)
        else:
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            record = os.read(self._descriptor, RECORD_BYTES)
        parts = record.decode(errors="replace").strip().split("|")
        if len(parts) != 4 or not parts[0].isdigit() or not parts[2].isdigit():
            return None
        return Holder(pid=int(parts[0]), started=parts[1], hold=int(parts[2]), purpose=parts[3])

    def close(self) -> None:
        os.close(self._descriptor)

    def _put(self, record: bytes) -> None:
        # A disk that is full has no room for a hint; whoever waits asks the system for the holder then.
        with suppress(OSError):
            if hasattr(os, "pwrite"):
                os.pwrite(self._descriptor, record, 0)
            else:
                os.lseek(self._descriptor, 0, os.SEEK_SET)
                os.write(self._descriptor, record)


def start_time(pid: int) -> str:
    """Return when a process started, in the system's own words; empty where there is no such process."""
    if _HAS_PROC:
        fields = _linux_fields(pid)
        return fields[19] if fields else ""
    return _ask_ps(pid, "lstart")


def is_stopped(pid: int) -> bool:
    """Say whether a process is stopped by a signal or a debugger."""
    if _HAS_PROC:
        fields = _linux_fields(pid)
        return bool(fields) and fields[0] in {"T", "t"}
    return _ask_ps(pid, "state").startswith("T")


def _linux_fields(pid: int) -> list[str]:
    """Return the fields of /proc/<pid>/stat from the state on; a name may hold blanks and brackets, so cut after it."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _ask_ps(pid: int, column: str) -> str:
    if os.name == "nt":
        return ""  # no stopped processes there, and portalocker's locks are mandatory: nobody is killed
    asked = subprocess.run(  # noqa: S603 - a fixed program, and a number
        ["/bin/ps", "-o", f"{column}=", "-p", str(pid)],
        capture_output=True,
        text=True,
        timeout=PS_SECONDS,
        check=False,
    )
    return asked.stdout.strip().replace("|", " ")
