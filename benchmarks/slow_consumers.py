"""Do clients that stop reading cost memory, or the others their time?

`python -m benchmarks.slow_consumers`: 50 clients watch a run of 500 events of 2 KB a second, first without and then with
5 that stop reading; each a minute long. The figures: how late an event is for those that read, how much memory the server
took, how far the slow ones fell behind. Nobody misses an event or gets one twice, the slow ones once they read on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from benchmarks.harness import Figures, Question, ask_all, machine, percentile, print_table, write_results
from benchmarks.http_load import post_once
from benchmarks.processes import rss_mb
from benchmarks.server import served
from benchmarks.websocket_client import Watcher, open_watchers

__all__ = ["QUESTION", "Load", "measure"]

SAMPLE = 5  # one client in so many looks at the time of each event
PATIENCE_SECONDS = 180.0
LOOK_SECONDS = 0.25
STALLED = 1013


@dataclass(frozen=True)
class Load:
    """Who watches what."""

    clients: int = 50
    slow: int = 5
    per_second: float = 500.0
    event_bytes: int = 2_000
    seconds: float = 60.0

    @property
    def events(self) -> int:
        return int(self.per_second * self.seconds)


@dataclass
class Client:
    """One watcher: the numbers that came, each once and in order, and how many bytes they were."""

    port: int
    run_id: str
    late_ms: list[float] | None
    last: int = 0
    read_bytes: int = 0
    is_over: bool = False
    closes: list[int | None] = field(default_factory=list)
    socket: Watcher | None = None
    fault: str | None = None

    async def open(self) -> None:
        """Open a socket where the last one ended."""
        path = f"/api/ws/{self.run_id}?after={self.last}"
        [self.socket] = await open_watchers(self.port, path, 1, on_text=self._take, every=1)

    async def follow(self) -> None:
        """Read until the run's end is seen, coming back where the server has closed."""
        while not self.is_over:
            if self.fault is not None:
                raise RuntimeError(self.fault)
            assert self.socket is not None
            if self.socket.is_closed and not self.is_over:
                self.closes.append(self.socket.close_code)
                await self.open()
            await asyncio.sleep(0.02)

    def _take(self, text: bytes, now: float) -> None:
        place = text.find(b'"seq":')
        if place < 0:
            return
        seq = int(text[place + 6 : text.index(b",", place)])
        if seq != self.last + 1:
            # Raised by `follow`: here it would end the connection, and the next one would mend what was wrong.
            self.fault = self.fault or f"event {seq} came after {self.last}"
        self.last = seq
        self.read_bytes += len(text)
        if text.startswith(b'{"event":"completed"'):
            self.is_over = True
        elif self.late_ms is not None and text.startswith(b'{"event":"custom"'):
            at = json.loads(text)["at"]
            self.late_ms.append((now - datetime.fromisoformat(at).timestamp()) * 1000)


def measure(folder: Path, load: Load | None = None) -> Figures:
    """Measure without slow clients, then with them, on one server."""
    load = load or Load()
    with served(folder) as server:
        without = asyncio.run(_watch(server.port, server.pid, load, slow=0))
        with_slow = asyncio.run(_watch(server.port, server.pid, load, slow=load.slow))
    return {
        "without slow clients, p50 ms": without["p50"],
        "without slow clients, p99 ms": without["p99"],
        "with slow clients, p50 ms": with_slow["p50"],
        "with slow clients, p99 ms": with_slow["p99"],
        "p99 ratio": with_slow["p99"] / without["p99"],
        "memory growth without, MB": without["growth"],
        "memory growth with, MB": with_slow["growth"],
        "memory growth with, once they read on, MB": with_slow["growth at last"],
        "least that a slow client fell behind, MB": with_slow["behind"],
        "slow clients closed with 1013": with_slow["stalled"],
        "events": with_slow["events"],
    }


async def _watch(port: int, pid: int, load: Load, *, slow: int) -> dict[str, float]:
    run_id = await _begin(port, load)
    late_ms: list[float] = []
    clients = [
        Client(port, run_id, late_ms if number % SAMPLE == 0 else None) for number in range(load.clients)
    ]
    for client in clients:
        await client.open()
    hanging, reading = clients[:slow], clients[slow:]
    for client in hanging:
        client.late_ms = None
        assert client.socket is not None
        client.socket.stop_reading()
    rss = [rss_mb(pid)]
    looking = asyncio.create_task(_look(rss, partial(rss_mb, pid)))
    await post_once(port, f"/api/runs/{run_id}/resume", b'{"resume": "begin"}')
    await _all(
        client.follow() for client in reading
    )  # the slow ones hang until here, and nobody waits for them
    rss.append(rss_mb(pid))
    growth, whole = max(rss) - rss[0], reading[0].read_bytes
    behind = [(whole - client.read_bytes) / 1e6 for client in hanging]
    if any(client.is_over for client in hanging):
        raise RuntimeError("a client that reads nothing has read everything")
    for client in hanging:
        assert client.socket is not None
        client.socket.read_on()
    await _all(client.follow() for client in hanging)
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking  # it raises where it could not look
    if faults := [client.fault for client in clients if client.fault is not None]:
        raise RuntimeError("; ".join(faults))
    ends = {client.last for client in clients}
    if len(ends) != 1:
        raise RuntimeError(f"the clients ended at events {sorted(ends)}")
    for client in clients:
        assert client.socket is not None
        client.socket.close()
    return {
        "p50": percentile(late_ms, 50),
        "p99": percentile(late_ms, 99),
        "growth": growth,
        "growth at last": max(rss) - rss[0],
        "behind": min(behind, default=0.0),
        "stalled": sum(client.closes.count(STALLED) for client in hanging),
        "events": float(ends.pop()),
    }


async def _begin(port: int, load: Load) -> str:
    """Start a run that waits for its watchers."""
    payload = {"events": load.events, "event_bytes": load.event_bytes, "per_second": load.per_second}
    body = json.dumps({"name": "chatter", "workflow": "chatter", "payload": payload}).encode()
    run_id: str = json.loads(await post_once(port, "/api/runs/", body))["run_id"]
    seen: list[bytes] = []
    [watcher] = await open_watchers(port, f"/api/ws/{run_id}", 1, on_text=lambda text, _: seen.append(text))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not any(b'"interrupted"' in text for text in seen):
        if time.monotonic() > deadline:
            raise RuntimeError("the run did not ask")
        await asyncio.sleep(0.02)
    watcher.close()
    return run_id


async def _all(following: Iterable[Awaitable[None]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*following)


async def _look(values: list[float], measure_now: Callable[[], float]) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        values.append(measure_now())


QUESTION = Question(name="slow_consumers", measure=measure)


def main() -> None:
    """Measure once, print, keep."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.slow_consumers")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the run talks [default: 60]")
    parser.add_argument("--discard", action="store_true", help="print only, keep no JSON")
    options = parser.parse_args()
    question = Question(
        name="slow_consumers", measure=lambda folder: measure(folder, Load(seconds=options.seconds))
    )
    with tempfile.TemporaryDirectory(prefix="fastgraph-bench-") as folder:
        answers = ask_all([question], Path(folder), 1)
    print_table(answers, machine(), 1)
    if not options.discard:
        write_results(answers, machine())


if __name__ == "__main__":
    main()
