"""How the store and its disk do, for health: a real write of each, what hosts have met, and how large SQLite's log is.

What a probe goes through is what a new run goes through. Nothing here raises for a store that does not answer.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pykka
from sqlalchemy.exc import SQLAlchemyError

from api.services import Services
from fastgraph.database.host_records import ProbeStore
from fastgraph.database.store_figures import wal_bytes
from fastgraph.errors import DiskFullError, FastGraphError

__all__ = ["LEAST_FREE_BYTES", "WAL_BYTES", "doubts_about_store", "faults_of_store", "probe_store"]

PROBE_SECONDS = 3.0
WAL_BYTES = 64 * 1024**2  # ordinary writing keeps it at 4 to 8 MB
LEAST_FREE_BYTES = 32 * 1024**2

_MB = 1024**2


async def probe_store(services: Services) -> dict[str, Any]:
    """Write a row and a file, and tell how that went."""
    begun = services.clock.monotonic()
    store = services.store
    error, full = await _probe_database(services)
    written_ms = round((services.clock.monotonic() - begun) * 1000, 3)
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await asyncio.to_thread(store.blobs.probe)
    except DiskFullError as raised:
        full = full or raised.reason
    except TimeoutError:
        error = error or f"a file was not written within {PROBE_SECONDS:g} s"
    except OSError as raised:
        error = error or f"the data folder can't be written: {raised}"
    return {
        "kind": store.readers.dialect.name,
        "is_writable": error is None and full is None,
        "write_ms": written_ms,
        "error": error,
        "disk_full": full or store.disk.trouble(),
        "free_bytes": _free_bytes(store.data_dir),
        "wal_bytes": wal_bytes(store),
    }


async def _probe_database(services: Services) -> tuple[str | None, str | None]:
    """Return the error of a write, and why the disk is full where it is."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await services.writer.write(ProbeStore(now=services.clock.now()))
    except DiskFullError as raised:
        return None, raised.reason
    except TimeoutError:
        return f"a write did not end within {PROBE_SECONDS:g} s", None
    except (FastGraphError, SQLAlchemyError, pykka.ActorDeadError) as raised:
        return str(raised), None
    return None, None


def faults_of_store(store: Mapping[str, Any], hosts: Iterable[Mapping[str, Any]] = ()) -> list[str]:
    """Return why the store makes the whole fail, in sentences; `hosts` are as health shows them."""
    faults = [f"The store can't be written: {store['error']}"] if store["error"] else []
    full = store["disk_full"] or next(
        (seen for host in hosts if host["is_alive"] and (seen := host["report"].get("disk_full"))), None
    )
    if full:
        faults.append(
            f"disk full: {full}. Runs are held, and go on by themselves when there is room on the disk."
        )
    return faults


def doubts_about_store(store: Mapping[str, Any]) -> list[str]:
    """Return what should be looked after before it becomes a fault."""
    doubts = []
    free, wal = store["free_bytes"], store["wal_bytes"]
    if free is not None and free < LEAST_FREE_BYTES:
        doubts.append(f"The disk of the data folder has only {free / _MB:.0f} MB left: make room.")
    if wal is not None and wal > WAL_BYTES:
        doubts.append(
            f"The log of the SQLite store has grown to {wal / _MB:.0f} MB: a program that reads the file and does not end "
            f"its transaction keeps it from being taken in. End that program."
        )
    return doubts


def _free_bytes(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
