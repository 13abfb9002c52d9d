"""Does step 1,000 cost what step 1 does, when every step appends 1 KB, and how much stays on the disk?

Times are those of the `node_update` events; bytes are those of all files under the data folder, after the
server has ended and its write-ahead log was checkpointed, less what was there before the run. What is kept at
least: 1,000 KB.
"""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.flows import PIECE
from benchmarks.harness import Figures, Question
from benchmarks.http_load import post_once
from benchmarks.raw_limits import group_commit
from benchmarks.server import Server, checkpoint, get_json, publish, served, wait_for_end

__all__ = ["QUESTION"]

STEPS = 1000
EDGE = 100
PAGE = 1000
RAW_SECONDS = 0.5


def measure(folder: Path) -> Figures:
    """Run the loop once and weigh what it left."""
    publish(folder)
    before = checkpoint(folder)
    with served(folder) as server:
        run_id = asyncio.run(_start(server.port))
        run = wait_for_end(server, run_id)
        assert run["status"] == "completed", run
        moments = _moments(server, run_id)
    growth = checkpoint(folder) - before
    assert len(moments) == STEPS, f"{len(moments)} steps instead of {STEPS}"
    first = (moments[EDGE] - moments[0]).total_seconds() / EDGE
    last = (moments[-1] - moments[-1 - EDGE]).total_seconds() / EDGE
    return {
        "first 100 steps, ms/step": first * 1000,
        "last 100 steps, ms/step": last * 1000,
        "last to first": last / first,
        "plain sqlite3, a commit a step, ms/step": 1000 / group_commit(folder, 1, RAW_SECONDS),
        "growth on disk, MB": growth / 1e6,
        "content alone, MB": STEPS * len(PIECE) / 1e6,
    }


async def _start(port: int) -> str:
    body = json.dumps({"name": "grow", "workflow": "grow", "payload": {"pieces": [], "steps": 0}}).encode()
    return str(json.loads(await post_once(port, "/api/runs/", body))["run_id"])


def _moments(server: Server, run_id: str) -> list[datetime]:
    moments: list[datetime] = []
    after = 0
    while page := _page(server, run_id, after):
        moments += [datetime.fromisoformat(event["at"]) for event in page if event["event"] == "node_update"]
        after = page[-1]["seq"]
    return moments


def _page(server: Server, run_id: str, after: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get_json(
        f"{server.url}/api/runs/{run_id}/events?after={after}&limit={PAGE}"
    )
    return found


QUESTION = Question(name="step_1000", measure=measure)
