"""Does anything grow? Twenty thousand runs in half an hour on a real server, and what its processes use, every few seconds.

`python -m benchmarks.soak --minutes 30 --runs 20000`. Before that some thousands warm up and are not judged:
SQLite keeps the pages that it has seen, up to a bound, and that takes so many. Of the rest a line is fitted through each
figure; it is flat where what it gains over the whole time is within the figure's own noise.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.harness import RESULTS, machine
from benchmarks.http_load import post_once
from benchmarks.processes import children_of, descriptors, rss_mb, threads
from benchmarks.server import Server, count_runs, get_json, served

__all__ = ["Series", "soak"]

SAMPLES = 360
WARM_UP_RUNS = 8_000
WARM_UP_AT_ONCE = 32
DRAIN_SECONDS = 120.0
ALLOWED = {"RSS MB": 8.0, "descriptors": 4.0, "threads": 4.0, "active runs": 4.0}
"""What a figure may gain over the whole time even where it has no noise of its own."""
WORKFLOWS = ("chain-async", "chain-sync")


@dataclass
class Series:
    """One figure over time."""

    seconds: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, second: float, value: float) -> None:
        self.seconds.append(second)
        self.values.append(value)

    @property
    def gain(self) -> float:
        """What the line through the values gains from its beginning to its end."""
        if len(self.values) < 2 or self.seconds[0] == self.seconds[-1]:
            return 0.0
        slope = statistics.linear_regression(self.seconds, self.values).slope
        return slope * (self.seconds[-1] - self.seconds[0])

    @property
    def noise(self) -> float:
        """Twice the spread of the values around their line."""
        if len(self.values) < 3:
            return 0.0
        line = statistics.linear_regression(self.seconds, self.values)
        rest = [v - line.slope * s - line.intercept for s, v in zip(self.seconds, self.values, strict=True)]
        return 2 * statistics.pstdev(rest)

    def is_flat(self, allowed: float) -> bool:
        """Whether the gain is within the noise, or within what is allowed anyway."""
        return self.gain <= max(self.noise, allowed)


async def soak(server: Server, *, minutes: float, runs: int) -> dict[str, Series]:
    """Start runs at an even pace and look at the processes meanwhile; then wait for the last run and look once more."""
    found: dict[str, Series] = {}
    bodies = [
        json.dumps({"name": "soak", "workflow": name, "payload": {"count": 0}}).encode() for name in WORKFLOWS
    ]
    for first in range(0, WARM_UP_RUNS, WARM_UP_AT_ONCE):
        posts = (
            post_once(server.port, "/api/runs/", bodies[number % len(bodies)])
            for number in range(WARM_UP_AT_ONCE)
        )
        await asyncio.gather(*posts)
        await _wait_for_runs(server, first + WARM_UP_AT_ONCE)
    began, length = time.monotonic(), minutes * 60
    looking = asyncio.create_task(_look_often(server, found, began, length / SAMPLES))
    for number in range(runs):
        wait = began + number * length / runs - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        await post_once(server.port, "/api/runs/", bodies[number % len(bodies)])
    await _wait_for_runs(server, WARM_UP_RUNS + runs)
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking  # it raises where it could not look
    await _look(server, found, began)
    return found


async def _wait_for_runs(server: Server, runs: int) -> None:
    """Wait until so many have completed; TimeoutError where that takes longer than DRAIN_SECONDS."""
    async with asyncio.timeout(DRAIN_SECONDS):
        while await asyncio.to_thread(count_runs, server.url, "completed") < runs:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)


async def _look_often(server: Server, found: dict[str, Series], began: float, every_seconds: float) -> None:
    while True:
        await _look(server, found, began)
        await asyncio.sleep(every_seconds)


async def _look(server: Server, found: dict[str, Series], began: float) -> None:
    health = await asyncio.to_thread(get_json, f"{server.url}/api/monitoring/health")
    second = time.monotonic() - began
    hosts = children_of(server.pid)
    for name, pid in (("api", server.pid), *((f"host {number}", pid) for number, pid in enumerate(hosts, 1))):
        for figure, value in (
            ("RSS MB", rss_mb(pid)),
            ("descriptors", descriptors(pid)),
            ("threads", threads(pid)),
        ):
            found.setdefault(f"{name}: {figure}", Series()).add(second, value)
    for figure, value in _of_health(health):
        found.setdefault(figure, Series()).add(second, value)


def _of_health(health: dict[str, Any]) -> list[tuple[str, float]]:
    """The run actors that live, as the hosts report them."""
    actors = sum(host.get("active_runs", 0) for host in health.get("hosts", ()))
    return [("hosts: active runs", float(actors))]


def judge(found: dict[str, Series]) -> dict[str, dict[str, float | bool]]:
    """Return of each figure its least, its most, its gain, its noise, and whether it is flat."""
    verdicts: dict[str, dict[str, float | bool]] = {}
    for name, series in found.items():
        verdicts[name] = {
            "first": series.values[0],
            "last": series.values[-1],
            "most": max(series.values),
            "gain": round(series.gain, 3),
            "noise": round(series.noise, 3),
            "is_flat": series.is_flat(ALLOWED[name.partition(": ")[2]]),
        }
    return verdicts


def main() -> None:
    """Soak, print, keep; ends with 1 where something grew."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    parser.add_argument("--minutes", type=float, default=30.0, help="how long [default: 30]")
    parser.add_argument("--runs", type=int, default=None, help="how many runs [default: 667 a minute]")
    parser.add_argument("--discard", action="store_true", help="print only, keep no JSON")
    options = parser.parse_args()
    runs = options.runs or round(options.minutes * 20_000 / 30)
    with tempfile.TemporaryDirectory(prefix="fastgraph-soak-") as folder, served(Path(folder)) as server:
        found = asyncio.run(soak(server, minutes=options.minutes, runs=runs))
        verdicts = judge(found)
    print(f"{runs} runs in {options.minutes:g} minutes")
    for name, verdict in verdicts.items():
        print(f"  {name:<28}", "  ".join(f"{key} {value}" for key, value in verdict.items()))
    if not options.discard:
        RESULTS.mkdir(exist_ok=True)
        kept = {
            "question": "soak",
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "minutes": options.minutes,
            "runs": runs,
            "figures": verdicts,
        }
        (RESULTS / "soak.json").write_text(json.dumps(kept, indent=2) + "\n")
    if not all(verdict["is_flat"] for verdict in verdicts.values()):
        raise SystemExit("Something grew; see the figures whose is_flat is False.")


if __name__ == "__main__":
    main()
