"""What backup and restore refuse; each sentence says what to do."""

from __future__ import annotations

from pathlib import Path

from fastgraph.errors import FastGraphError

__all__ = ["BackupError", "DamagedBackupError", "TargetError"]


class BackupError(FastGraphError):
    """A backup could not be made or read."""


class DamagedBackupError(BackupError):
    """A folder is no whole backup: torn off, changed since, or a mere copy of a data folder. Nothing was restored."""

    def __init__(self, folder: Path, seen: str) -> None:
        self.folder = folder
        self.seen = seen
        super().__init__(
            f"{folder} is no whole backup: {seen}. Nothing was restored. Take another one; `fastgraph db backup` makes them."
        )


class TargetError(BackupError):
    """There is something in the place where a backup should go, or be restored to; it was left alone."""
