"""Commands from outside: rows that reach a run whoever owns it, and cancel that works without an owner."""

import pytest

from fastgraph.database.attempts import read_attempts
from fastgraph.database.host_records import FreeDeadHost
from fastgraph.database.inbox import read_unconsumed
from fastgraph.database.interrupts import list_of_run, list_pending, read_answers
from fastgraph.database.records import AttemptRow, Committed, SendCommand
from fastgraph.database.runs import find_run
from fastgraph.database.store import Store
from fastgraph.errors import ConflictError, RunNotFoundError
from fastgraph.ids import new_id
from fastgraph.status import RunStatus
from support.stores import NOW, Chain, accept, answers, boot, claim, claim_one, interrupt, start_one, write

pytestmark = pytest.mark.anyio


def command(run_id: str, kind: str, body: bytes = b"{}") -> SendCommand:
    return SendCommand(run_id=run_id, kind=kind, body=body, now=NOW)


async def status_of(store: Store, run_id: str) -> str:
    async with store.readers.connect() as connection:
        run = await find_run(connection, run_id=run_id)
    assert run is not None
    return run.status


async def test_a_command_reaches_the_inbox_of_an_owned_run_in_order(store: Store) -> None:
    chain = start_one(store, boot(store))
    first = write(store, command(chain.run_id, "signal", b'{"n":1}'))
    group = answers(store, [command(chain.run_id, "signal", b'{"n":2}'), command(chain.run_id, "cancel")])
    assert first == Committed(run_key=chain.key, run_id=chain.run_id, seq=chain.seq, inbox=1)
    assert [answer.inbox for answer in group if isinstance(answer, Committed)] == [2, 3]
    async with store.readers.connect() as connection:
        rows = await read_unconsumed(connection, run_key=chain.key, consumed=1)
    assert [(row.key, row.kind, row.body) for row in rows] == [
        (2, "signal", b'{"n":2}'),
        (3, "cancel", b"{}"),
    ]


async def test_a_commit_tells_the_owner_that_its_inbox_has_grown(store: Store) -> None:
    chain = start_one(store, boot(store))
    write(store, command(chain.run_id, "cancel"))
    assert chain.commit(store, chain.step()).inbox == 1


async def test_a_command_to_an_unknown_or_ended_run_is_refused(store: Store) -> None:
    chain = start_one(store, boot(store))
    chain.commit(store, chain.completed())
    unknown, ended = answers(store, [command(new_id(), "cancel"), command(chain.run_id, "cancel")])
    assert isinstance(unknown, RunNotFoundError)
    assert isinstance(ended, ConflictError)


async def test_cancel_of_a_queued_run_ends_it_at_once(store: Store) -> None:
    accepted = accept(store)
    ended = write(store, command(accepted.run_id, "cancel", b'{"reason":"no more"}'))
    assert ended.seq == 2
    assert await status_of(store, accepted.run_id) == "cancelled"
    assert claim(store, boot(store)) == ()


async def test_cancel_of_a_waiting_run_ends_it_at_once(store: Store) -> None:
    chain = start_one(store, boot(store))
    chain.commit(store, interrupt(chain))
    write(store, command(chain.run_id, "cancel"))
    assert await status_of(store, chain.run_id) == "cancelled"
    async with store.readers.connect() as connection:
        assert await list_pending(connection) == []


async def test_cancel_of_an_owned_run_is_left_to_its_owner(store: Store) -> None:
    chain = start_one(store, boot(store))
    write(store, command(chain.run_id, "cancel"))
    assert await status_of(store, chain.run_id) == "running"


async def test_cancel_of_a_run_whose_owner_has_lapsed_ends_it_at_once(store: Store) -> None:
    owner = boot(store, lease_seconds=-1)
    chain = start_one(store, owner)
    write(store, command(chain.run_id, "cancel"))
    assert await status_of(store, chain.run_id) == "cancelled"


async def test_cancel_of_a_run_that_lost_its_owner_ends_it_at_once(store: Store) -> None:
    owner = boot(store)
    chain = start_one(store, owner)
    write(store, FreeDeadHost(boot_id=owner, reason="killed", now=NOW))
    write(store, command(chain.run_id, "cancel"))
    assert await status_of(store, chain.run_id) == "cancelled"


async def test_an_answer_wakes_an_interrupted_run(store: Store) -> None:
    owner = boot(store)
    chain = start_one(store, owner)
    chain.commit(store, interrupt(chain))
    assert claim(store, owner) == ()
    write(store, command(chain.run_id, "resume", b'{"resume":"yes"}'))
    again = Chain(claim_one(store, owner), owner)
    assert [row.body for row in again.claimed.commands] == [b'{"resume":"yes"}']

    again.commit(
        store, again.operation(answered=(("question", b'"yes"'),), consumed=1, status=RunStatus.RUNNING)
    )
    async with store.readers.connect() as connection:
        [answer] = await read_answers(connection, run_key=chain.key)
        assert await list_pending(connection, run_key=chain.key) == []
        assert await list_of_run(connection, run_key=chain.key) == [answer]
    assert (answer.interrupt_id, answer.task_id, answer.answer) == ("question", "task of ask", b'"yes"')


async def test_an_answer_to_nothing_is_refused(store: Store) -> None:
    chain = start_one(store, boot(store))
    [answer] = answers(store, [command(chain.run_id, "resume", b'{"resume":1}')])
    assert isinstance(answer, ConflictError)


async def test_the_same_question_is_not_answered_twice(store: Store) -> None:
    chain = start_one(store, boot(store))
    chain.commit(store, interrupt(chain))
    first, second = answers(store, [command(chain.run_id, "resume", b'{"resume":1}')] * 2)
    assert isinstance(first, Committed)
    assert isinstance(second, ConflictError)


async def test_several_questions_are_answered_by_name(store: Store) -> None:
    chain = start_one(store, boot(store))
    chain.commit(store, interrupt(chain, "a", "b"))
    bare, unknown, good, again, other = answers(
        store,
        [
            command(chain.run_id, "resume", b'{"resume":1}'),
            command(chain.run_id, "resume", b'{"answers":{"c":1}}'),
            command(chain.run_id, "resume", b'{"answers":{"a":1}}'),
            command(chain.run_id, "resume", b'{"answers":{"a":1}}'),
            command(chain.run_id, "resume", b'{"resume":1}'),
        ],
    )
    assert isinstance(bare, ConflictError)
    assert isinstance(unknown, ConflictError)
    assert isinstance(good, Committed)
    assert isinstance(again, ConflictError)
    assert isinstance(other, Committed)


async def test_failed_attempts_are_kept_until_the_end(store: Store) -> None:
    chain = start_one(store, boot(store))
    row = AttemptRow(task_id="t", node="n", attempt=1, next_at=NOW, error=b'{"type":"ValueError"}')
    again = AttemptRow(task_id="t", node="n", attempt=2, next_at=NOW, error=b"{}")
    chain.commit(store, chain.operation(attempts=(row,)))
    chain.commit(store, chain.operation(attempts=(again,)))
    async with store.readers.connect() as connection:
        assert await read_attempts(connection, run_key=chain.key) == [again]
    chain.commit(store, chain.completed())
    async with store.readers.connect() as connection:
        assert await read_attempts(connection, run_key=chain.key) == []
