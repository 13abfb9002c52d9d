"""How many runs does `POST /api/runs/` accept a second, durably, and how long does each take?

No host runs, so that nothing is executed meanwhile; the workflow was published before. Beside it: the same
request to an empty FastAPI handler under the same server, which writes nothing.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from benchmarks.harness import Figures, Question, percentile
from benchmarks.http_load import Load, post_request, run_load
from benchmarks.raw_limits import bare_application
from benchmarks.server import publish, served

__all__ = ["QUESTION"]

CONNECTIONS = 32
COUNT = 4000
WARM_UP = 200
BODY = b'{"name":"bench","workflow":"chain-async","payload":{"count":0}}'


def measure(folder: Path) -> Figures:
    """Load both, one after the other."""
    publish(folder)
    with served(folder, "api") as server:
        ours = asyncio.run(_load(server.port))
    with bare_application(folder) as bare:
        limit = asyncio.run(_load(bare.port))
    return {
        "accepted/s": ours.per_second,
        "accepted p50 ms": percentile(ours.milliseconds, 50),
        "accepted p99 ms": percentile(ours.milliseconds, 99),
        "empty POST/s": limit.per_second,
        "empty POST p50 ms": percentile(limit.milliseconds, 50),
        "empty POST p99 ms": percentile(limit.milliseconds, 99),
    }


async def _load(port: int) -> Load:
    request = post_request("/api/runs/", BODY, port)
    await run_load(port, request, count=WARM_UP, connections=CONNECTIONS)
    return await run_load(port, request, count=COUNT, connections=CONNECTIONS)


QUESTION = Question(
    name="accept_runs",
    measure=measure,
    ratios=(("accepted % of the empty POST", "accepted/s", "empty POST/s"),),
)
