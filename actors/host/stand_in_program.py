"""The small process that renews a host's lease while the host can't: C code that keeps the GIL stops all its threads.

It hears the host's signs through a pipe and renews only while there are none, and for a limited time only; a host that is
stopped by a signal is not stood in for, because nobody knows when it goes on. It ends with the pipe, or with the host.
It decides nothing else: the lease is about liveness, the guard of each commit about safety.

Started by its path and alone: it imports the standard library, two of our files by their paths, and psycopg where that is
the store. All of FastGraph would cost a quarter of a second and 60 MB per host.
"""

from __future__ import annotations

import importlib.util
import json
import os
import select
import signal
import sqlite3
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

DATABASE = Path(__file__).resolve().parents[2] / "fastgraph" / "database"
BUSY_SECONDS = 5.0
READ_BYTES = 65_536


def main(arguments: list[str]) -> int:
    """Stand in for the host that writes to the pipe whose descriptor is the only argument, until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the host, and its end ends the pipe
    pipe = int(arguments[0])
    order = _read_order(pipe)
    if order is None:
        return 0
    holders = _load("holders")
    lease, silence = order["lease_seconds"], order["silence_seconds"]
    every = lease / 3
    last_sign = last_renewal = time.monotonic()
    while True:
        readable, _, _ = select.select([pipe], [], [], every / 3)
        now = time.monotonic()
        if readable:
            if not os.read(pipe, READ_BYTES):
                return 0
            last_sign = now
        elif os.getppid() != order["host_pid"]:
            return 0  # somebody whom the host had forked holds the pipe open
        elif (
            every <= now - last_sign <= silence
            and now - last_renewal >= every
            and not holders.is_stopped(order["host_pid"])
        ):
            last_renewal = now
            _try_to_renew(order, silent_seconds=now - last_sign)


def _read_order(pipe: int) -> dict[str, Any] | None:
    """Read the first line of the pipe: whose lease, how long, and the statement that renews it. None at its end."""
    received = b""
    while b"\n" not in received:
        piece = os.read(pipe, READ_BYTES)
        if not piece:
            return None
        received += piece
    order: dict[str, Any] = json.loads(received.partition(b"\n")[0])
    return order


def _try_to_renew(order: dict[str, Any], *, silent_seconds: float) -> None:
    _say(order, "a host gives no sign; its lease is renewed for it", silent_seconds=round(silent_seconds, 1))
    try:
        if order["kind"] == "sqlite":
            _renew_sqlite(Path(order["path"]), order["statement"])
        else:
            _renew_postgresql(order["connect"], order["statement"])
    except Exception as error:  # noqa: BLE001 - a boundary: it tries again, and the lease may lapse
        _say(order, "a lease could not be renewed", error=str(error))


def _renew_sqlite(path: Path, statement: str) -> None:
    """Queue at the turnstile as every writer does, then write one row."""
    locks = _load("locks")
    turn = locks.FileLock(path.with_name(path.name + "-turn"))
    lock = locks.FileLock(path.with_name(path.name + "-lock"))
    turn.acquire()
    try:
        lock.acquire()
    finally:
        turn.release()
    try:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            connection.execute(statement)
        finally:
            connection.close()
    finally:
        lock.release()
        lock.close()
        turn.close()


def _renew_postgresql(connect: dict[str, Any], statement: str) -> None:
    import psycopg

    with psycopg.connect(**connect, autocommit=True, connect_timeout=5) as connection:
        connection.execute(statement)


def _load(name: str) -> ModuleType:
    """Load one file of `fastgraph.database` alone."""
    known = f"stand_in_{name}"
    if known not in sys.modules:
        spec = importlib.util.spec_from_file_location(known, DATABASE / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[known] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[known])
    return sys.modules[known]


def _say(order: dict[str, Any], event: str, **facts: Any) -> None:
    line = {"event": event, "boot_id": order["boot_id"], **facts, "level": "warning"}
    sys.stderr.write(f"{json.dumps(line)}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
