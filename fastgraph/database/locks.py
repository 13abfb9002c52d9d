"""Locks between processes, on files: the only module that opens a lock file.

On POSIX these are record locks (`fcntl.lockf`): they die with their process, and a child of fork does not inherit them
(a `flock` would live on in it). They belong to the process and not to the descriptor, and closing any descriptor of the
file gives them up: so a process opens each file once, and keeps it in the one table below, and a `threading.Lock` in
front keeps its threads apart. Elsewhere `portalocker` locks the file.
"""

from __future__ import annotations

import errno
import os
import struct
import sys
import threading
import time
from pathlib import Path
from typing import Final

import portalocker

if sys.platform != "win32":
    import fcntl

__all__ = ["FileLock", "is_locked_by_other"]

_PAUSE_SECONDS = 0.001


class _OpenFile:
    """A lock file that is open in this process."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
        self.threads = threading.Lock()
        self.users = 0


class _OpenFiles:
    """The lock files of this process. There is one such table, because the system knows one owner a process too."""

    def __init__(self) -> None:
        self._files: dict[str, _OpenFile] = {}
        self._guard = threading.Lock()

    def open(self, path: Path) -> _OpenFile:
        name = str(path.absolute())
        with self._guard:
            if name not in self._files:
                self._files[name] = _OpenFile(path)
            self._files[name].users += 1
            return self._files[name]

    def close(self, path: Path) -> None:
        name = str(path.absolute())
        with self._guard:
            file = self._files[name]
            file.users -= 1
            if file.users == 0:
                del self._files[name]
                os.close(file.descriptor)

    def rename(self, path: Path, new: Path) -> None:
        with self._guard:
            self._files[str(new.absolute())] = self._files.pop(str(path.absolute()))


_OPEN_FILES: Final = _OpenFiles()


class FileLock:
    """An exclusive lock that at most one thread of one process holds. Close it when it is of no more use."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = _OPEN_FILES.open(path)

    def acquire(self) -> None:
        """Wait until the lock is ours; there is no time limit, and the wait holds no GIL."""
        self._file.threads.acquire()
        try:
            while not _lock(self._file.descriptor, is_waiting=True):
                time.sleep(_PAUSE_SECONDS)
        except BaseException:
            self._file.threads.release()
            raise

    def try_acquire(self) -> bool:
        """Take the lock if nobody has it, and say whether it is ours."""
        if not self._file.threads.acquire(blocking=False):
            return False
        is_ours = False
        try:
            is_ours = _lock(self._file.descriptor, is_waiting=False)
        finally:
            if not is_ours:
                self._file.threads.release()
        return is_ours

    def release(self) -> None:
        """Give the lock back; only its holder may."""
        _unlock(self._file.descriptor)
        self._file.threads.release()

    def find_holder(self) -> int | None:
        """Return the id of another process that holds the lock, as the system knows it; None where it can't say."""
        return _holder_of(self._file.descriptor)

    def move_to(self, path: Path) -> None:
        """Follow the file, which was renamed."""
        _OPEN_FILES.rename(self.path, path)
        self.path = path

    def close(self) -> None:
        """Close the file if nobody else in the process uses it; a lock that is still held goes with it."""
        _OPEN_FILES.close(self.path)


def is_locked_by_other(path: Path) -> bool:
    """Say whether some process, this one included, holds the lock of a file that exists."""
    lock = FileLock(path)
    try:
        if not lock.try_acquire():
            return True
        lock.release()
        return False
    finally:
        lock.close()


def _lock(descriptor: int, *, is_waiting: bool) -> bool:
    """Lock the file. A wait may also end with False: the system saw a ring of waiting processes where there is none,
    because it counts all threads of a process as one (two stores in one process); then wait again."""
    if sys.platform == "win32":
        flags = portalocker.LockFlags.EXCLUSIVE
        if not is_waiting:
            flags |= portalocker.LockFlags.NON_BLOCKING
        try:
            portalocker.lock(descriptor, flags)
        except portalocker.exceptions.LockException:
            return False
        return True
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX if is_waiting else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in {errno.EACCES, errno.EAGAIN, errno.EDEADLK}:
            return False
        raise
    return True


def _unlock(descriptor: int) -> None:
    if sys.platform == "win32":
        portalocker.unlock(descriptor)
    else:
        fcntl.lockf(descriptor, fcntl.LOCK_UN)


def _holder_of(descriptor: int) -> int | None:
    """Ask the system who would be in the way. A process that was stopped while it waited may hold the lock without
    having said so anywhere."""
    if sys.platform == "linux":
        asked = fcntl.fcntl(
            descriptor, fcntl.F_GETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        )
        kind, _, _, _, pid = struct.unpack("hhqqi4x", asked)
    elif sys.platform == "darwin":
        asked = fcntl.fcntl(
            descriptor, fcntl.F_GETLK, struct.pack("qqihh", 0, 0, 0, fcntl.F_WRLCK, os.SEEK_SET)
        )
        _, _, pid, kind, _ = struct.unpack("qqihh", asked)
    else:
        return None
    # 0 is a process of another container: it has no id here.
    return pid if kind != fcntl.F_UNLCK and pid > 0 else None
