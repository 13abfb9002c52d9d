"""The benchmarks' own parts: the figures they report, and the clients that they measure with, on a bare application."""

import asyncio
import json
import statistics
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.fan_out import QUESTION as FAN_OUT
from benchmarks.harness import Question, ask_all, machine, percentile, print_table
from benchmarks.http_load import Connection, post_request, run_load
from benchmarks.raw_limits import bare_application, group_commit
from benchmarks.websocket_client import open_watchers
from support.waiting import until_async


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1), st.integers(0, 100))
def test_a_percentile_is_one_of_the_values_between_the_least_and_the_most(
    values: list[float], percent: int
) -> None:
    assert min(values) <= percentile(values, percent) <= max(values)
    assert percentile(values, percent) in values


def test_questions_are_asked_in_turn_and_ratios_are_of_the_same_repeat(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def measure(folder: Path) -> dict[str, float]:
        asked.append(folder.name)
        return {"ours/s": 10.0 * len(asked), "limit/s": 40.0}

    questions = [
        Question(name=name, measure=measure, ratios=(("% of the limit", "ours/s", "limit/s"),))
        for name in "ab"
    ]
    answers = ask_all(questions, tmp_path, 2)
    assert asked == ["a-0", "b-0", "a-1", "b-1"]
    assert answers[0].values["% of the limit"] == [25.0, 75.0]
    print_table(answers, machine(), 2)
    shown = capsys.readouterr().out
    assert f"{statistics.median([10, 30]):.2f}  (10.00 to 30.00)" in shown


def test_plain_sqlite_commits_groups(tmp_path: Path) -> None:
    assert group_commit(tmp_path, 10, 0.05) > 10


def test_the_clients_count_what_a_bare_application_answers_and_sends(tmp_path: Path) -> None:
    texts: list[str] = []

    async def measure(port: int) -> None:
        load = await run_load(
            port, post_request("/api/runs/", b'{"name":"x"}', port), count=20, connections=4
        )
        assert len(load.milliseconds) == 20
        watchers = await open_watchers(
            port, "/api/ws/a-run", 30, on_text=lambda text, _now: texts.append(text.decode())
        )
        connection = await Connection.open(port)
        long = "é" * 40_000  # a frame whose length takes eight bytes
        for text in ("short", "m" * 300, long):
            order = json.dumps({"text": text, "count": 2}).encode()
            await connection.send(post_request("/burst", order, port))

        async def is_read() -> bool:
            return all(watcher.count == 6 for watcher in watchers)

        await until_async(is_read, what="all texts")
        assert texts.count(long) == texts.count("short") == 2 * 3
        with pytest.raises(RuntimeError, match="404"):
            await connection.send(post_request("/nowhere", b"{}", port))
        for watcher in watchers:
            watcher.close()
        await connection.close()

    with bare_application(tmp_path) as bare:
        asyncio.run(measure(bare.port))


def test_every_ratio_names_figures_that_its_question_measures() -> None:
    for _, ours, limit in FAN_OUT.ratios:
        assert ours.endswith("/s")
        assert limit.endswith("/s")
