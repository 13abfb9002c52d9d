"""When the database fails: nothing is believed that was not asked, nobody is blamed for it, and it goes on afterwards."""

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from fastgraph.clock import SystemClock
from fastgraph.database import engine, group, lost_commits, unknown_commit
from fastgraph.database.records import Accepted, Committed, SendCommand
from fastgraph.database.store import Store
from fastgraph.database.transaction import Transaction
from fastgraph.errors import CommitUnknownError, DiskFullError, LostOwnershipError, StoreUnavailableError
from support.postgres import running_server
from support.stores import (
    NOW,
    Chain,
    accept,
    answers,
    boot,
    find_faults,
    new_run,
    open_store,
    start_one,
)

pytestmark = pytest.mark.anyio


def once(store: Store, name: str, do: Callable[..., None]) -> None:
    """Do something at the store's next event of this name, and only then."""

    def listener(*arguments: Any) -> None:
        event.remove(store.writer, name, listener)
        do(*arguments)

    event.listen(store.writer, name, listener)


def lose_answer(connection: Any) -> None:
    """Commit, and lose the answer."""
    connection.connection.dbapi_connection.commit()
    raise OperationalError("COMMIT", None, psycopg.OperationalError("the connection is lost"))


def lose_commit(connection: Any) -> None:
    """Lose the connection before the commit arrives."""
    connection.connection.dbapi_connection.rollback()
    raise OperationalError("COMMIT", None, psycopg.OperationalError("the connection is lost"))


async def test_a_commit_whose_answer_was_lost_counts_once(store: Store) -> None:
    """Repeating it blindly would find its own numbers and call that a lost epoch."""
    chain = start_one(store, boot(store))
    once(store, "commit", lose_answer)
    operation = chain.step()
    committed, accepted = answers(store, [operation, new_run()])
    chain.follow(operation, committed)
    assert isinstance(accepted, Accepted)
    chain.commit(store, chain.step())
    assert await find_faults(store) == []


async def test_a_commit_that_never_arrived_is_repeated(store: Store) -> None:
    chain = start_one(store, boot(store))
    once(store, "commit", lose_commit)
    chain.commit(store, chain.step())
    assert chain.seq == 5
    assert await find_faults(store) == []


async def test_a_commit_that_can_not_be_asked_for_at_once_is_asked_for_later(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then nothing is written; who hands it in again is answered, and it is not written twice."""
    chain = start_one(store, boot(store))
    once(store, "commit", lose_answer)
    with monkeypatch.context() as patch:
        patch.setattr(group, "was_committed", lambda *_, **__: None)
        patch.setattr(lost_commits, "was_committed", lambda *_, **__: None)
        operation = chain.step()
        found = [*answers(store, [operation]), *answers(store, [new_run()])]
    assert [type(answer) for answer in found] == [CommitUnknownError, CommitUnknownError]
    chain.commit(store, operation)
    chain.commit(store, chain.step())
    assert await find_faults(store) == []


async def test_a_server_that_never_had_the_transaction_has_not_kept_it(
    postgres_database: str, tmp_path: Path
) -> None:
    """A standby that took over: asked for ever, it would never know."""
    store = open_store(postgres_database, tmp_path / "data")
    with store.writer.connect() as connection:
        tx = Transaction(connection, SystemClock())
        [now] = connection.exec_driver_sql("SELECT pg_current_xact_id()::text::bigint").one()
    tx.transaction_id = now + 1_000_000
    assert unknown_commit.was_committed(store.writer, tx, ask_seconds=0) is False
    await store.close()


async def test_a_connection_that_is_gone_is_opened_again(store: Store) -> None:
    chain = start_one(store, boot(store))
    held = store._group._connection
    assert held is not None
    driver: Any = held.connection.driver_connection
    driver.close()  # as a server does
    chain.commit(store, chain.step())
    assert await find_faults(store) == []


async def test_a_busy_sqlite_answers_that_it_can_not_be_written_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that does not queue at the turnstile holds the lock for longer than the net holds."""
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 50)
    path = tmp_path / "data" / "fastgraph.db"
    store = open_store(f"sqlite:///{path}", path.parent)
    chain = start_one(store, boot(store))
    outside = sqlite3.connect(path, isolation_level=None)
    outside.execute("BEGIN IMMEDIATE")
    found = answers(store, [chain.step(), new_run()])
    assert [type(answer) for answer in found] == [StoreUnavailableError, StoreUnavailableError]
    outside.execute("ROLLBACK")
    outside.close()
    chain.commit(store, chain.step())
    assert await find_faults(store) == []
    await store.close()


async def test_a_full_disk_blames_no_run(tmp_path: Path) -> None:
    path = tmp_path / "data" / "fastgraph.db"
    store = open_store(f"sqlite:///{path}", path.parent)
    chain = start_one(store, boot(store))
    with store.writer.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    found = answers(store, [chain.step("x" * 100_000), chain.step("y" * 100_000)])
    assert [type(answer) for answer in found] == [DiskFullError, DiskFullError]
    with store.writer.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    chain.commit(store, chain.step("x" * 100_000))
    assert await find_faults(store) == []
    await store.close()


async def test_a_run_that_somebody_has_locked_does_not_stop_the_others(
    postgres_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "LOCK_TIMEOUT_MS", 50)
    store = open_store(postgres_database, tmp_path / "data")
    owner = boot(store)
    chains = [start_one(store, owner) for _ in range(3)]
    outside = psycopg.connect(postgres_database.replace("+psycopg", ""))
    outside.execute("SELECT 1 FROM runs WHERE key = %s FOR UPDATE", (chains[1].key,))
    group = [chain.step() for chain in chains]
    first, locked, third = answers(store, group)
    assert isinstance(first, Committed)
    assert isinstance(locked, StoreUnavailableError)
    assert isinstance(third, Committed)
    outside.close()
    chains[1].commit(store, group[1])
    assert await find_faults(store) == []
    await store.close()


async def test_groups_with_overlapping_runs_make_no_lasting_deadlock(
    postgres_database: str, tmp_path: Path
) -> None:
    """Two writers send commands to the same runs, each in another order."""
    store = open_store(postgres_database, tmp_path / "data")
    others = [open_store(postgres_database, tmp_path / "data") for _ in range(2)]
    runs = [accept(store) for _ in range(20)]
    results: list[object] = []

    def send(other: Store, order: list[Accepted]) -> None:
        for _ in range(20):
            results.extend(other.write_group([_signal(run) for run in order]))

    threads = [
        threading.Thread(target=send, args=(other, order))
        for other, order in zip(others, (runs, runs[::-1]), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {type(result) for result in results} == {Committed}
    assert len(results) == 2 * 20 * 20
    for opened in (store, *others):
        await opened.close()


async def test_a_server_that_ends_every_session_is_written_to_again(
    postgres_database: str, tmp_path: Path
) -> None:
    store = open_store(postgres_database, tmp_path / "data")
    chain = start_one(store, boot(store))
    with psycopg.connect(postgres_database.replace("+psycopg", ""), autocommit=True) as outside:
        for _ in range(3):
            outside.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
            chain.commit(store, chain.step())
            async with store.readers.connect() as connection:
                assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1
    assert await find_faults(store) == []
    await store.close()


@pytest.mark.slow
async def test_a_server_that_is_down_is_answered_for_and_comes_back(tmp_path: Path) -> None:
    with running_server(durable=True) as server:
        store = open_store(server.url(server.create_database()), tmp_path / "data")
        chain = start_one(store, boot(store))
        server.kill()
        found = answers(store, [chain.step(), new_run()])
        assert [type(answer) for answer in found] == [StoreUnavailableError, StoreUnavailableError]
        server.start()
        chain.commit(store, chain.step())
        again = Chain(chain.claimed, chain.owner)
        [zombie] = answers(store, [again.step()])
        assert isinstance(zombie, LostOwnershipError)
        assert await find_faults(store) == []
        await store.close()


def _signal(run: Accepted) -> SendCommand:

    return SendCommand(run_id=run.run_id, kind="signal", body=b"{}", now=NOW)
