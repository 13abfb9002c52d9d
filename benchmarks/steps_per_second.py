"""How many durable steps a second does a whole host do, with 1, 50 and 500 runs of a 5-node chain at once?

The runs are accepted before; then a host with room for so many runs starts, and the time goes from the first
run's start to the last one's end, as the store has them. Every step is its own commit (synchronous=FULL).
Beside it: plain sqlite3 that commits groups of as many.
"""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime
from pathlib import Path

from benchmarks.flows import CHAIN
from benchmarks.harness import Figures, Question
from benchmarks.http_load import post_request, run_load
from benchmarks.raw_limits import group_commit
from benchmarks.server import Server, count_runs, host, list_runs, publish, served

__all__ = ["QUESTION"]

RUNS_OF = {1: 150, 50: 1500, 500: 2000}  # at once: in all
COLORS = ("async", "sync")
RAW_SECONDS = 1.0
LOOK_SECONDS = 0.2
LIMIT_SECONDS = 300.0


def measure(folder: Path) -> Figures:
    """Measure each width with both kinds of nodes, and the raw limit of that width."""
    figures: dict[str, float] = {}
    for width, total in RUNS_OF.items():
        for color in COLORS:
            place = folder / f"{color}-{width}"
            place.mkdir()
            figures[f"{color} nodes, {width} at once, steps/s"] = _steps_per_second(
                place, color, width, total
            )
        figures[f"plain sqlite3 in groups of {width}, steps/s"] = group_commit(folder, width, RAW_SECONDS)
    return figures


def _steps_per_second(folder: Path, color: str, width: int, total: int) -> float:
    publish(folder)
    with served(folder, "api") as server:
        body = b'{"name":"bench","workflow":"chain-%b","payload":{"count":0}}' % color.encode()
        request = post_request("/api/runs/", body, server.port)
        asyncio.run(run_load(server.port, request, count=total, connections=min(32, total)))
        with host(folder, FASTGRAPH_MAX_ACTIVE_RUNS=str(width)):
            _wait_until_all_ended(server, total)
        runs = list_runs(server.url)
    assert [run["status"] for run in runs] == ["completed"] * total
    began = min(datetime.fromisoformat(run["started_at"]) for run in runs)
    ended = max(datetime.fromisoformat(run["finished_at"]) for run in runs)
    return total * len(CHAIN) / (ended - began).total_seconds()


def _wait_until_all_ended(server: Server, total: int) -> None:
    pause = threading.Event()
    for _ in range(int(LIMIT_SECONDS / LOOK_SECONDS)):
        if count_runs(server.url, "completed") == total:
            return
        if failed := count_runs(server.url, "failed"):
            raise RuntimeError(
                f"{failed} runs failed; look at {server.url} or at the logs beside the data folder"
            )
        pause.wait(LOOK_SECONDS)
    raise RuntimeError(f"the host did not end {total} runs within {LIMIT_SECONDS:.0f} s")


def _ratios() -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (
            f"{color} nodes, {width} at once, % of plain sqlite3",
            f"{color} nodes, {width} at once, steps/s",
            f"plain sqlite3 in groups of {width}, steps/s",
        )
        for width in RUNS_OF
        for color in COLORS
    )


QUESTION = Question(name="steps_per_second", measure=measure, ratios=_ratios())
