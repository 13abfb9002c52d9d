"""Random histories of runs: owners commit whatever status comes to them, hosts die, commands come from outside.

The store lets through exactly what the table of statuses allows, changes nothing where it refuses, and never goes on with a
run that has ended. A store that does not look at the table must be found out.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from fastgraph.database import commits
from fastgraph.database.event_kinds import kind_of
from fastgraph.database.host_records import FreeDeadHost
from fastgraph.database.records import NewEvent, SendCommand
from fastgraph.database.tables import events, runs
from fastgraph.errors import IllegalTransitionError, LostOwnershipError
from fastgraph.events import EventKind
from fastgraph.ids import new_id
from fastgraph.status import ENDED, TRANSITIONS, WAITING, RunStatus
from support.stores import NOW, Chain, accept, answers, boot, claim, open_store, write

MODEL = settings(
    max_examples=8,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
MUTANT = settings(
    MODEL,
    max_examples=100,
    stateful_step_count=10,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    database=None,
    derandomize=True,
)
TOLD_AS = {RunStatus.RUNNING: EventKind.RESUMED, RunStatus.WAITING: EventKind.WAITING}
STATUSES = sorted(set(RunStatus) - {RunStatus.QUEUED, RunStatus.PAUSED})


class Runs(RuleBasedStateMachine):
    """Three runs. `seen` is the last status of each that the store has shown, `owners` who may write to it."""

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="fastgraph-model-")
        path = Path(self.folder.name)
        self.store = open_store(f"sqlite:///{path / 'fastgraph.db'}", path, sqlite_synchronous="NORMAL")
        self.host = boot(self.store)
        self.runs = [accept(self.store, thread_id=new_id()).run_id for _ in range(3)]
        self.seen = dict.fromkeys(self.runs, RunStatus.QUEUED)
        self.owners: dict[str, Chain] = {}

    def teardown(self) -> None:
        if hasattr(self, "store"):
            asyncio.run(self.store.close())
            self.folder.cleanup()

    @rule()
    def claim(self) -> None:
        for run in claim(self.store, self.host, limit=3, max_deaths=1_000):
            chain = Chain(run, self.host)
            assert self.seen[chain.run_id] not in ENDED
            self.owners[chain.run_id] = chain

    @rule(number=st.integers(0, 2), status=st.sampled_from(STATUSES))
    def commit(self, number: int, status: RunStatus) -> None:
        """The owner, if there is one, says that the run has come to a status; a waiting one it gives back."""
        run_id = self.runs[number]
        chain = self.owners.get(run_id)
        if chain is None:
            return
        kind = TOLD_AS.get(status) or EventKind(status.value)
        gives_back = {"release": True} if status in WAITING else {}
        operation = chain.operation(
            events=(NewEvent(kind=kind, at=NOW),), status=status, error=_error(status), **gives_back
        )
        [answer] = answers(self.store, [operation])
        before = self.seen[run_id]
        if status is not before and status not in TRANSITIONS[before]:
            assert isinstance(answer, IllegalTransitionError), f"{before} -> {status}: {answer}"
            return
        assert not isinstance(answer, Exception), answer
        chain.follow(operation, answer)
        self.seen[run_id] = status
        if status in ENDED or status in WAITING:
            del self.owners[run_id]

    @rule(number=st.integers(0, 2), kind=st.sampled_from(["cancel", "signal"]))
    def send(self, number: int, kind: str) -> None:
        """A command from outside: a signal wakes, a cancel ends at once what nobody owns."""
        run_id = self.runs[number]
        body = b'{"name":"go"}' if kind == "signal" else b"{}"
        [answer] = answers(self.store, [SendCommand(run_id=run_id, kind=kind, body=body, now=NOW)])
        if self.seen[run_id] in ENDED:
            assert isinstance(answer, Exception)
        elif kind == "cancel" and run_id not in self.owners:
            self.seen[run_id] = RunStatus.CANCELLED

    @rule()
    def host_dies(self) -> None:
        write(self.store, FreeDeadHost(boot_id=self.host, reason="killed", now=NOW, quarantine_deaths=1_000))
        late = [chain.operation(events=(NewEvent(kind=EventKind.LOG, at=NOW),)) for chain in self._owned()]
        assert all(isinstance(answer, LostOwnershipError) for answer in answers(self.store, late))
        self.owners.clear()
        self.host = boot(self.store)

    def _owned(self) -> list[Chain]:
        return list(self.owners.values())

    @invariant()
    def the_store_says_the_same(self) -> None:
        if not hasattr(self, "store"):
            return
        with self.store.writer.connect() as connection:
            rows = connection.execute(select(runs)).all()
            told = connection.execute(select(events.c.run_key, events.c.kind)).all()
        for row in rows:
            assert row.status == self.seen[row.run_id]
            ends = [kind for key, code in told if key == row.key and (kind := kind_of(code)) in set(ENDED)]
            assert ends == ([row.status] if row.status in ENDED else [])
            assert row.owner is None or row.status not in ENDED


def _error(status: RunStatus) -> bytes | None:
    return b'{"type":"Error"}' if status in {RunStatus.FAILED, RunStatus.QUARANTINED} else None


def test_a_run_of_any_history_goes_only_where_the_table_leads() -> None:
    run_state_machine_as_test(Runs, settings=MODEL)


def test_a_store_that_does_not_look_at_the_table_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commits, "check_transition", lambda *_: None)
    with pytest.raises(AssertionError, match="->"):
        run_state_machine_as_test(Runs, settings=MUTANT)
