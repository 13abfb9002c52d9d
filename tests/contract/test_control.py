"""Orders of people as transactions: pauses, what they keep, requests that come twice, and the audit of all of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fastgraph.database.audit import REQUEST_DAYS, list_audit
from fastgraph.database.cancels import list_unheeded_cancels
from fastgraph.database.control_records import (
    Audited,
    AuditNote,
    DiscardRun,
    PauseRun,
    RetryRun,
    SetPause,
    UnpauseRun,
)
from fastgraph.database.host_records import FreeDeadHost
from fastgraph.database.inbox import read_unconsumed
from fastgraph.database.item_records import SweepItems
from fastgraph.database.pausing import list_pauses
from fastgraph.database.records import DeleteRun, SendCommand, TerminateRun
from fastgraph.database.runs import count_stranded, find_run
from fastgraph.database.store import Store
from fastgraph.errors import ConflictError, RunNotFoundError
from fastgraph.events import EventKind
from fastgraph.ids import new_id
from fastgraph.status import RunStatus
from support.stores import NOW, WORKFLOW, accept, answers, boot, claim, interrupt, new_run, start_one, write

pytestmark = pytest.mark.anyio


def pause(run_id: str) -> PauseRun:
    return PauseRun(run_id=run_id, reason="lunch", now=NOW)


def unpause(run_id: str) -> UnpauseRun:
    return UnpauseRun(run_id=run_id, now=NOW)


def set_pause(*, is_paused: bool, name: str = "") -> SetPause:
    return SetPause(scope="workflow" if name else "server", name=name, is_paused=is_paused, who="me", now=NOW)


def audited(operation: Any, *, key: str | None = None, said: str = "so") -> Audited:
    note = AuditNote(who="me", action="act", subject="it", request_id=key, request_hash=key and said, now=NOW)
    return Audited(note=note, operation=operation)


def quarantine(run_id: str) -> TerminateRun:
    error = b'{"type":"Quarantined","message":"poison"}'
    return TerminateRun(
        run_id=run_id,
        status=RunStatus.QUARANTINED,
        kind=EventKind.QUARANTINED,
        data=error,
        error=error,
        now=NOW,
    )


async def view(store: Store, run_id: str) -> Any:
    async with store.readers.connect() as connection:
        run = await find_run(connection, run_id=run_id)
    assert run is not None
    return run


async def test_a_queued_run_is_paused_at_once_and_claimed_by_nobody(store: Store) -> None:
    owner, run_id = boot(store), accept(store).run_id
    for seq in (2, 2):  # twice is once
        assert write(store, pause(run_id)).seq == seq
    run = await view(store, run_id)
    assert (run.status, run.waiting_for) == ("paused", "an unpause: it is paused")
    assert claim(store, owner) == ()
    write(store, unpause(run_id))
    assert (await view(store, run_id)).status == "queued"
    assert len(claim(store, owner)) == 1


async def test_a_waiting_run_is_after_its_pause_what_it_was_and_kept_what_came(store: Store) -> None:
    owner = boot(store)
    chain = start_one(store, owner)
    chain.commit(store, interrupt(chain))
    write(store, pause(chain.run_id))
    write(store, SendCommand(run_id=chain.run_id, kind="resume", body=b'{"resume":1}', now=NOW))
    assert claim(store, owner) == ()
    write(store, unpause(chain.run_id))
    assert (await view(store, chain.run_id)).status == "interrupted"
    [claimed] = claim(store, owner)
    assert [command.kind for command in claimed.commands] == ["resume"]


async def test_a_sleeping_run_that_was_paused_wakes_at_its_time(store: Store) -> None:
    owner = boot(store)
    chain = start_one(store, owner)
    chain.commit(store, chain.operation(status=RunStatus.SLEEPING, release=True, wake_at=NOW))
    write(store, pause(chain.run_id))
    assert claim(store, owner) == ()
    write(store, unpause(chain.run_id))
    run = await view(store, chain.run_id)
    assert (run.status, run.wake_at) == ("sleeping", NOW)
    assert len(claim(store, owner)) == 1


async def test_an_owner_hears_of_a_pause_and_a_dead_one_need_not(store: Store) -> None:
    owner = boot(store)
    chain = start_one(store, owner)
    write(store, pause(chain.run_id))
    assert (await view(store, chain.run_id)).status == "running"
    async with store.readers.connect() as connection:
        [command] = await read_unconsumed(connection, run_key=chain.key, consumed=0)
    assert (command.kind, command.body) == ("pause", b'{"reason":"lunch"}')
    write(store, FreeDeadHost(boot_id=owner, reason="killed", now=NOW))
    write(store, unpause(chain.run_id))  # before anybody obeyed the pause
    [claimed] = claim(store, boot(store))
    assert [command.kind for command in claimed.commands] == ["void"]


async def test_a_run_whose_owner_has_lapsed_is_paused_at_once_and_fenced(store: Store) -> None:
    chain = start_one(store, boot(store, lease_seconds=-1))
    write(store, pause(chain.run_id))
    assert (await view(store, chain.run_id)).status == "paused"
    [late] = answers(store, [chain.step()])
    assert isinstance(late, Exception)
    write(store, unpause(chain.run_id))
    [claimed] = claim(store, boot(store))
    assert claimed.status is RunStatus.RUNNING


async def test_an_ended_or_unknown_run_is_not_paused(store: Store) -> None:
    chain = start_one(store, boot(store))
    chain.commit(store, chain.completed())
    ended, unknown = answers(store, [pause(chain.run_id), unpause(new_id())])
    assert isinstance(ended, ConflictError)
    assert isinstance(unknown, RunNotFoundError)


@pytest.mark.parametrize("name", ["", WORKFLOW], ids=["server", "workflow"])
async def test_what_is_paused_is_claimed_by_nobody_and_is_not_stranded(store: Store, name: str) -> None:
    owner = boot(store)
    chain = start_one(store, owner)
    queued = accept(store).run_id
    news = [write(store, set_pause(is_paused=is_paused, name=name)) for is_paused in (True, True)]
    assert news == [True, False]
    write(store, FreeDeadHost(boot_id=owner, reason="killed", now=NOW))
    assert claim(store, boot(store)) == ()
    assert str((await view(store, queued)).waiting_for).endswith("is paused")
    async with store.readers.connect() as connection:
        assert await count_stranded(connection) == 0
        [paused] = await list_pauses(connection)
    assert (paused.name, paused.who) == (name, "me")
    assert write(store, set_pause(is_paused=False, name=name))
    assert {run.run_id for run in claim(store, boot(store))} == {chain.run_id, queued}


async def test_the_same_request_is_carried_out_once_and_another_under_its_id_is_refused(store: Store) -> None:
    run_id = accept(store).run_id
    first = write(store, audited(pause(run_id), key="k"))
    write(store, unpause(run_id))
    again, other = answers(
        store, [audited(pause(run_id), key="k"), audited(pause(run_id), key="k", said="else")]
    )
    assert again == first
    assert isinstance(other, ConflictError)
    assert (await view(store, run_id)).status == "queued"
    twice = answers(store, [audited(pause(run_id), key="l"), audited(unpause(run_id), key="l")])
    assert twice[0] == twice[1]
    assert (await view(store, run_id)).status == "paused"


async def test_a_request_is_forgotten_after_a_week_and_the_audit_is_not(store: Store) -> None:
    run_id = accept(store).run_id
    write(store, audited(pause(run_id), key="k"))
    write(store, unpause(run_id))
    for days, status in ((REQUEST_DAYS - 1, "queued"), (REQUEST_DAYS, "paused")):
        write(store, SweepItems(now=NOW + timedelta(days=days)))
        write(store, audited(pause(run_id), key="k"))
        assert (await view(store, run_id)).status == status
    async with store.readers.connect() as connection:
        assert (await list_audit(connection)).total == 2


async def test_the_audit_has_what_was_done_and_what_was_refused(store: Store) -> None:
    run_id = accept(store).run_id
    answers(store, [audited(pause(run_id), key="k"), audited(DeleteRun(run_id=run_id))])
    async with store.readers.connect() as connection:
        page = await list_audit(connection, subject="it")
        nothing = await list_audit(connection, subject="another")
    refused, done = page.commands
    assert (done.who, done.action, done.request_id, done.outcome) == ("me", "act", "k", "done")
    assert refused.outcome.startswith(f"refused: Run {run_id} is paused")
    assert (page.total, nothing.commands) == (2, ())


async def test_a_retry_makes_a_run_of_the_same_thread_and_settles_the_old_one(store: Store) -> None:
    chain = start_one(store, boot(store))
    thread_id = (await view(store, chain.run_id)).thread_id

    def retry() -> RetryRun:
        return RetryRun(run_id=chain.run_id, accept=new_run(thread_id=thread_id))

    [early] = answers(store, [retry()])
    assert isinstance(early, ConflictError)
    write(store, quarantine(chain.run_id))
    new = write(store, audited(retry(), key="k"))
    assert write(store, audited(retry(), key="k")).run_id == new.run_id
    run = await view(store, new.run_id)
    assert (run.status, run.retried_from, run.thread_id) == ("queued", chain.run_id, thread_id)
    assert (await view(store, chain.run_id)).settled_at is not None


async def test_only_a_bad_end_is_discarded(store: Store) -> None:
    chain = start_one(store, boot(store))
    [early] = answers(store, [DiscardRun(run_id=chain.run_id, now=NOW)])
    assert isinstance(early, ConflictError)
    write(store, quarantine(chain.run_id))
    write(store, DiscardRun(run_id=chain.run_id, now=NOW))
    run = await view(store, chain.run_id)
    assert (run.status, run.settled_at) == ("quarantined", NOW)


async def test_a_cancel_that_nobody_obeys_is_found(store: Store) -> None:
    owner = boot(store)
    chain = start_one(store, owner)
    write(store, SendCommand(run_id=chain.run_id, kind="cancel", body=b"{}", now=NOW))

    async def found(seconds: float) -> list[str]:
        async with store.readers.connect() as connection:
            unheeded = await list_unheeded_cancels(
                connection, now=NOW + timedelta(seconds=seconds), owner_grace_seconds=10
            )
        return [cancel.run_id for cancel in unheeded]

    assert await found(5) == []
    assert await found(11) == [chain.run_id]
    write(store, FreeDeadHost(boot_id=owner, reason="killed", now=NOW))
    assert await found(0) == [chain.run_id]
