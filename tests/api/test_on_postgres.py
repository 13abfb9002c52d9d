"""The same application over PostgreSQL: what a client does in one go, and the seam of its feeds."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedOK

from fastgraph.settings import Settings
from support.served_api import Api, served

pytestmark = pytest.mark.anyio


@pytest.fixture
async def api(postgres_database: str, tmp_path: Path) -> AsyncIterator[Api]:
    settings = Settings(data_dir=tmp_path / "data", database_url=postgres_database, hosts=0)
    async with served(settings) as running:
        await running.host.publish()
        yield running


async def test_a_run_is_created_watched_listed_and_deleted(api: Api) -> None:
    run = await api.begin(tags=["t"], payload={"input": "hello", "n": 2**70})
    await run.step("parse", {"a": [1]}, number=1, following=("report",))
    path = f"/api/runs/{run.run_id}"
    assert (await api.http.get(path)).json()["payload"]["n"] == 2**70
    assert (await api.http.get(f"{path}/state")).json()["values"] == {"a": [1]}
    assert len((await api.http.get(f"{path}/checkpoints")).json()) == 1
    await run.complete({"a": [1]})
    assert [event["seq"] for event in (await api.http.get(f"{path}/events")).json()] == [1, 2, 3, 4]
    assert (await api.http.get("/api/runs/?tag=t&status=completed")).headers["x-total-count"] == "1"
    health = (await api.http.get("/api/monitoring/health")).json()
    assert (health["status"], health["store"]["kind"]) == ("ok", "postgresql")
    upload = (await api.http.post("/api/artifacts?name=a.txt", content=b"hello")).json()
    assert (await api.http.get(f"/api/artifacts/{upload['artifact_id']}")).content == b"hello"
    assert (await api.http.delete(path)).status_code == 204
    assert (await api.http.get(path)).status_code == 404


async def test_watchers_have_each_event_once_while_commits_go_on(api: Api) -> None:
    run = await api.begin()
    url = api.url.replace("http", "ws")

    async def commit() -> int:
        for number in range(60):
            await (run.stream("a", "b", "c") if number % 3 else run.log("d"))
        return await run.complete()

    async def watch(pieces: int) -> list[int]:
        seen: list[int] = []
        while True:
            after = seen[-1] if seen else 0
            async with connect(f"{url}/api/ws/{run.run_id}?after={after}", max_queue=None) as watcher:
                try:
                    for _ in range(pieces):
                        seen += [json.loads(await asyncio.wait_for(watcher.recv(), 20))["seq"]]
                except ConnectionClosedOK:
                    return seen

    last, *seen = await asyncio.gather(commit(), *(watch(pieces) for pieces in (7, 23, 1000)))
    for numbers in seen:
        assert numbers == list(range(1, last + 1))
