"""Counts by workflow, as a setting writes them: `name=4,other=10`."""

from __future__ import annotations

__all__ = ["parse_counts"]

_MOST = 10**9


def parse_counts(text: str) -> dict[str, int]:
    """Read counts by the names of workflows. Raises ValueError with a sentence."""
    counts: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, count = part.rpartition("=")
        name, count = name.strip(), count.strip()
        if not name or not count.isascii() or not count.isdigit() or not 1 <= int(count) <= _MOST:
            raise ValueError(f"{part!r} is not NAME=COUNT with a count of at least 1, such as text-report=4")
        counts[name] = int(count)
    return counts
