"""A model of hosts that claim, commit, die, hang and come back, against a real store.

Whatever the order of events: a commit passes exactly where its claim is the newest one, numbers have no hole, and what
was acknowledged stays. A mutant without the guard must be found out, or the model would prove nothing.
"""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, update

from fastgraph.database import commits
from fastgraph.database.heads import RunHead
from fastgraph.database.host_records import FreeDeadHost, RenewLease, RetireHost
from fastgraph.database.records import ClaimedRun, ClaimRuns, Committed, DeleteRun, SendCommand
from fastgraph.database.store import Store
from fastgraph.database.tables import hosts as host_rows
from fastgraph.database.tables import runs
from fastgraph.errors import ConflictError, LostOwnershipError, RunNotFoundError
from fastgraph.ids import new_id
from support.stores import NOW, Chain, accept, answers, boot, find_faults, interrupt, open_store, write

THREADS = 2
LEASE_SECONDS = 30.0  # what an example really takes is far less
MODEL = settings(
    max_examples=12,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

# One find is enough, and nobody reads the smallest example of a fault that we made ourselves.
# The same histories each time: that a mutant is found in so many must not be left to chance.
MUTANT = settings(
    MODEL,
    max_examples=200,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    database=None,
    derandomize=True,
)


class Hosts(RuleBasedStateMachine):
    """Hosts keep every claim that they ever got, so each may write as a zombie at any time."""

    hosts = Bundle("hosts")
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="fastgraph-model-")
        path = Path(self.folder.name)
        self.store: Store = open_store(
            f"sqlite:///{path / 'fastgraph.db'}", path, sqlite_synchronous="NORMAL"
        )
        self.threads = [new_id() for _ in range(THREADS)]
        self.newest: dict[str, Chain] = {}
        self.acknowledged: dict[str, int] = {}
        self.ended: set[str] = set()
        self.lease_left: dict[str, float] = {}
        self.over: set[str] = set()
        self.first_hosts = [self._boot(), self._boot()]

    @initialize(target=hosts)
    def start_first_hosts(self) -> object:
        return multiple(*self.first_hosts)

    @initialize(target=claims)
    def claim_first_runs(self) -> object:
        """A history of few steps should be of claims, and not of what they need."""
        for thread in range(THREADS + 1):
            self._accept(thread)
        return self._claim(self.first_hosts[0], THREADS)

    def teardown(self) -> None:
        asyncio.run(self.store.close())
        self.folder.cleanup()

    @rule(target=hosts)
    def start_host(self) -> str:
        return self._boot()

    @rule(thread=st.integers(0, THREADS))
    def accept_run(self, thread: int) -> None:
        self._accept(thread)

    @rule(target=claims, host=hosts, limit=st.integers(1, 3))
    def claim_runs(self, host: str, limit: int) -> object:
        return self._claim(host, limit)

    @rule(chain=claims, steps=st.integers(1, 3))
    def commit_steps(self, chain: Chain, steps: int) -> None:
        """A run that is queued starts with its first commit, a waiting one goes on."""
        is_owner = self._is_owner(chain)
        first = (
            [chain.started()]
            if is_owner and chain.claimed.status != "running" and chain.seq == chain.claimed.seq
            else []
        )
        self._commit(chain, [*first, *(None for _ in range(steps))])

    @rule(chain=claims)
    def interrupt_run(self, chain: Chain) -> None:
        if self._is_running(chain):
            self._commit(chain, [replace(interrupt(chain), seen_inbox=None)])
            self.newest.pop(chain.run_id, None)

    @rule(chain=claims)
    def complete_run(self, chain: Chain) -> None:
        if self._is_running(chain):
            self._commit(chain, [chain.completed()])
            self._end(chain.run_id)
        elif not self._is_owner(chain):
            self._commit(chain, [chain.completed()])

    @rule(host=hosts)
    def host_dies(self, host: str) -> None:
        freed = write(
            self.store, FreeDeadHost(boot_id=host, reason="killed", now=NOW, quarantine_deaths=1_000)
        )
        self.over.add(host)
        self._free(freed)

    @rule(host=consumes(hosts))
    def host_ends(self, host: str) -> None:
        self._free(write(self.store, RetireHost(boot_id=host, now=NOW)))

    @rule(host=hosts)
    def renew_lease(self, host: str) -> None:
        """A boot renews as long as nobody has declared it dead, also when its lease is over by now."""
        renewed = write(self.store, RenewLease(boot_id=host, lease_seconds=LEASE_SECONDS, report=b"{}"))
        assert renewed is (host not in self.over)
        if renewed:
            self.lease_left[host] = LEASE_SECONDS

    @rule(seconds=st.sampled_from([1.0, 20.0, 40.0]))
    def time_goes_by(self, seconds: float) -> None:
        """The clock goes on for all leases: they all end so much sooner."""
        with self.store.writer.begin() as connection:
            connection.execute(
                update(host_rows).values(lease_until=host_rows.c.lease_until - round(seconds * 1_000_000))
            )
        for host in self.lease_left:
            self.lease_left[host] -= seconds

    @rule(host=hosts)
    def lapsed_host_is_freed(self, host: str) -> None:
        """Whoever finds a lapsed lease frees its runs; a lease that is good is let alone."""
        operation = FreeDeadHost(
            boot_id=host, reason="its lease lapsed", now=NOW, quarantine_deaths=1_000, only_if_lapsed=True
        )
        [freed] = answers(self.store, [operation])
        if self.lease_left[host] > 0:
            assert isinstance(freed, ConflictError)
        else:
            assert isinstance(freed, tuple)
            self.over.add(host)
            self._free(freed)

    @rule(chain=claims)
    def cancel_run(self, chain: Chain) -> None:
        command = SendCommand(run_id=chain.run_id, kind="cancel", body=b"{}", now=NOW)
        [answer] = answers(self.store, [command])
        if chain.run_id in self.ended:
            assert isinstance(answer, ConflictError | RunNotFoundError)
        elif chain.run_id not in self.newest or self.lease_left[self.newest[chain.run_id].owner] <= 0:
            assert isinstance(answer, Committed)
            self._end(chain.run_id)

    @rule(chain=consumes(claims))
    def delete_run(self, chain: Chain) -> None:
        [answer] = answers(self.store, [DeleteRun(run_id=chain.run_id)])
        if chain.run_id in self.ended:
            assert isinstance(answer, tuple | RunNotFoundError)
            self.acknowledged.pop(chain.run_id, None)
        else:
            assert isinstance(answer, ConflictError)

    @invariant()
    def the_store_holds_together(self) -> None:
        assert asyncio.run(self._look()) == []

    async def _look(self) -> list[str]:
        faults = await find_faults(self.store)
        async with self.store.readers.connect() as connection:
            rows = (await connection.execute(select(runs.c.run_id, runs.c.seq, runs.c.owner))).all()
        stored = {row.run_id: row for row in rows}
        for run_id, seq in self.acknowledged.items():
            if run_id not in stored or stored[run_id].seq < seq:
                faults.append(f"run {run_id} was acknowledged up to {seq}")
        for run_id, chain in self.newest.items():
            if stored[run_id].owner != chain.owner:
                faults.append(f"run {run_id} belongs to {stored[run_id].owner} and not to {chain.owner}")
        await self.store.readers.dispose()  # its connections belong to this loop
        return faults

    def _boot(self) -> str:
        host = boot(self.store, lease_seconds=LEASE_SECONDS)
        self.lease_left[host] = LEASE_SECONDS
        return host

    def _accept(self, thread: int) -> None:
        accepted = accept(self.store, thread_id=self.threads[thread] if thread < THREADS else new_id())
        self.acknowledged[accepted.run_id] = 1
        for run_id in accepted.superseded:
            self._end(run_id)

    def _claim(self, host: str, limit: int) -> object:
        [claimed] = answers(self.store, [ClaimRuns(owner=host, workflows=("chain",), limit=limit, now=NOW)])
        if isinstance(claimed, ConflictError):
            return multiple()
        assert isinstance(claimed, tuple)
        chains = [Chain(run, host) for run in claimed if isinstance(run, ClaimedRun)]
        for chain in chains:
            assert chain.run_id not in self.ended
            self.newest[chain.run_id] = chain
        return multiple(*chains)

    def _commit(self, chain: Chain, wanted: list[object]) -> None:
        is_owner = self._is_owner(chain)
        for given in wanted:
            operation = chain.step() if given is None else given
            [answer] = answers(self.store, [operation])  # type: ignore[list-item] # a CommitRun
            if not is_owner:
                assert isinstance(answer, LostOwnershipError), answer
                return
            chain.follow(operation, answer)  # type: ignore[arg-type] # a CommitRun
            self.acknowledged[chain.run_id] = chain.seq

    def _is_owner(self, chain: Chain) -> bool:
        return self.newest.get(chain.run_id) is chain

    def _is_running(self, chain: Chain) -> bool:
        return self._is_owner(chain) and (chain.claimed.status == "running" or chain.seq > chain.claimed.seq)

    def _end(self, run_id: str) -> None:
        self.ended.add(run_id)
        self.newest.pop(run_id, None)

    def _free(self, freed: tuple[str, ...]) -> None:
        for run_id in freed:
            self.newest.pop(run_id, None)


def test_only_the_newest_claim_of_a_run_can_write() -> None:
    run_state_machine_as_test(Hosts, settings=MODEL)


@pytest.mark.slow
def test_the_model_finds_out_a_store_without_a_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    def let_everybody_pass(head: RunHead | None, **_expected: object) -> RunHead:
        assert head is not None
        return head

    guard: Callable[..., RunHead] = let_everybody_pass
    monkeypatch.setattr(commits, "check_owner", guard)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Hosts, settings=MUTANT)
