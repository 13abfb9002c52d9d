"""The server's store answers as LangGraph's store in SQLite does, on both databases."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import langgraph.store.sqlite
from hypothesis import given, settings

from actors.host.server_store import ServerStore
from fastgraph.clock import SystemClock
from fastgraph.database.store import Store
from support.store_steps import PROGRAMS, play
from support.stores import open_store


class Direct:
    """Writes one operation at a time, without an actor."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def write(self, operation: Any) -> Any:
        [answer] = await asyncio.to_thread(self._store.write_group, [operation])
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_every_sequence_of_operations_has_the_same_answers(store_url: str, tmp_path: Path) -> None:
    store = open_store(store_url, tmp_path / "data")

    @settings(max_examples=40, deadline=None)
    @given(PROGRAMS)
    def answers_are_the_same(program: list[tuple[Any, ...]]) -> None:
        with langgraph.store.sqlite.SqliteStore.from_conn_string(":memory:") as theirs:
            expected = play(theirs, program)
        assert loop.run_until_complete(_play_and_clear(store, program)) == expected

    loop = asyncio.new_event_loop()
    try:
        answers_are_the_same()
        loop.run_until_complete(store.close())
    finally:
        loop.close()


async def _play_and_clear(store: Store, program: list[tuple[Any, ...]]) -> list[Any]:
    shared = ServerStore(
        store=store,
        writer=Direct(store),
        clock=SystemClock(),
        loop=asyncio.get_running_loop(),
        max_value_bytes=1_000_000,
    )
    answers = await asyncio.to_thread(play, shared, program)
    with store.writer.connect() as connection, connection.begin():
        connection.exec_driver_sql("DELETE FROM store_items")
    return answers
