"""The host's side of its stand-in: starts the small process, tells it what to do, and gives it signs of life.

As long as the actors' loop turns, there is a sign every moment and the stand-in does nothing. The signs end where the
loop stops: a node's C code that never gives back the GIL. Without a stand-in (it could not be started, or Windows) such
a host loses its runs when its lease lapses, and the guard refuses what it still writes.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import structlog

from fastgraph.database.engine import is_sqlite, sqlite_path
from fastgraph.database.hosts import renewal_statement
from fastgraph.database.store import Store
from fastgraph.settings import Settings

__all__ = ["StandIn"]

PROGRAM = Path(__file__).with_name("stand_in_program.py")
SIGNS_A_LEASE = 15
LONGEST_PAUSE_SECONDS = 1.0

log = structlog.get_logger(__name__)


class StandIn:
    """One a host, on its loop. `start` and `stop` belong together; neither raises where there can be no stand-in."""

    def __init__(self, settings: Settings, store: Store, *, boot_id: str) -> None:
        self._settings = settings
        self._store = store
        self._boot_id = boot_id
        self._pipe: int | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._pause_seconds = min(LONGEST_PAUSE_SECONDS, settings.lease_seconds / SIGNS_A_LEASE)

    async def start(self) -> None:
        """Start the process, and the signs."""
        if os.name == "nt":
            return
        theirs, ours = os.pipe()
        os.set_blocking(ours, False)
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", str(PROGRAM), str(theirs), pass_fds=(theirs,), start_new_session=True
            )
        except OSError as error:
            os.close(ours)
            log.warning("no stand-in for the lease could be started", error=str(error))
            return
        finally:
            os.close(theirs)
        self._pipe = ours
        self._write(orjson.dumps(self._order()) + b"\n")
        self._give_sign()

    async def stop(self) -> None:
        """End the signs and the process."""
        if self._timer is not None:
            self._timer.cancel()
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def _order(self) -> dict[str, Any]:
        url, lease = self._store.writer.url, self._settings.lease_seconds
        dialect = self._store.writer.dialect
        order = {
            "boot_id": self._boot_id,
            "host_pid": os.getpid(),
            "lease_seconds": lease,
            "silence_seconds": self._settings.silence_seconds,
            "statement": renewal_statement(dialect, boot_id=self._boot_id, lease_seconds=lease),
        }
        if is_sqlite(url):
            return {**order, "kind": "sqlite", "path": str(sqlite_path(url).absolute())}
        _, connect = dialect.create_connect_args(url)
        plain = {name: value for name, value in connect.items() if isinstance(value, str | int)}
        return {**order, "kind": "postgresql", "connect": plain}

    def _give_sign(self) -> None:
        self._write(b".")
        self._timer = asyncio.get_running_loop().call_later(self._pause_seconds, self._give_sign)

    def _write(self, line: bytes) -> None:
        if self._pipe is None:
            return
        try:
            os.write(self._pipe, line)
        except BlockingIOError:
            log.warning("the stand-in for the lease does not listen", boot_id=self._boot_id)
        except BrokenPipeError:
            log.warning("the stand-in for the lease has ended", boot_id=self._boot_id)
            os.close(self._pipe)
            self._pipe = None
