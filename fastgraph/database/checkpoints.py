"""Reading checkpoints: a thread's state at any of them, their list, and what tasks left behind after one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.blobs.spill import Spill, holds_reference
from fastgraph.database.tables import checkpoints, results, runs
from fastgraph.database.times import from_micros
from fastgraph.errors import StoreError
from fastgraph.state.lineage import Lineage, Reference

__all__ = [
    "CheckpointPage",
    "CheckpointView",
    "StoredCheckpoint",
    "StoredResult",
    "list_checkpoints",
    "read_checkpoint",
    "read_pending_results",
    "read_results_of_thread",
]

_REFERENCES_A_STATEMENT = 500

_FACT_NAMES = (
    *("thread_key", "number", "parent", "run_key", "seq", "step"),
    *("state_bytes", "created_at", "namespace", "machine"),
)
_FACTS = [checkpoints.c[name] for name in _FACT_NAMES]

_SNAPSHOT_BEFORE = select(func.max(checkpoints.c.number)).where(
    checkpoints.c.thread_key == bindparam("thread_key"),
    checkpoints.c.number <= bindparam("number"),
    checkpoints.c.is_snapshot,
)
_RANGE = (
    select(
        checkpoints.c.number,
        checkpoints.c.parent,
        checkpoints.c.run_key,
        checkpoints.c.is_snapshot,
        checkpoints.c.changes,
    )
    .where(
        checkpoints.c.thread_key == bindparam("thread_key"),
        checkpoints.c.number.between(bindparam("low"), bindparam("high")),
    )
    .order_by(checkpoints.c.number.desc())
)
_UPDATES = select(results.c.seq, results.c.update).where(
    results.c.run_key == bindparam("run_key"), results.c.seq.in_(bindparam("seqs", expanding=True))
)
_PENDING = (
    select(results)
    .where(
        results.c.run_key == bindparam("run_key"),
        results.c.checkpoint_number == bindparam("number"),
        results.c.seq > bindparam("after"),
        results.c.namespace == "",
    )
    .order_by(results.c.seq)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointView:
    """A checkpoint without its state; `number` is the cursor of a list, `parent` None for the thread's first."""

    thread_key: int
    number: int
    parent: int | None
    run_key: int
    seq: int
    step: int
    state_bytes: int
    created_at: datetime
    namespace: str
    machine: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCheckpoint(CheckpointView):
    """A checkpoint with its state: each key's encoded JSON, tags and all, with nothing spilled any more.

    `log_bytes` and `log_rows` are the changes since the last snapshot, for `fastgraph.state.changes.needs_snapshot`.
    """

    values: dict[str, bytes]
    log_bytes: int
    log_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointPage:
    """Checkpoints, newest first; `total` counts the thread's, `next_before` is the cursor of the next page."""

    checkpoints: tuple[CheckpointView, ...]
    total: int
    next_before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredResult:
    """What a task wrote, as it was committed; references to spilled values are resolved."""

    run_key: int
    seq: int
    checkpoint_number: int
    task_id: str
    node: str
    path: str
    namespace: str
    update: bytes
    routing: bytes | None


async def read_checkpoint(
    connection: AsyncConnection, *, thread_key: int, number: int | None = None, spill: Spill
) -> StoredCheckpoint | None:
    """Return a checkpoint of a thread with its state, the last one for None; None where there is no such checkpoint.

    Costs about the size of the state: one small row a step since the last snapshot, and each value that still counts.
    """
    head = await _find(connection, thread_key=thread_key, number=number)
    if head is None:
        return None
    lineage = await _walk_back(connection, head, spill)
    updates = await _read_updates(connection, lineage.references())
    # Files are read and large trees built on a thread: the caller's loop has others to serve.
    values = await asyncio.to_thread(lineage.build, updates, resolve=spill.resolve_value)
    return StoredCheckpoint(
        values=values, log_bytes=lineage.log_bytes, log_rows=lineage.log_rows, **_facts(head)
    )


async def list_checkpoints(
    connection: AsyncConnection, *, thread_key: int, before: int | None = None, limit: int = 100
) -> CheckpointPage:
    """List a thread's checkpoints, newest first; `before` is the number after which the page begins."""
    of_thread = checkpoints.c.thread_key == thread_key
    total = (
        await connection.execute(select(func.count()).select_from(checkpoints).where(of_thread))
    ).scalar_one()
    query = select(*_FACTS).where(of_thread).order_by(checkpoints.c.number.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(checkpoints.c.number < before)
    found = [CheckpointView(**_facts(row)) for row in await connection.execute(query)]
    page = tuple(found[:limit])
    return CheckpointPage(
        checkpoints=page, total=total, next_before=page[-1].number if len(found) > limit else None
    )


async def read_pending_results(
    connection: AsyncConnection, *, run_key: int, checkpoint_number: int, spill: Spill
) -> list[StoredResult]:
    """Return what tasks of a run have written after a checkpoint and before the next one, in order of number.

    Reads the results after the checkpoint only, by the primary key.
    """
    floor = (
        select(checkpoints.c.seq)
        .join(runs, runs.c.thread_key == checkpoints.c.thread_key)
        .where(
            runs.c.key == run_key, checkpoints.c.number == checkpoint_number, checkpoints.c.run_key == run_key
        )
    )
    after = (await connection.execute(floor)).scalar() or 0
    place = {"run_key": run_key, "number": checkpoint_number, "after": after}
    rows = (await connection.execute(_PENDING, place)).mappings()
    return [await _load_result(StoredResult(**row), spill) for row in rows]


async def read_results_of_thread(
    connection: AsyncConnection, *, thread_key: int, checkpoint_number: int, without: int, spill: Spill
) -> list[StoredResult]:
    """Return what tasks of a thread's other runs have written after a checkpoint and before a next one, run by run: a run
    that goes on where they stopped does not repeat it."""
    rows = await connection.execute(
        select(runs.c.key).where(runs.c.thread_key == thread_key, runs.c.key != without).order_by(runs.c.key)
    )
    found: list[StoredResult] = []
    for key in [row[0] for row in rows]:
        found += await read_pending_results(
            connection, run_key=key, checkpoint_number=checkpoint_number, spill=spill
        )
    return found


async def _find(connection: AsyncConnection, *, thread_key: int, number: int | None) -> Row[Any] | None:
    query = select(*_FACTS).where(checkpoints.c.thread_key == thread_key)
    if number is not None:
        query = query.where(checkpoints.c.number == number)
    return (await connection.execute(query.order_by(checkpoints.c.number.desc()).limit(1))).first()


async def _walk_back(connection: AsyncConnection, head: Row[Any], spill: Spill) -> Lineage:
    """Follow the parents to the last snapshot. Rows are fetched a range at a time: from the snapshot below to here. A
    fork's parent may lie below that snapshot, which then belongs to another branch; then one more range is fetched."""
    lineage = Lineage()
    wanted: int | None = head.number
    while wanted is not None:
        place = {"thread_key": head.thread_key, "number": wanted}
        low = (await connection.execute(_SNAPSHOT_BEFORE, place)).scalar() or 0
        rows = await connection.execute(_RANGE, {"thread_key": head.thread_key, "low": low, "high": wanted})
        for number, parent, run_key, is_snapshot, stored in rows.all():
            if number != wanted:
                continue
            changes = stored
            if holds_reference(stored):
                changes = await asyncio.to_thread(spill.resolve_snapshot, stored)
            lineage.add(run_key=run_key, changes=changes, is_snapshot=is_snapshot)
            wanted = None if is_snapshot else parent
            if wanted is None:
                break
        else:
            if wanted is not None and wanted >= low:
                raise StoreError(
                    f"Checkpoint {wanted} of thread {head.thread_key} is missing, which checkpoint {head.number} "
                    "builds on. Restore the store from a backup."
                )
    return lineage


async def _read_updates(connection: AsyncConnection, references: set[Reference]) -> dict[Reference, Any]:
    """Fetch results by their primary key and parse them."""
    of_run: dict[int, list[int]] = {}
    for reference in sorted(references):
        of_run.setdefault(reference.run_key, []).append(reference.seq)
    updates = {}
    for run_key, seqs in of_run.items():
        for start in range(0, len(seqs), _REFERENCES_A_STATEMENT):
            wanted = {"run_key": run_key, "seqs": seqs[start : start + _REFERENCES_A_STATEMENT]}
            for seq, update in await connection.execute(_UPDATES, wanted):
                updates[Reference(run_key, seq)] = orjson.loads(update)
    return updates


async def _load_result(result: StoredResult, spill: Spill) -> StoredResult:
    if not holds_reference(result.update):
        return result
    return replace(result, update=await asyncio.to_thread(spill.resolve_update, result.update))


def _facts(row: Row[Any]) -> dict[str, Any]:
    facts = dict(zip(_FACT_NAMES, row, strict=True))
    return facts | {"created_at": from_micros(facts["created_at"])}
