"""What backup and restore refuse; each sentence says what to do."""

from __future__ import annotations

from pathlib import Path

from fastgraph.errors import FastGraphError

__all__ = ["BackupError", "DamagedBackupError", "TargetError", "UnreadableDatabaseError"]


class BackupError(FastGraphError):
    """A backup could not be made or read."""


class UnreadableDatabaseError(BackupError):
    """SQLite can't read or write the store, or its copy."""

    def __init__(self, path: Path, said: str) -> None:
        self.path = path
        super().__init__(f"{path} can't be read or copied: SQLite says {said!r}. Restore an older backup.")


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
