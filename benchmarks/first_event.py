"""How long from a POST until the first event of that run is on a WebSocket that is open already?

Requests arrive at random (a fixed pace locks onto a server's poll and measures itself). Two figures: the
run's first event (`queued`, written with the run), and `started`, which the host writes after it has claimed
the run. Beside it: the round trip of an empty POST on the same arrivals.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from pathlib import Path

from benchmarks.harness import Figures, Question, percentile
from benchmarks.http_load import Connection, post_request
from benchmarks.raw_limits import bare_application
from benchmarks.server import served
from benchmarks.websocket_client import Watcher, open_watchers

__all__ = ["QUESTION"]

COUNT = 200
WARM_UP = 20
MEAN_PAUSE_SECONDS = 0.04
PATIENCE_SECONDS = 30.0
BODY = b'{"name":"bench","workflow":"chain-async","payload":{"count":0}}'
KINDS = ("queued", "started", "completed")


def measure(folder: Path) -> Figures:
    """Post at random moments and look when the events arrive."""
    with served(folder) as server:
        arrivals = asyncio.run(_watch(server.port))
    with bare_application(folder) as bare:
        empty = asyncio.run(_round_trips(bare.port))
    names = {"queued": "first event", "started": "started", "completed": "completed (5 steps)"}
    figures = {
        f"{names[kind]} p{percent} ms": percentile(arrivals[kind], percent)
        for kind in KINDS
        for percent in (50, 99)
    }
    return figures | {f"empty POST p{percent} ms": percentile(empty, percent) for percent in (50, 99)}


async def _watch(port: int) -> dict[str, list[float]]:
    seen: dict[tuple[str, str], float] = {}

    def note(text: bytes, now: float) -> None:
        event = json.loads(text)
        if event["event"] in KINDS:
            seen.setdefault((event["run_id"], event["event"]), now)

    (watcher,) = await open_watchers(port, "/api/ws", 1, on_text=note)
    connection = await Connection.open(port)
    request = post_request("/api/runs/", BODY, port)
    posted: dict[str, float] = {}
    for _ in range(WARM_UP + COUNT):
        await asyncio.sleep(random.expovariate(1 / MEAN_PAUSE_SECONDS))
        began = time.time()
        answer = json.loads(await connection.send(request))
        posted[answer["run_id"]] = began
    runs = list(posted)[WARM_UP:]
    await _wait_for(seen, runs, watcher)
    watcher.close()
    await connection.close()
    return {kind: [(seen[run, kind] - posted[run]) * 1000 for run in runs] for kind in KINDS}


async def _wait_for(seen: dict[tuple[str, str], float], runs: list[str], watcher: Watcher) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while missing := [run for run in runs if (run, KINDS[-1]) not in seen]:
        if watcher.is_closed or time.monotonic() > deadline:
            raise RuntimeError(
                f"the feed of all runs lacks the end of {len(missing)} runs, {missing[0]} first"
            )
        await asyncio.sleep(0.02)


async def _round_trips(port: int) -> list[float]:
    connection = await Connection.open(port)
    request = post_request("/api/runs/", BODY, port)
    milliseconds = []
    for _ in range(WARM_UP + COUNT):
        await asyncio.sleep(random.expovariate(1 / MEAN_PAUSE_SECONDS))
        began = time.perf_counter()
        await connection.send(request)
        milliseconds.append((time.perf_counter() - began) * 1000)
    await connection.close()
    return milliseconds[WARM_UP:]


QUESTION = Question(name="first_event", measure=measure)
