"""Several processes write to one store: each run has one owner, the feed has one order, and a kill leaves it whole."""

import random
import threading
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from fastgraph.database import tables
from fastgraph.database.events import last_cursor, read_feed
from fastgraph.database.records import Accepted
from fastgraph.database.store import Store
from support import store_program
from support.programs import Program, ProgramStarter
from support.stores import accept, find_faults

pytestmark = pytest.mark.anyio

PROGRAM = str(Path(store_program.__file__).resolve())
PROCESSES = 3
RUNS = 60
STEPS = 40
KILLS = 4


def start(start_program: ProgramStarter, what: str, url: str, store: Store, count: int = 0) -> Program:
    return start_program(PROGRAM, what, url, str(store.data_dir), str(count))


async def test_each_run_is_claimed_by_one_process(
    store: Store, store_url: str, start_program: ProgramStarter
) -> None:
    kept = {accept(store).run_id for _ in range(RUNS)}
    programs = [start(start_program, "claim", store_url, store, RUNS) for _ in range(PROCESSES)]
    for program in programs:
        assert program.wait_for_exit() == 0, program.tail()
    claims = Counter(
        line.split()[1] for program in programs for line in program.lines if line.startswith("claimed")
    )
    assert set(claims) == kept
    assert set(claims.values()) == {1}


async def test_a_reader_of_the_feed_misses_nothing_while_several_processes_write(
    store: Store, store_url: str, start_program: ProgramStarter
) -> None:
    """It goes on from the last cursor that it saw: an event that became visible later under a smaller one is lost."""
    programs = [start(start_program, "steps", store_url, store, STEPS) for _ in range(PROCESSES)]
    seen: list[tuple[str, int]] = []
    cursor = 0
    async with store.readers.connect() as connection:
        while True:
            was_running = any(program.is_running for program in programs)
            page = await read_feed(connection, after_cursor=cursor, limit=50)
            seen += [(event.run_id, event.seq) for event in page]
            cursor = page[-1].cursor if page else cursor
            if not page and not was_running:
                break
        everything = await read_feed(connection, after_cursor=0, limit=100_000)
        assert await last_cursor(connection) == cursor
    for program in programs:
        assert program.wait_for_exit() == 0, program.tail()
    assert sorted(seen) == sorted((event.run_id, event.seq) for event in everything)
    assert len(seen) == PROCESSES * (store_program.CHAINS * (2 + 3 * STEPS) + STEPS)
    in_order: dict[str, list[int]] = {}
    for run_id, seq in seen:
        in_order.setdefault(run_id, []).append(seq)
    assert all(seqs == list(range(1, len(seqs) + 1)) for seqs in in_order.values())
    assert await find_faults(store) == []


@pytest.mark.slow
async def test_kill_9_of_a_writer_loses_nothing_that_was_acknowledged(
    store: Store, store_url: str, start_program: ProgramStarter
) -> None:
    chance = random.Random(1)
    kept: dict[int, int] = {}
    for _ in range(KILLS):
        program = start(start_program, "for-ever", store_url, store)
        program.wait_for_line("kept")
        threading.Event().wait(
            chance.random() / 3
        )  # the moment of the kill is the chance that is wanted here
        program.kill()
        program.end()
        for line in program.lines:
            if line.startswith("kept") and len(line.split()) == 3:
                key, seq = (int(word) for word in line.split()[1:])
                kept[key] = max(kept.get(key, 0), seq)
        assert await find_faults(store) == []
    async with store.readers.connect() as connection:
        rows = (await connection.execute(select(tables.runs.c.key, tables.runs.c.seq))).all()
    stored = {row.key: row.seq for row in rows}
    assert len(kept) >= KILLS * store_program.CHAINS
    assert all(stored[key] >= seq for key, seq in kept.items())
    assert isinstance(accept(store), Accepted)


@pytest.mark.slow
async def test_a_crash_before_or_after_any_statement_leaves_a_store_that_is_whole(
    store: Store, store_url: str, start_program: ProgramStarter
) -> None:
    program = start(start_program, "crash", store_url, store)
    deaths = int(program.wait_for_line(r"deaths (\d+)", within_seconds=120)[1])
    assert program.wait_for_exit() == 0
    assert deaths >= 20
    assert [line for line in program.lines if line.startswith("fault")] == []


async def test_processes_that_start_at_once_on_an_empty_store_all_migrate(
    store_url: str, tmp_path: Path, start_program: ProgramStarter
) -> None:
    programs = [
        start_program(PROGRAM, "migrate", store_url, str(tmp_path / "data")) for _ in range(PROCESSES + 1)
    ]
    for program in programs:
        assert program.wait_for_exit() == 0, program.tail()
        assert program.lines == ["migrated"]
