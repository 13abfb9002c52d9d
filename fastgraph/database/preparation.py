"""What a transaction reads and locks before its first operation runs, in the one order of all writers.

Hosts, then new threads, then runs by key, then slots by workflow, then claimed runs (never waiting), then threads by key. A
plain group of commits needs one of these statements only: the heads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import bindparam, select

from fastgraph.database.acceptance import (
    find_active_runs,
    find_idempotent_runs,
    find_threads,
    make_threads,
    take_run_keys,
)
from fastgraph.database.audit import find_requests
from fastgraph.database.children import find_parents
from fastgraph.database.claims import find_candidates
from fastgraph.database.control_records import Audited, DiscardRun, MigrateRun, PauseRun, RetryRun, UnpauseRun
from fastgraph.database.expiry import ExpireRun, KeepRun
from fastgraph.database.heads import find_run_keys, lock_free_heads, lock_heads
from fastgraph.database.host_records import FreeDeadHost, FreeRun, PublishHost, RenewLease, RetireHost
from fastgraph.database.hosts import find_owned_runs, lock_hosts
from fastgraph.database.operations import Operation
from fastgraph.database.operator_records import AskHost, ReleaseRun, WatchActors
from fastgraph.database.records import (
    AcceptRun,
    ClaimRuns,
    CommitRun,
    DeleteRun,
    SendCommand,
    SendSignal,
    TerminateRun,
)
from fastgraph.database.slots import find_free_slots
from fastgraph.database.tables import threads
from fastgraph.database.transaction import Thread, Transaction
from fastgraph.status import ENDED

__all__ = ["prepare"]

_LOCK_THREADS = (
    select(threads.c.key, threads.c.thread_id, threads.c.turn)
    .where(threads.c.key.in_(bindparam("keys", expanding=True)))
    .order_by(threads.c.key)
    .with_for_update()
)


@dataclass(slots=True)
class _Needs:
    """What the operations of a group name."""

    run_keys: set[int] = field(default_factory=set)
    run_ids: set[str] = field(default_factory=set)
    boot_ids: set[str] = field(default_factory=set)
    ended_boots: list[str] = field(default_factory=list)
    accepts: list[AcceptRun] = field(default_factory=list)
    claims: list[ClaimRuns] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)
    parents: dict[int, int] = field(default_factory=dict)
    may_end: set[int] = field(default_factory=set)
    request_ids: set[str] = field(default_factory=set)


def prepare(tx: Transaction, operations: Sequence[Operation]) -> None:
    """Read and lock all that these operations will decide on."""
    needs = _collect(operations)
    connection = tx.connection
    if needs.boot_ids:
        tx.hosts = lock_hosts(connection, boot_ids=sorted(needs.boot_ids))
    if needs.request_ids:
        tx.requests = find_requests(connection, request_ids=sorted(needs.request_ids))
    if needs.accepts:
        _prepare_accepts(tx, needs)
    if needs.run_ids:
        tx.keys = find_run_keys(connection, run_ids=sorted(needs.run_ids))
        needs.may_end.update(tx.keys.values())
    for boot_id in needs.ended_boots:
        needs.may_end.update(find_owned_runs(connection, boot_id=boot_id))
    _find_parents(tx, needs)
    if needs.run_keys:
        tx.heads = lock_heads(connection, needs.run_keys)
    thread_keys = {thread.key for thread in tx.threads_by_id.values()}
    limits = {name: most for claim in needs.claims for name, most in claim.max_active}
    tx.slots = find_free_slots(connection, limits)
    for claim in needs.claims:
        thread_keys.update(_prepare_claim(tx, claim))
    thread_keys.update(head.thread_key for head in tx.heads.values() if head.run_id in needs.deleted)
    if thread_keys:
        _lock_threads(tx, thread_keys)


def _find_parents(tx: Transaction, needs: _Needs) -> None:
    """Find the parents of runs that may end here: they are told, so they are locked, too."""
    tx.parents = needs.parents
    if needs.may_end:
        tx.parents |= find_parents(tx.connection, keys=needs.may_end)
    needs.run_keys |= needs.may_end | set(tx.parents.values())


def _collect(operations: Iterable[Operation]) -> _Needs:
    needs = _Needs()
    for operation in _unwrapped(operations, needs):
        if isinstance(operation, CommitRun | FreeRun):
            needs.run_keys.add(operation.run_key)
            if isinstance(operation, CommitRun) and operation.parent_run_key and operation.status in ENDED:
                needs.parents[operation.run_key] = operation.parent_run_key
        elif isinstance(operation, AcceptRun):
            needs.accepts.append(operation)
        elif isinstance(operation, ClaimRuns):
            needs.claims.append(operation)
            needs.boot_ids.add(operation.owner)
        elif isinstance(operation, AskHost):
            needs.boot_ids.add(operation.boot_id)
        elif isinstance(operation, WatchActors):
            needs.boot_ids.update(operation.boot_ids)
        elif isinstance(
            operation,
            ReleaseRun
            | SendCommand
            | SendSignal
            | TerminateRun
            | MigrateRun
            | DeleteRun
            | ExpireRun
            | KeepRun,
        ):
            needs.run_ids.add(operation.run_id)
            if isinstance(operation, DeleteRun | ExpireRun):
                needs.deleted.add(operation.run_id)
        elif isinstance(operation, PublishHost | RenewLease | FreeDeadHost | RetireHost):
            needs.boot_ids.add(operation.boot_id)
            if isinstance(operation, FreeDeadHost | RetireHost):
                needs.ended_boots.append(operation.boot_id)
    return needs


def _unwrapped(operations: Iterable[Operation], needs: _Needs) -> Iterator[Operation]:
    """Go through the operations, and through those that others wrap; commands of people are noted here."""
    for operation in operations:
        if isinstance(operation, Audited):
            if operation.note.request_id is not None:
                needs.request_ids.add(operation.note.request_id)
            yield from _unwrapped([operation.operation], needs)
        elif isinstance(operation, RetryRun):
            needs.run_ids.add(operation.run_id)
            needs.accepts.append(operation.accept)
        elif isinstance(operation, PauseRun | UnpauseRun | DiscardRun):
            needs.run_ids.add(operation.run_id)
        else:
            yield operation


def _prepare_accepts(tx: Transaction, needs: _Needs) -> None:
    """Find what the same requests made before, the threads, and their runs that may have to give way."""
    connection = tx.connection
    names = sorted({accept.idempotency_key for accept in needs.accepts if accept.idempotency_key is not None})
    if names:
        tx.idempotent = find_idempotent_runs(connection, keys=names)
    new = [accept for accept in needs.accepts if accept.idempotency_key not in tx.idempotent]
    wanted = {accept.thread_id for accept in new}
    if not wanted:
        return
    found = {thread.thread_id: thread for thread in find_threads(connection, thread_ids=sorted(wanted))}
    missing = sorted(wanted - found.keys())
    if missing:
        made = make_threads(connection, thread_ids=missing, created_at=tx.now_micros())
        found.update((thread.thread_id, thread) for thread in made)
    if len(missing) < len(wanted):
        # A thread that was just made has no runs, and is known to nobody else unless they raced us: then it is looked
        # at again under its lock.
        active = find_active_runs(connection, thread_keys=[found[name].key for name in wanted - set(missing)])
        needs.may_end.update(row[0] for row in active)
    tx.threads_by_id = found
    tx.new_keys = take_run_keys(connection, count=len(new))


def _prepare_claim(tx: Transaction, claim: ClaimRuns) -> set[int]:
    """Lock the runs that this claim may take and those that may give way to them; return their threads."""
    if not tx.hosts.get(claim.owner):
        return set()
    found = find_candidates(tx.connection, claim, slots=tx.slots)
    keys = {key for key, _, _ in found}
    holders = {holder for _, _, holder in found if holder is not None}
    if holders:  # they may give way; a parent that somebody has locked just now hears of it at its next look
        tx.parents |= find_parents(tx.connection, keys=holders)
        holders.update(tx.parents[key] for key in holders & tx.parents.keys())
    tx.heads.update(lock_free_heads(tx.connection, (keys | holders) - tx.heads.keys()))
    tx.candidates[id(claim)] = tuple(key for key, _, _ in found if key in tx.heads)
    return {thread_key for _, thread_key, _ in found}


def _lock_threads(tx: Transaction, keys: set[int]) -> None:
    """Lock the threads, and look again at who is active in those that a new run enters."""
    rows = tx.connection.execute(_LOCK_THREADS, {"keys": sorted(keys)})
    tx.threads = {row[0]: Thread(key=row[0], thread_id=row[1], turn=row[2], active={}) for row in rows}
    entered = list(tx.threads_by_id)
    if not entered:
        return
    by_id = {thread.thread_id: thread for thread in tx.threads.values()}
    gone = [name for name in entered if name not in by_id]  # deleted with its last run since we looked
    if gone:
        for thread in make_threads(tx.connection, thread_ids=gone, created_at=tx.now_micros()):
            by_id[thread.thread_id] = tx.threads[thread.key] = thread
    tx.threads_by_id = {name: by_id[name] for name in entered}
    for key, thread_key, status, rank in find_active_runs(tx.connection, thread_keys=sorted(tx.threads)):
        thread = tx.threads[thread_key]
        thread.active[key] = status
        thread.last_rank = max(thread.last_rank, rank)
