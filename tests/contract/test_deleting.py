"""Deleting an ended run: everything goes, nothing of others, and its thread's checkpoints stay for who needs them."""

import orjson
import pytest
from sqlalchemy import func, select

from fastgraph.database.artifacts import find_artifact, list_artifacts
from fastgraph.database.checkpoints import read_checkpoint
from fastgraph.database.records import Accepted, ArtifactRow, DeleteRun, SendCommand, StoreUpload
from fastgraph.database.runs import find_run
from fastgraph.database.store import Store
from fastgraph.database.tables import metadata
from fastgraph.errors import ConflictError, RunNotFoundError
from fastgraph.ids import new_id
from support.stores import (
    NOW,
    accept,
    answers,
    boot,
    interrupt,
    new_run,
    result_row,
    start_one,
    write,
)

pytestmark = pytest.mark.anyio

OF_HOSTS = {"hosts", "probes", "host_workflows", "workflow_versions", "workflows"}


async def rows(store: Store) -> dict[str, int]:
    found = {}
    async with store.readers.connect() as connection:
        for table in metadata.sorted_tables:
            found[table.name] = (
                await connection.execute(select(func.count()).select_from(table))
            ).scalar_one()
    return {name: count for name, count in found.items() if name not in OF_HOSTS and count}


def artifact(sha256: str, **changes: str) -> ArtifactRow:
    facts = {"artifact_id": new_id(), "name": "report.md", "media_type": "text/markdown"} | changes
    return ArtifactRow(size=5, sha256=sha256, **facts)


async def test_a_deleted_run_leaves_no_row(store: Store) -> None:
    chain = start_one(store, boot(store), tags=("a", "b"), idempotency_key="k", request_hash="h")
    spilled = b'{"log":' + store.spill.shrink(orjson.dumps(["x" * 300_000])) + b"}"
    chain.commit(store, chain.step(results=(result_row(update=spilled),), artifacts=(artifact("a" * 64),)))
    chain.commit(store, interrupt(chain))
    write(store, SendCommand(run_id=chain.run_id, kind="signal", body=b"{}", now=NOW))
    write(store, SendCommand(run_id=chain.run_id, kind="cancel", body=b"{}", now=NOW))
    assert len(await rows(store)) > 8
    assert write(store, DeleteRun(run_id=chain.run_id)) == ("a" * 64,)
    assert await rows(store) == {}


async def test_a_deleted_run_takes_nothing_of_another(store: Store) -> None:
    owner = boot(store)
    kept = start_one(store, owner, tags=("a",))
    kept.commit(store, kept.step(artifacts=(artifact("b" * 64),)))
    before = await rows(store)
    gone = start_one(store, owner, tags=("a",))
    gone.commit(store, gone.step(artifacts=(artifact("b" * 64),)))
    gone.commit(store, gone.completed())
    write(store, DeleteRun(run_id=gone.run_id))
    assert await rows(store) == before


async def test_only_an_ended_run_can_be_deleted(store: Store) -> None:
    chain = start_one(store, boot(store))
    running, unknown = answers(store, [DeleteRun(run_id=chain.run_id), DeleteRun(run_id=new_id())])
    assert isinstance(running, ConflictError)
    assert isinstance(unknown, RunNotFoundError)


async def test_a_thread_keeps_its_checkpoints_until_its_last_run_is_deleted(store: Store) -> None:
    owner, thread_id = boot(store), new_id()
    first = start_one(store, owner, thread_id=thread_id)
    first.commit(store, first.step("a"))
    first.commit(store, first.completed())
    second = start_one(store, owner, thread_id=thread_id)
    second.commit(store, second.step("b"))
    second.commit(store, second.completed())
    write(store, DeleteRun(run_id=first.run_id))
    async with store.readers.connect() as connection:
        assert await find_run(connection, run_id=first.run_id) is None
        state = await read_checkpoint(
            connection, thread_key=second.claimed.thread_key, number=2, spill=store.spill
        )
    assert state is not None
    assert state.values == {"log": b'["a","b"]'}
    write(store, DeleteRun(run_id=second.run_id))
    assert await rows(store) == {}


async def test_the_key_of_a_deleted_run_is_never_given_again(store: Store) -> None:
    """A zombie of the deleted run would else write to another."""
    first = accept(store)
    write(store, SendCommand(run_id=first.run_id, kind="cancel", body=b"{}", now=NOW))
    write(store, DeleteRun(run_id=first.run_id))
    assert accept(store).run_key > first.run_key


async def test_delete_and_accept_into_the_same_thread_go_together(store: Store) -> None:
    thread_id = new_id()
    first = accept(store, thread_id=thread_id)
    write(store, SendCommand(run_id=first.run_id, kind="cancel", body=b"{}", now=NOW))
    deleted, accepted = answers(store, [DeleteRun(run_id=first.run_id), new_run(thread_id=thread_id)])
    assert deleted == ()
    assert isinstance(accepted, Accepted)
    async with store.readers.connect() as connection:
        run = await find_run(connection, run_id=accepted.run_id)
    assert run is not None
    assert run.thread_id == thread_id


async def test_artifacts_are_found_and_listed(store: Store) -> None:
    chain = start_one(store, boot(store))
    mine = [artifact("c" * 64, name=f"{n}.md") for n in range(3)]
    chain.commit(store, chain.operation(artifacts=tuple(mine)))
    upload = artifact("d" * 64, name="data.csv", media_type="text/csv")
    assert write(store, StoreUpload(artifact=upload, now=NOW)) == upload.artifact_id
    async with store.readers.connect() as connection:
        found = await find_artifact(connection, artifact_id=upload.artifact_id)
        of_run = await list_artifacts(connection, run_id=chain.run_id)
        first = await list_artifacts(connection, limit=2)
        second = await list_artifacts(connection, before=first.next_before, limit=2)
        assert await find_artifact(connection, artifact_id=new_id()) is None
    assert found is not None
    assert (found.run_id, found.name, found.media_type, found.size, found.created_at) == (
        None,
        "data.csv",
        "text/csv",
        5,
        NOW,
    )
    assert [view.name for view in of_run.artifacts] == ["2.md", "1.md", "0.md"]
    assert (of_run.total, first.total) == (3, 4)
    assert [view.name for view in (*first.artifacts, *second.artifacts)] == [
        "data.csv",
        "2.md",
        "1.md",
        "0.md",
    ]
