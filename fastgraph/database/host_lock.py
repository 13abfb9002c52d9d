"""A host's proof of life: a lock that it holds for as long as its process lives.

Whoever on this machine can take the lock of a boot knows that the boot is dead, at once and under any clock; the
lease is for hosts that hang and for other machines. A boot whose file is not here may live elsewhere: nothing is
proved then.
"""

from __future__ import annotations

import os
from pathlib import Path

from fastgraph.database.locks import FileLock, is_locked_by_other

__all__ = ["HostLock"]

FOLDER = "hosts"


class HostLock:
    """The locks of the boots of one data directory."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / FOLDER
        self._held: dict[str, FileLock] = {}

    def hold(self, boot_id: str) -> None:
        """Take the lock of this process's own boot, to be kept until the process ends.

        The file gets its name when it is locked already, so that nobody finds it free meanwhile.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(boot_id)
        unnamed = path.with_suffix(f".{os.getpid()}.new")
        lock = FileLock(unnamed)
        lock.acquire()
        unnamed.rename(path)
        lock.move_to(path)
        self._held[boot_id] = lock

    def release(self, boot_id: str) -> None:
        """Give the lock up and remove its file: an ordered end, after the boot's row was retired."""
        lock = self._held.pop(boot_id)
        self._path(boot_id).unlink(missing_ok=True)
        lock.release()
        lock.close()

    def is_dead(self, boot_id: str) -> bool:
        """Say whether it is proved that this boot is dead; False where it lives or nothing is known of it here."""
        path = self._path(boot_id)
        return path.exists() and not is_locked_by_other(path)

    def forget(self, boot_id: str) -> None:
        """Remove the file of a boot whose claims were freed."""
        self._path(boot_id).unlink(missing_ok=True)

    def _path(self, boot_id: str) -> Path:
        return self._folder / f"{boot_id}.lock"
