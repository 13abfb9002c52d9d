"""How many deliveries a second does the server make when 1,000 WebSocket clients watch one run, and how late
is one?

Burst: a node writes 200 events as quickly as it can; the figure is all deliveries over the time from the
first to the last one. Pace: ten events a second; the figure is the time from an event's `at`, which its
node's host wrote, until it is read by one socket in ten. Beside it: the same texts by a bare loop of
`send_text` under the same server.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from benchmarks.harness import Figures, Question, percentile
from benchmarks.http_load import post_once
from benchmarks.raw_limits import bare_application
from benchmarks.server import served
from benchmarks.websocket_client import Watcher, open_watchers

__all__ = ["QUESTION"]

CLIENTS = 1000
SAMPLE = 10  # one socket in so many parses what it reads
BURST_EVENTS = 200
PACED_EVENTS = 30
PATIENCE_SECONDS = 120.0
BARE_RUN = "0198c0de-0000-7000-8000-000000000001"


def measure(folder: Path) -> Figures:
    """Measure the burst and the pace on the server, then the burst on the bare loop."""
    with served(folder) as server:
        texts, ours = asyncio.run(_talk(server.port, BURST_EVENTS, is_paced=False))
        _, paced = asyncio.run(_talk(server.port, PACED_EVENTS, is_paced=True))
    with bare_application(folder) as bare:
        limit = asyncio.run(_bare(bare.port, texts[0].decode(), BURST_EVENTS))
    return {
        "deliveries/s": ours["deliveries/s"],
        "sockets opened/s": ours["sockets opened/s"],
        "bare send_text, deliveries/s": limit,
        "delivery at a pace, p50 ms": paced["p50"],
        "delivery at a pace, p99 ms": paced["p99"],
    }


async def _talk(port: int, events: int, *, is_paced: bool) -> tuple[list[bytes], dict[str, float]]:
    """Let a run wait for an answer, open all sockets on it, then answer it and read until the server closes."""
    payload = {"events": events, "is_paced": is_paced}
    body = json.dumps({"name": "talk", "workflow": "talk", "payload": payload}).encode()
    run_id = json.loads(await post_once(port, "/api/runs/", body))["run_id"]
    texts: list[bytes] = []
    arrivals: list[float] = []
    late: list[float] = []

    def note(text: bytes, now: float) -> None:
        event = json.loads(text)
        if event["event"] == "custom":
            texts.append(text)
            arrivals.append(now)
            late.append((now - datetime.fromisoformat(event["at"]).timestamp()) * 1000)

    await _wait_until_it_asks(port, run_id)
    began = time.perf_counter()
    watchers = await open_watchers(port, f"/api/ws/{run_id}", CLIENTS, on_text=note, every=SAMPLE)
    opened_seconds = time.perf_counter() - began
    await post_once(port, f"/api/runs/{run_id}/resume", b'{"resume": "begin"}')
    await _wait_for(lambda: all(watcher.is_closed for watcher in watchers), "every socket was closed")
    _check(watchers, texts, events)
    for watcher in watchers:
        watcher.close()
    seconds = max(arrivals) - min(arrivals)
    return texts, {
        "deliveries/s": CLIENTS * events / seconds,
        "sockets opened/s": CLIENTS / opened_seconds,
        "p50": percentile(late, 50),
        "p99": percentile(late, 99),
    }


async def _wait_until_it_asks(port: int, run_id: str) -> None:
    asked: list[bytes] = []
    (watcher,) = await open_watchers(
        port, f"/api/ws/{run_id}", 1, on_text=lambda text, _now: asked.append(text)
    )
    await _wait_for(lambda: any(b'"interrupted"' in text for text in asked), "the run asked")
    watcher.close()


async def _wait_for(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited {PATIENCE_SECONDS:.0f} s until {what}")
        await asyncio.sleep(0.02)


def _check(watchers: list[Watcher], texts: list[bytes], events: int) -> None:
    counts = {watcher.count for watcher in watchers}
    if len(counts) != 1 or len(texts) != events * len(watchers) // SAMPLE:
        raise RuntimeError(
            f"the sockets read {sorted(counts)} texts and the sample {len(texts)}: deliveries are missing"
        )


async def _bare(port: int, text: str, count: int) -> float:
    """Deliveries a second of the bare loop, from the first text to the last one."""
    arrivals: list[float] = []
    watchers = await open_watchers(
        port, f"/api/ws/{BARE_RUN}", CLIENTS, on_text=lambda _text, now: arrivals.append(now), every=SAMPLE
    )
    order = json.dumps({"text": text, "count": count}).encode()
    await post_once(port, "/burst", order)
    await _wait_for(lambda: all(watcher.count == count for watcher in watchers), "the bare loop was read")
    for watcher in watchers:
        watcher.close()
    return CLIENTS * count / (max(arrivals) - min(arrivals))


QUESTION = Question(
    name="fan_out",
    measure=measure,
    ratios=(("deliveries % of bare send_text", "deliveries/s", "bare send_text, deliveries/s"),),
)
