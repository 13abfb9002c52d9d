"""One transaction of the Writer: what it has locked, what it knows, what it will write.

Locks are taken in one order for all writers: rows of `hosts`, new threads, rows of `runs` by key, slots of workflows with a
limit, rows of `threads` by key, the feed. Whoever takes one out of this order makes deadlocks. Operations run after the
locks, read this object and append to `rows`; they must not write to the database themselves unless they say so.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from fastgraph.clock import Clock
from fastgraph.database.event_kinds import code_of
from fastgraph.database.heads import RunHead, flush_heads, insert_heads
from fastgraph.database.rows import FEED_LOCK, Rows
from fastgraph.database.times import to_micros

__all__ = ["IdempotentRun", "Thread", "Transaction"]


@dataclass(slots=True)
class Thread:
    """A row of `threads`, and its runs that have not ended (key -> status), with the rank of the last of them."""

    key: int
    thread_id: str
    turn: int | None
    active: dict[int, str]
    last_rank: int = -(2**62)


@dataclass(frozen=True, slots=True)
class IdempotentRun:
    """The run that an idempotency key already stands for."""

    run_key: int
    run_id: str
    request_hash: str | None


class Transaction:
    """The state of one transaction. Used by the Writer's thread only."""

    __slots__ = (
        "candidates", "clock", "connection", "dialect", "heads", "hosts", "idempotent", "keys", "new_heads", "new_keys",
        "parents", "requests", "rows", "slots", "threads", "threads_by_id", "told", "transaction_id",
    )  # fmt: skip

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self.connection = connection
        self.dialect = connection.dialect.name
        self.clock = clock
        self.rows = Rows()
        self.hosts: dict[str, bool] = {}
        self.heads: dict[int, RunHead] = {}
        self.keys: dict[str, int] = {}
        self.new_heads: list[RunHead] = []
        self.new_keys: list[int] = []
        # Children that may end here -> parents, and which parent was told of which end.
        self.parents: dict[int, int] = {}
        self.told: dict[int, int] = {}
        self.threads: dict[int, Thread] = {}
        self.threads_by_id: dict[str, Thread] = {}
        self.idempotent: dict[str, IdempotentRun] = {}
        # Commands that were carried out already, by request id: hash of the request, answer.
        self.requests: dict[str, tuple[str, bytes]] = {}
        self.candidates: dict[int, tuple[int, ...]] = {}
        # Of workflows with a limit: how many of their runs may still get an owner here.
        self.slots: dict[str, int] = {}
        self.transaction_id: int | None = None

    def find_head(self, run_id: str) -> RunHead | None:
        """Return the locked head of a run, or None where there is no such run."""
        key = self.keys.get(run_id)
        return None if key is None else self.heads.get(key)

    def add_event(
        self,
        head: RunHead,
        *,
        kind: str,
        at: int,
        node: str | None = None,
        data: bytes | None = None,
        covers: int = 1,
    ) -> int:
        """Give an event the run's next number, or `covers` numbers, and return the last one."""
        first = head.seq + 1
        head.seq = last = head.seq + covers
        head.is_changed = True
        self.rows.events.append(
            (head.key, last, first if covers > 1 else None, code_of(kind), at, node, data)
        )
        return last

    def now_micros(self) -> int:
        """Return the wall time for what carries none of its own."""
        return to_micros(self.clock.now())

    def flush(self) -> None:
        """Write all that was gathered; the commit is the caller's."""
        if self.new_heads:
            insert_heads(self.connection, self.new_heads)
        flush_heads(self.connection, (self.heads[key] for key in sorted(self.heads)))
        self.rows.flush(self.connection)
        if self.dialect == "postgresql":
            self._enter_feed()
        self.rows.flush_events(self.connection)

    def _enter_feed(self) -> None:
        """Take the feed's lock where there are events, and learn the transaction's own number: with it, a commit whose
        answer was lost can be asked for afterwards."""
        lock = f"pg_advisory_xact_lock({FEED_LOCK}), " if self.rows.events else ""
        row = self.connection.exec_driver_sql(f"SELECT {lock}pg_current_xact_id()::text::bigint").one()
        self.transaction_id = row[-1]
