"""Giving up claims that their owner no longer serves: of a boot that is over, and of one actor that died.

The epoch rises with each, so that whatever the old owner still sends is refused. Deaths are counted for runs that were
executing; a commit with results sets the count back. A run that its hosts keep dying of ends quarantined.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import bindparam, delete, select, update

from fastgraph import fault_points
from fastgraph.database.endings import Ending, end_by_force
from fastgraph.database.event_kinds import code_of
from fastgraph.database.guard import require_live_run
from fastgraph.database.heads import RunHead
from fastgraph.database.host_records import FreeDeadHost, FreeRun, RetireHost
from fastgraph.database.operator_records import ReleaseRun
from fastgraph.database.records import Committed
from fastgraph.database.tables import events, host_workflows, hosts
from fastgraph.database.times import database_now, to_micros
from fastgraph.database.transaction import Transaction
from fastgraph.errors import ConflictError
from fastgraph.events import EventKind
from fastgraph.status import WAITING, RunStatus

__all__ = ["free_dead_host", "free_run", "release_run", "retire_host"]

RETIRED = "the host has ended in order"
_NODES_LOOKED_AT = 1_000  # events that are searched for the node that was executing

# What a run started and has not finished since its last checkpoint is found among its last events.
_LAST_EVENTS = (
    select(events.c.kind, events.c.node)
    .where(
        events.c.run_key == bindparam("run_key"),
        events.c.kind.in_([code_of(EventKind.NODE_STARTED), code_of(EventKind.NODE_UPDATE)]),
    )
    .order_by(events.c.seq.desc())
    .limit(_NODES_LOOKED_AT)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loss:
    """How a claim was lost. `quarantine_deaths` None: no death is counted."""

    boot_id: str
    reason: str
    now: datetime
    quarantine_deaths: int | None


def free_dead_host(tx: Transaction, operation: FreeDeadHost) -> tuple[str, ...]:
    """End a boot and free its runs, counting a death for each that was executing. Repeating it frees nothing more.

    Raises ConflictError where `only_if_lapsed` finds a lease that is good.
    """
    if operation.only_if_lapsed and not _has_lapsed(tx, operation.boot_id):
        raise ConflictError(f"Host {operation.boot_id} has renewed its lease; its runs stay with it.")
    fault_points.within(fault_points.HOST_FREE)
    loss = _Loss(
        boot_id=operation.boot_id,
        reason=operation.reason,
        now=operation.now,
        quarantine_deaths=operation.quarantine_deaths,
    )
    return _end_boot(tx, loss)


def retire_host(tx: Transaction, operation: RetireHost) -> tuple[str, ...]:
    """End a boot in order; claims that are left are freed without a death."""
    fault_points.within(fault_points.LEASE_RELEASE)
    loss = _Loss(boot_id=operation.boot_id, reason=RETIRED, now=operation.now, quarantine_deaths=None)
    return _end_boot(tx, loss)


def free_run(tx: Transaction, operation: FreeRun) -> bool:
    """Give up the claim of one run whose actor died; False where it has another owner or epoch by now."""
    head = tx.heads.get(operation.run_key)
    if head is None or head.owner != operation.owner or head.epoch != operation.epoch:
        return False
    _free(head, boot_id=operation.owner, reason=operation.reason)
    if operation.not_before is not None and head.status not in WAITING:  # a waiting run keeps its own timer
        head.wake_at = to_micros(operation.not_before)
    return True


def release_run(tx: Transaction, operation: ReleaseRun) -> Committed:
    """Take a run from its owner, living or not, and forget its deaths: the next host takes it up from its last
    checkpoint, at once. Raises RunNotFoundError, and ConflictError where the run has ended."""
    head = require_live_run(tx.find_head(operation.run_id), operation.run_id, wanted="released")
    if head.owner is not None:
        _free(head, boot_id=head.owner, reason=operation.reason)
    if head.status not in WAITING:
        head.wake_at = None
    head.deaths = head.early_losses = 0
    head.is_cold = True
    return Committed(run_key=head.key, run_id=head.run_id, seq=head.seq, inbox=head.inbox)


def _has_lapsed(tx: Transaction, boot_id: str) -> bool:
    query = select(hosts.c.lease_until <= database_now(tx.dialect)).where(hosts.c.boot_id == boot_id)
    lapsed = tx.connection.execute(query).scalar()
    return lapsed is None or bool(lapsed)


def _end_boot(tx: Transaction, loss: _Loss) -> tuple[str, ...]:
    tx.connection.execute(
        update(hosts)
        .where(hosts.c.boot_id == loss.boot_id, hosts.c.ended_at.is_(None))
        .values(ended_at=to_micros(loss.now), ended_reason=loss.reason)
    )
    tx.connection.execute(delete(host_workflows).where(host_workflows.c.boot_id == loss.boot_id))
    if loss.boot_id in tx.hosts:
        tx.hosts[loss.boot_id] = False
    freed = []
    for key in sorted(tx.heads):
        head = tx.heads[key]
        if head.owner == loss.boot_id:
            _lose(tx, head, loss)
            freed.append(head.run_id)
    return tuple(freed)


def _lose(tx: Transaction, head: RunHead, loss: _Loss) -> None:
    reason = loss.reason
    if loss.quarantine_deaths is None or head.status != RunStatus.RUNNING:
        _free(head, boot_id=loss.boot_id, reason=reason)
        return
    if head.lost_by is not None:
        # Its owner had committed nothing, so no task of it was executing. But what a run does before that may be fatal, too:
        # it is innocent of the first such death in a row only.
        head.early_losses += 1
        reason += ", before it had gone on with the run"
        if head.early_losses == 1:
            _free(head, boot_id=loss.boot_id, reason=reason)
            return
    head.deaths += 1
    if head.deaths >= loss.quarantine_deaths:
        _quarantine(tx, head, loss)
        return
    _free(head, boot_id=loss.boot_id, reason=reason)


def _free(head: RunHead, *, boot_id: str, reason: str) -> None:
    fault_points.within(fault_points.EPOCH_BUMP)
    head.owner = None
    head.epoch += 1
    head.is_cold = True
    if head.status == RunStatus.RUNNING:
        head.lost_by = boot_id
        head.lost_reason = reason


def _quarantine(tx: Transaction, head: RunHead, loss: _Loss) -> None:
    nodes = _executing_nodes(tx, head)
    where = f" while it executed {', '.join(nodes)}" if nodes else ""
    error = {
        "type": "Quarantined",
        "message": f"{head.deaths} hosts in a row died{where}; the last one: {loss.reason}. It is not tried again.",
        "node": nodes[0] if nodes else None,
        "attempt": None,
        "traceback": "",
    }
    ending = Ending(
        status=RunStatus.QUARANTINED,
        kind=EventKind.QUARANTINED,
        data=orjson.dumps({"error": error}),
        error=orjson.dumps(error),
        at=to_micros(loss.now),
    )
    end_by_force(tx, head, ending)


def _executing_nodes(tx: Transaction, head: RunHead) -> list[str]:
    """Return the nodes that were started and had not finished, newest first: going back in time, a start that no later
    update of the same node has answered."""
    finished: dict[str, int] = {}
    nodes: list[str] = []
    for kind, node in tx.connection.execute(_LAST_EVENTS, {"run_key": head.key}):
        if node is None:
            continue
        if kind == code_of(EventKind.NODE_UPDATE):
            finished[node] = finished.get(node, 0) + 1
        elif finished.get(node, 0):
            finished[node] -= 1
        elif node not in nodes:
            nodes.append(node)
    return nodes
