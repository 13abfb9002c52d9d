"""Who did what: a row for each command, written with its effect or, where it was refused, with the refusal.

A command with a request id is carried out once. Its answer is kept beside it and given again, so that a caller whose
connection broke may ask again; the same id with another request is refused. Answers are kept for REQUEST_DAYS, the audit for
ever.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.database.control_records import Audited, AuditNote
from fastgraph.database.records import Accepted, Committed
from fastgraph.database.tables import audit, control_requests
from fastgraph.database.times import from_micros, to_micros
from fastgraph.database.transaction import Transaction
from fastgraph.errors import ConflictError, StoreError

__all__ = [
    "DONE",
    "REQUEST_DAYS",
    "AuditPage",
    "AuditView",
    "carry_out_audited",
    "find_requests",
    "forget_requests",
    "list_audit",
]

DONE = "done"
REQUEST_DAYS = 7
_MAX_TEXT = 2_000
_REQUESTS = select(
    control_requests.c.request_id, control_requests.c.request_hash, control_requests.c.answer
).where(control_requests.c.request_id.in_(bindparam("request_ids", expanding=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditView:
    """One command. `outcome` is "done", or "refused: …" with the sentence. `key` is the cursor of a list."""

    key: int
    at: datetime
    who: str
    action: str
    subject: str
    request_id: str | None
    reason: str | None
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPage:
    """Commands, newest first; `next_before` is the cursor of the next page."""

    commands: tuple[AuditView, ...]
    total: int
    next_before: int | None


def find_requests(connection: Connection, *, request_ids: Sequence[str]) -> dict[str, tuple[str, bytes]]:
    """Return (hash, answer) of the requests that were carried out under these ids, by the primary key."""
    return {row[0]: (row[1], row[2]) for row in connection.execute(_REQUESTS, {"request_ids": request_ids})}


def forget_requests(connection: Connection, *, now: datetime) -> None:
    """Delete the answers that nobody will ask for again, by their index on the time."""
    before = to_micros(now - timedelta(days=REQUEST_DAYS))
    connection.execute(delete(control_requests).where(control_requests.c.created_at <= before))


def carry_out_audited(
    tx: Transaction, operation: Audited, carry_out: Callable[[Transaction, Any], Any]
) -> Any:
    """Carry out what is wrapped, once, and write it down. Raises what that raises, and ConflictError for a request id
    that stands for something else."""
    note = operation.note
    known = tx.requests.get(note.request_id) if note.request_id is not None else None
    if known is not None and note.request_hash is not None:
        if known[0] == note.request_hash:
            return _answer_again(known[1])
        refusal = ConflictError(
            f"Idempotency-Key {note.request_id!r} was sent before with another command. Use a new key for a new command."
        )
        _write(tx, note, f"refused: {refusal}")
        raise refusal
    try:
        answer = carry_out(tx, operation.operation)
    except StoreError as error:
        _write(tx, note, f"refused: {error}")
        raise
    _write(tx, note, DONE)
    if note.request_id is not None and note.request_hash is not None:
        kept = _keep(answer)
        tx.requests[note.request_id] = (note.request_hash, kept)
        tx.rows.requests.append((note.request_id, note.request_hash, kept, to_micros(note.now)))
    return answer


async def list_audit(
    connection: AsyncConnection, *, subject: str | None = None, before: int | None = None, limit: int = 100
) -> AuditPage:
    """Return a page of commands, newest first; by the primary key, or by the index on the subject."""
    conditions = [] if subject is None else [audit.c.subject == subject]
    total = (
        await connection.execute(select(func.count()).select_from(audit).where(*conditions))
    ).scalar_one()
    query = select(audit).where(*conditions).order_by(audit.c.key.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(audit.c.key < before)
    rows = (await connection.execute(query)).all()
    views = tuple(
        AuditView(
            key=row.key,
            at=from_micros(row.at),
            who=row.who,
            action=row.action,
            subject=row.subject,
            request_id=row.request_id,
            reason=row.reason,
            outcome=row.outcome,
        )
        for row in rows[:limit]
    )
    return AuditPage(commands=views, total=total, next_before=views[-1].key if len(rows) > limit else None)


def _write(tx: Transaction, note: AuditNote, outcome: str) -> None:
    at = to_micros(note.now)
    tx.rows.audit.append(
        (at, note.who, note.action, note.subject, note.request_id, note.reason, outcome[:_MAX_TEXT])
    )


def _keep(answer: Any) -> bytes:
    """Write an outcome down. Only what commands answer is known here."""
    if isinstance(answer, Committed | Accepted):
        return orjson.dumps({"kind": type(answer).__name__, **asdict(answer)})
    return orjson.dumps({"kind": "plain", "value": answer})


def _answer_again(kept: bytes) -> Any:
    facts = orjson.loads(kept)
    kind = facts.pop("kind")
    if kind == Committed.__name__:
        return Committed(**facts)
    if kind == Accepted.__name__:
        return Accepted(**{**facts, "is_new": False, "superseded": tuple(facts["superseded"])})
    value = facts["value"]
    return tuple(value) if isinstance(value, list) else value
