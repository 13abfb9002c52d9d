"""A process that does one thing to a store: `python store_program.py WHAT URL FOLDER [COUNT]`.

It prints what a test must know, one line each: an id that was claimed, a number that was acknowledged. What it does never
ends by itself unless it says so, so a test kills it.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fastgraph.database.operations import Operation
from fastgraph.database.records import Accepted, SendCommand
from fastgraph.database.store import Store
from support.stores import (
    Chain,
    answers,
    boot,
    claim,
    find_faults,
    new_run,
    open_store,
    reopen_store,
    start_one,
    write,
)

CLAIMS_AT_ONCE = 3
CHAINS = 5


def migrate(_url: str, _folder: Path, _count: int) -> None:
    """Open the store, which brings its schema up to date, and end."""
    print("migrated")


def claim_all(url: str, folder: Path, count: int) -> None:
    """Claim a few runs at a time until `count` are claimed by anybody; print each one's id, and end."""
    store = open_store(url, folder)
    owner = boot(store)
    print("ready", flush=True)
    while not _is_all_claimed(store, count):
        for run in claim(store, owner, limit=CLAIMS_AT_ONCE):
            print(f"claimed {run.run_id}", flush=True)
    asyncio.run(store.close())


def write_steps(url: str, folder: Path, count: int) -> None:
    """Run a few chains for `count` steps each, in groups, and end."""
    store = open_store(url, folder)
    owner = boot(store, f"workflow of {os.getpid()}")
    chains = [start_one(store, owner, workflow=f"workflow of {os.getpid()}") for _ in range(CHAINS)]
    for _ in range(count):
        _step(store, chains)
    asyncio.run(store.close())
    print("done", flush=True)


def write_for_ever(url: str, folder: Path, _count: int) -> None:
    """Accept runs and run chains for ever; print each number that was acknowledged."""
    store = open_store(url, folder)
    owner = boot(store, f"workflow of {os.getpid()}")
    while True:
        chains = [start_one(store, owner, workflow=f"workflow of {os.getpid()}") for _ in range(CHAINS)]
        for _ in range(10):
            _step(store, chains)
            for chain in chains:
                print(f"kept {chain.key} {chain.seq}", flush=True)
        for chain in chains:
            chain.commit(store, chain.completed())


def hold_turn(url: str, folder: Path, _count: int) -> None:
    """Take the turn at the turnstile and keep it for ever."""
    store = reopen_store(url, folder)
    with store.turnstile.hold("commit"):
        print("held", flush=True)
        sys.stdout.flush()
        _wait_for_ever()


def queue_for_turn(url: str, folder: Path, _count: int) -> None:
    """Say so, queue for the turn, and say when it came."""
    store = reopen_store(url, folder)
    print("queueing", flush=True)
    with store.turnstile.hold("commit"):
        print("held", flush=True)
        _wait_for_ever()


def hold_life(_url: str, folder: Path, _count: int) -> None:
    """Hold a host's proof of life for ever."""
    from fastgraph.database.host_lock import HostLock

    HostLock(folder).hold("the-boot")
    print("held", flush=True)
    _wait_for_ever()


def crash_everywhere(url: str, folder: Path, _count: int) -> None:
    """In a child each: die before the 1st, 2nd, 3rd … statement of a group that does a bit of everything, until one gets
    to its end; look at the store after each death. Prints the deaths, and each fault."""
    for deaths in itertools.count():
        if _in_child(_write_until, url, folder, deaths) == 0:
            print(f"deaths {deaths}", flush=True)
            return
        assert _in_child(_look, url, folder) == 0


def _write_until(url: str, folder: Path, last_statement: int) -> None:
    """Write a group, and die at the statement with this number."""
    store = reopen_store(url, folder)
    workflow = f"workflow {last_statement}"
    owner = boot(store, workflow)
    chains = [start_one(store, owner, workflow=workflow) for _ in range(2)]
    seen = 0

    def die(*_: Any) -> None:
        nonlocal seen
        if seen == last_statement:
            os._exit(9)
        seen += 1

    for name in ("before_cursor_execute", "commit", "after_cursor_execute"):
        event.listen(store.writer, name, die)
    group: list[Operation] = [
        *(chain.step() for chain in chains),
        new_run(tags=("a",), idempotency_key=f"k{last_statement}", request_hash="h"),
        SendCommand(run_id=chains[0].run_id, kind="signal", body=b"{}", now=new_run().now),
    ]
    found = answers(store, group)
    assert not any(isinstance(answer, Exception) for answer in found), found
    chains[0].seq += 3
    write(store, chains[0].completed())


def _look(url: str, folder: Path) -> None:
    store = reopen_store(url, folder)

    async def look() -> None:
        for fault in await find_faults(store):
            print(f"fault {fault}", flush=True)
        await store.close()

    asyncio.run(look())


def _in_child(work: Callable[..., None], *arguments: Any) -> int:
    """Do it in a forked child, which has no thread of ours, and return how that ended."""
    child = os.fork()
    if child == 0:
        try:
            work(*arguments)
        except BaseException as error:  # noqa: BLE001 - a boundary: the child of a fork must never return
            print(f"fault {error!r}", flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _step(store: Store, chains: list[Chain]) -> None:
    group = [chain.step() for chain in chains]
    found = answers(store, [*group, new_run(workflow="nobody's")])
    assert isinstance(found[-1], Accepted)
    for chain, operation, answer in zip(chains, group, found[:-1], strict=True):
        chain.follow(operation, answer)


def _is_all_claimed(store: Store, count: int) -> bool:
    with store.writer.connect() as connection, connection.begin():
        claimed = connection.exec_driver_sql("SELECT count(*) FROM runs WHERE owner IS NOT NULL").scalar_one()
    return bool(claimed >= count)


def _wait_for_ever() -> None:
    read, _write = os.pipe()
    os.read(read, 1)


TASKS = {
    "migrate": migrate,
    "claim": claim_all,
    "steps": write_steps,
    "for-ever": write_for_ever,
    "turn": hold_turn,
    "queue": queue_for_turn,
    "life": hold_life,
    "crash": crash_everywhere,
}

if __name__ == "__main__":
    what, database_url, data_dir, *more = sys.argv[1:]
    if what == "migrate":
        open_store(database_url, Path(data_dir))
    TASKS[what](database_url, Path(data_dir), int(more[0]) if more else 0)
