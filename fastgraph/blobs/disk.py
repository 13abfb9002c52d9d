"""A disk that takes no more: which errors mean that, when it was seen last, and how whoever must store something waits.

A full disk is nobody's fault and passes: nothing is marked failed for it. Whoever meets it notes it in the `DiskWatch` of
its store, from where health has it, and tries again each second.
"""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from fastgraph.errors import DiskFullError

__all__ = ["RETRY_SECONDS", "DiskWatch", "hold_while_full", "is_disk_full"]

RETRY_SECONDS = 1.0
SEEN_SECONDS = 10.0  # whoever is held notes it again each second, so what is older has passed
# The descriptor tells nothing better: no room, over a quota, larger than a file may be, mounted read-only, a dying disk.
_NUMBERS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})

T = TypeVar("T")


class DiskWatch:
    """What a process has seen of its disk. Any thread."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._seen: tuple[float, str] | None = None
        self._times = 0

    @property
    def times(self) -> int:
        """How often the disk took no more since this process began."""
        return self._times

    def note(self, reason: str) -> None:
        """Say that the disk takes no more just now."""
        with self._lock:
            self._seen = (self._monotonic(), reason)
            self._times += 1

    def trouble(self) -> str | None:
        """Return why the disk took no more in the last seconds; None where it did not."""
        seen = self._seen
        if seen is None or self._monotonic() - seen[0] > SEEN_SECONDS:
            return None
        return seen[1]

    @contextmanager
    def storing(self, what: str) -> Iterator[None]:
        """Turn a disk that takes no more, within a `with` block, into DiskFullError, and note it."""
        try:
            yield
        except OSError as error:
            if not is_disk_full(error):
                raise
            reason = error.strerror or str(error)
            self.note(reason)
            raise DiskFullError(what, reason) from error


def is_disk_full(error: BaseException) -> bool:
    """Say whether an error of the system means that the disk takes no more."""
    return isinstance(error, OSError) and error.errno in _NUMBERS


def hold_while_full(store: Callable[[], T]) -> T:
    """Do what stores something, again each second while the disk takes no more. Blocks; for threads of user code, which
    has no part in that. Raises what `store` raises otherwise."""
    while True:
        try:
            return store()
        except DiskFullError:
            time.sleep(RETRY_SECONDS)
