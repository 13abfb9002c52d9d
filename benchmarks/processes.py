"""What a process uses: memory, descriptors, threads, as the system says (Linux)."""

from __future__ import annotations

from pathlib import Path

__all__ = ["children_of", "descriptors", "rss_mb", "threads"]

_KB_A_MB = 1024


def rss_mb(pid: int) -> float:
    """Resident memory of a process in MB."""
    return _status(pid, "VmRSS") / _KB_A_MB


def threads(pid: int) -> int:
    """How many threads a process has."""
    return _status(pid, "Threads")


def descriptors(pid: int) -> int:
    """How many descriptors a process has open."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def children_of(pid: int) -> list[int]:
    """The processes that a process has started and that still live."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        key, _, value = line.partition(":")
        if key == name:
            return int(value.split()[0])
    raise RuntimeError(f"/proc/{pid}/status says nothing of {name}")
