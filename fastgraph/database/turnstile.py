"""A turnstile in front of SQLite's one write lock, so that writers of several processes take turns.

SQLite's busy handler sleeps and starves: beside a host that commits without pause a second process got 2 to 34
commits/s. With two file locks it got 570 to 730: take *turn*, take *lock*, give back *turn*; commit; give back
*lock*. Whoever commits back to back must queue for *turn* again, where another waits already.

A holder that is stopped blocks everybody, so whoever waits for more than 10 s kills it; any other after 60 s, unless it
says that it is about a migration or a backup. PostgreSQL needs none of this: `OpenTurnstile` lets everybody through.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Protocol

from sqlalchemy import URL

from fastgraph.database.engine import is_sqlite, sqlite_path
from fastgraph.database.holders import Holder, HolderFile, is_stopped, start_time
from fastgraph.database.locks import FileLock

__all__ = ["FileTurnstile", "OpenTurnstile", "Turnstile", "make_turnstile"]

STOPPED_HOLDER_SECONDS = 10.0
SLOW_HOLDER_SECONDS = 60.0
WATCH_SECONDS = 1.0
PATIENT_PURPOSES = frozenset({"migration", "backup"})


class Turnstile(Protocol):
    """What a writer passes. `killed_stopped` and `killed_slow` count holders that this process killed."""

    killed_stopped: int
    killed_slow: int

    def hold(self, purpose: str) -> AbstractContextManager[None]:
        """Wait for the turn and keep it for the length of a `with` block. `purpose` is one short word."""
        ...

    def close(self) -> None:
        """End the watch and close the files."""
        ...


class OpenTurnstile:
    """Lets everybody through at once: the database sees to its own locks."""

    killed_stopped = 0
    killed_slow = 0

    def hold(self, purpose: str) -> AbstractContextManager[None]:
        assert purpose
        return nullcontext()

    def close(self) -> None:
        """Nothing is open."""


class _Gate:
    """One of the two locks, with the record of its holder and the moment since when this process waits for it."""

    def __init__(self, path: Path) -> None:
        self.lock = FileLock(path)
        self.holder = HolderFile(path.with_name(path.name + "-holder"))
        self.is_waited_for = False

    def enter(self, purpose: str) -> None:
        if not self.lock.try_acquire():
            self.is_waited_for = True
            try:
                self.lock.acquire()
            finally:
                self.is_waited_for = False
        self.holder.write(purpose)

    def leave(self) -> None:
        self.holder.clear()
        self.lock.release()

    def find_holder(self) -> Holder | None:
        """Return who holds the lock: as it says, or as the system says where it was stopped before it could say."""
        said, pid = self.holder.read(), self.lock.find_holder()
        if pid is None or (said is not None and said.pid == pid):
            return said
        return Holder(pid=pid, started=start_time(pid), hold=0, purpose="unknown")

    def close(self) -> None:
        self.lock.close()
        self.holder.close()


class FileTurnstile:
    """The turnstile of one SQLite file, shared by the threads of this process; `path` is the database's."""

    def __init__(
        self,
        path: Path,
        *,
        stopped_seconds: float = STOPPED_HOLDER_SECONDS,
        slow_seconds: float = SLOW_HOLDER_SECONDS,
        watch_seconds: float = WATCH_SECONDS,
    ) -> None:
        self.killed_stopped = 0
        self.killed_slow = 0
        self._turn = _Gate(path.with_name(path.name + "-turn"))
        self._lock = _Gate(path.with_name(path.name + "-lock"))
        self._stopped_seconds = stopped_seconds
        self._slow_seconds = slow_seconds
        self._watch_seconds = watch_seconds
        self._is_closed = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="turnstile-watch", daemon=True)
        self._watcher.start()

    @contextmanager
    def hold(self, purpose: str) -> Iterator[None]:
        """Wait for the turn and keep it for the length of a `with` block."""
        self._turn.enter(purpose)
        try:
            self._lock.enter(purpose)
        finally:
            self._turn.leave()
        try:
            yield
        finally:
            self._lock.leave()

    def close(self) -> None:
        """End the watch and close the files; nobody of this process may be inside or waiting."""
        if self._is_closed.is_set():
            return
        self._is_closed.set()
        self._watcher.join()
        self._turn.close()
        self._lock.close()

    def _watch(self) -> None:
        """Look at the holder of what this process waits for. On a thread of its own: the waiter is blocked in the
        system."""
        seen: dict[_Gate, tuple[Holder, float]] = {}
        while not self._is_closed.wait(self._watch_seconds):
            for gate in (self._turn, self._lock):
                holder = gate.find_holder() if gate.is_waited_for else None
                if holder is None or holder.pid == os.getpid():
                    seen.pop(gate, None)
                elif gate not in seen or seen[gate][0] != holder:
                    seen[gate] = (holder, time.monotonic())
                else:
                    self._judge(holder, time.monotonic() - seen[gate][1])

    def _judge(self, holder: Holder, held_seconds: float) -> None:
        """Kill a holder that has had the same hold for too long, if it is the process that it says it is."""
        if start_time(holder.pid) != holder.started or not holder.started:
            return
        if held_seconds >= self._stopped_seconds and is_stopped(holder.pid):
            self.killed_stopped += _kill(holder.pid)
        elif held_seconds >= self._slow_seconds and holder.purpose not in PATIENT_PURPOSES:
            self.killed_slow += _kill(holder.pid)


def make_turnstile(url: URL) -> Turnstile:
    """Return the turnstile of a store, and make the folder of a SQLite one."""
    if not is_sqlite(url):
        return OpenTurnstile()
    path = sqlite_path(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileTurnstile(path)


def _kill(pid: int) -> int:
    try:
        os.kill(pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    except ProcessLookupError:
        return 0
    return 1
