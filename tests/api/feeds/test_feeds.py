"""The feeds over real sockets: stored and then live, resumed, refused, and never a hole or a double at the seam."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from actors.broadcast import session as session_module
from actors.broadcast.messages import Report
from actors.runtime.ask import ref_ask
from api.schemas.events import Event
from support.committed_runs import CommittingRun
from support.served_api import Api
from support.waiting import until_async

pytestmark = pytest.mark.anyio

PATIENCE_SECONDS = 10


def socket(api: Api, path: str = "", *, query: str = "", **options: Any) -> connect:
    # A client whose own queue is full can't close: it would wait for ten seconds.
    options = {"max_size": None, "max_queue": None, **options}
    return connect(f"{api.url.replace('http', 'ws')}/api/ws{path}{query}", **options)


async def receive(watcher: ClientConnection) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(await asyncio.wait_for(watcher.recv(), PATIENCE_SECONDS))
    return event


async def rest(watcher: ClientConnection) -> tuple[list[dict[str, Any]], int]:
    """Read until the server closes; answers the events and the code."""
    events = []
    try:
        while True:
            message = await receive(watcher)
            if message["event"] != "heartbeat":
                events.append(message)
    except ConnectionClosed as closed:
        return events, code_of(closed)


def code_of(closed: ConnectionClosed) -> int:
    return closed.rcvd.code if closed.rcvd is not None else 0


async def test_the_words_of_the_original_description_come_numbered_and_in_order(served_api: Api) -> None:
    run = await served_api.begin()
    async with socket(served_api, f"/{run.run_id}") as watcher:
        assert [(await receive(watcher))["event"] for _ in range(2)] == ["queued", "started"]
        await run.step("parse", {"sections": [1, 2]}, number=1)
        update = await receive(watcher)
        assert update["event"] == "node_update"
        assert update["node"] == "parse"
        assert update["data"] == {"update": {"sections": [1, 2]}}
        Event.model_validate(update)
        await run.complete()
        events, code = await rest(watcher)
    assert [event["event"] for event in events] == ["completed"]
    assert events[0]["seq"] == 4
    assert code == 1000


async def test_a_watcher_that_comes_after_the_end_gets_all_and_is_closed(served_api: Api) -> None:
    run = await served_api.begin()
    await run.complete()
    for query, seqs in (
        ("", [1, 2, 3]),
        ("?after=0", [1, 2, 3]),
        ("?after=2", [3]),
        ("?after=3", []),
        ("?after=99", []),
    ):
        async with socket(served_api, f"/{run.run_id}", query=query) as watcher:
            events, code = await rest(watcher)
        assert [event["seq"] for event in events] == seqs
        assert code == 1000


async def test_a_watcher_that_has_seen_all_but_the_end_hears_of_it(served_api: Api) -> None:
    run = await served_api.begin()
    async with socket(served_api, f"/{run.run_id}/", query="?after=99") as watcher:
        await watched(served_api, 1)
        await run.complete()
        assert await rest(watcher) == ([], 1000)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/nope", 4422),
        ("/01890000-0000-7000-8000-00000000dead", 4404),
        ("/01890000-0000-7000-8000-00000000dead?after=x", 4422),
        ("/01890000-0000-7000-8000-00000000dead?after=-1", 4422),
        ("?after=x", 4422),
        ("?after=", 4422),
    ],
)
async def test_a_refusal_is_accepted_and_closed_with_its_code(served_api: Api, path: str, code: int) -> None:
    async with socket(served_api, path) as watcher:
        events, seen = await rest(watcher)
    assert (events, seen) == ([], code)


async def test_a_page_from_elsewhere_is_closed_with_4403(served_api: Api) -> None:
    async with socket(served_api, origin="https://evil.example") as watcher:
        assert await rest(watcher) == ([], 4403)
    async with socket(served_api, origin=served_api.url) as watcher:
        await watcher.ping()


async def test_a_foreign_host_gets_no_socket(served_api: Api) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with socket(served_api, additional_headers={"Host": "evil.example"}):
            raise AssertionError
    assert caught.value.response.status_code == 403


async def test_each_event_of_a_batch_is_a_message_and_one_can_resume_inside_it(served_api: Api) -> None:
    run = await served_api.begin()
    await run.stream("a", "b", "c", "d")
    async with socket(served_api, f"/{run.run_id}", query="?after=4") as watcher:
        assert [(await receive(watcher))["seq"] for _ in range(2)] == [5, 6]
        await watched(served_api, 1)
        await run.stream("e", "f")
        last = [await receive(watcher) for _ in range(2)]
        assert [event["seq"] for event in last] == [7, 8]
        assert [event["data"]["message"] for event in last] == ["e", "f"]


async def test_the_feed_of_all_runs_starts_at_now_and_resumes_by_cursor(served_api: Api) -> None:
    before = await served_api.begin()
    async with socket(served_api) as watcher:
        await watched(served_api, 1)
        first = await served_api.create()
        event = await receive(watcher)
        assert (event["run_id"], event["event"]) == (first, "queued")
        await before.stream("a", "b", "c")
        batch = [await receive(watcher) for _ in range(3)]
        assert [event["data"]["message"] for event in batch] == ["a", "b", "c"]
        cursors = [event["cursor"] for event in batch]
        assert cursors == sorted(set(cursors))
    await before.log("later")
    async with socket(served_api, query=f"?after={cursors[0]}") as watcher:
        again = [await receive(watcher) for _ in range(3)]
    assert [event["data"]["message"] for event in again] == ["b", "c", "later"]
    async with socket(served_api, query="?after=0") as watcher:
        assert (await receive(watcher))["event"] == "queued"


async def test_heartbeats_come_to_the_quiet(served_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.broadcast.broadcaster.BEAT_SECONDS", 0.05)
    run = await served_api.begin()
    async with (
        socket(served_api, query="") as everything,
        socket(served_api, f"/{run.run_id}", query="?after=2") as one,
    ):
        assert await receive(everything) == {"event": "heartbeat"}
        assert await receive(one) == {"event": "heartbeat"}


async def test_what_a_watcher_says_is_ignored(served_api: Api) -> None:
    run = await served_api.begin()
    async with socket(served_api, f"/{run.run_id}") as watcher:
        for _ in range(20):
            await watcher.send("x" * 1000)
        await watcher.send(b"bytes")
        await run.complete()
        events, code = await rest(watcher)
    assert [event["seq"] for event in events] == [1, 2, 3]
    assert code == 1000


async def test_the_broadcaster_reads_only_while_somebody_watches(served_api: Api) -> None:
    report = await watched(served_api, 0)
    assert report.cursor == 0
    async with socket(served_api):
        await watched(served_api, 1)
    await watched(served_api, 0)


async def watched(api: Api, sessions: int, *, are_live: bool = True) -> Any:
    """Wait until so many sessions are known, and live."""

    async def look() -> Any:
        report = await ref_ask(api.services.broadcaster, Report())
        return report if report.sessions == sessions and not (are_live and report.behind) else None

    return await until_async(look, within_seconds=PATIENCE_SECONDS, what=f"{sessions} sessions")


async def pause(chance: random.Random) -> None:
    """Let the others run for a moment that is never the same."""
    for _ in range(chance.randint(0, 40)):
        await asyncio.sleep(0)


async def test_watchers_that_come_and_go_during_commits_have_each_event_once(served_api: Api) -> None:
    """The seam: watchers connect, break off anywhere and resume while commits of one and of many events go on."""
    run = await served_api.begin()
    chance = random.Random(7)

    async def commit() -> int:
        for number in range(150):
            if chance.random() < 0.4:
                await run.stream(*(f"{number}.{part}" for part in range(chance.randint(1, 6))))
            else:
                await run.log(str(number))
            if chance.random() < 0.3:
                await pause(chance)
        return await run.complete()

    async def watch() -> list[int]:
        seen: list[int] = []
        while True:
            try:
                async with socket(
                    served_api, f"/{run.run_id}", query=f"?after={seen[-1] if seen else 0}"
                ) as watcher:
                    leave_after = chance.randint(1, 120)
                    for _ in range(leave_after):
                        seen += [(await receive(watcher))["seq"]]
            except ConnectionClosed as closed:
                return [*seen, -code_of(closed)]

    last, *seen = await asyncio.gather(commit(), *(watch() for _ in range(12)))
    for numbers in seen:
        assert numbers == [*range(1, last + 1), -1000]


async def test_the_feed_of_all_runs_has_each_event_once_too(served_api: Api) -> None:
    runs = [await served_api.begin() for _ in range(3)]
    chance = random.Random(11)
    async with socket(served_api) as probe:
        await watched(served_api, 1)
        await runs[0].log("begin")
        begin = (await receive(probe))["cursor"]
    expected: set[tuple[str, int]] = set()

    async def commit(run: CommittingRun) -> None:
        for number in range(60):
            first = run.seq + 1
            await (run.stream("a", "b", "c") if chance.random() < 0.5 else run.log(str(number)))
            expected.update((run.run_id, seq) for seq in range(first, run.seq + 1))
            await pause(chance)

    async def watch(done: asyncio.Event) -> list[tuple[str, int]]:
        seen: list[tuple[str, int]] = []
        cursor = begin
        while not done.is_set() or len(seen) < len(expected):
            async with socket(served_api, query=f"?after={cursor}") as watcher:
                for _ in range(chance.randint(1, 80)):
                    if done.is_set() and len(seen) == len(expected):
                        break
                    try:
                        event = json.loads(await asyncio.wait_for(watcher.recv(), 0.2))
                    except TimeoutError:
                        break
                    seen.append((event["run_id"], event["seq"]))
                    cursor = event["cursor"]
        return seen

    done = asyncio.Event()
    watching = [asyncio.create_task(watch(done)) for _ in range(4)]
    await asyncio.gather(*(commit(run) for run in runs))
    done.set()
    for seen in await asyncio.gather(*watching):
        assert len(seen) == len(expected)
        assert set(seen) == expected
        for run in runs:
            numbers = [seq for run_id, seq in seen if run_id == run.run_id]
            assert numbers == sorted(numbers)


async def test_a_watcher_that_reads_nothing_slows_nobody_and_then_gets_all(served_api: Api) -> None:
    run = await served_api.begin()
    text = "x" * 60_000
    options: dict[str, Any] = {"max_queue": 1}
    async with (
        socket(served_api, f"/{run.run_id}", **options) as slow,
        socket(served_api, f"/{run.run_id}") as quick,
    ):
        await watched(served_api, 2)
        total = 400
        for _ in range(total):
            await run.log(text)
        await run.complete()
        events, code = await rest(quick)
        assert len(events) == total + 3
        assert code == 1000
        report = await ref_ask(served_api.services.broadcaster, Report())
        assert report.sessions >= 1
        events, code = await rest(slow)
    assert [event["seq"] for event in events] == list(range(1, total + 4))
    assert code == 1000


async def test_a_watcher_that_takes_nothing_for_long_is_closed_with_1013(
    served_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "STALLED_SECONDS", 0.05)
    run = await served_api.begin()
    for _ in range(400):
        await run.log("x" * 60_000)
    async with socket(served_api, f"/{run.run_id}", max_queue=1) as stalled:
        # Nothing is read: the client's buffer, the system's and ours fill up, and then a send waits in vain.
        await watched(served_api, 1, are_live=False)
        await watched(served_api, 0)
        events, code = await rest(stalled)
    assert code == 1013
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


async def stream(api: Api, run_id: str, **options: Any) -> AsyncIterator[dict[str, str]]:
    """Read an event stream block by block."""
    headers = {"Accept": "text/event-stream", **options.pop("headers", {})}
    async with api.http.stream("GET", f"/api/runs/{run_id}/events", headers=headers, **options) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        block: dict[str, str] = {}
        async for line in answer.aiter_lines():
            if line:
                name, _, value = line.partition(": ")
                block[name] = value
            elif block:
                yield block
                block = {}


async def test_an_event_stream_is_stored_then_live_and_ends_with_the_run(served_api: Api) -> None:
    run = await served_api.begin()
    blocks = stream(served_api, run.run_id)
    assert await anext(blocks) == {"retry": "1000"}
    first = await anext(blocks)
    assert (first["id"], first["event"]) == ("1", "queued")
    assert json.loads(first["data"])["seq"] == 1
    assert (await anext(blocks))["id"] == "2"
    await run.stream("a", "b\nc")
    await run.complete()
    assert [block["id"] async for block in blocks] == ["3", "4", "5"]


async def test_last_event_id_wins_and_an_ended_run_with_nothing_left_is_204(served_api: Api) -> None:
    run = await served_api.begin()
    await run.complete()
    headers = {"Last-Event-ID": "2"}
    blocks = [block async for block in stream(served_api, run.run_id, headers=headers, params={"after": "0"})]
    assert [block["id"] for block in blocks[1:]] == ["3"]
    for last, status in (("3", 204), ("x", 422)):
        answer = await served_api.http.get(
            f"/api/runs/{run.run_id}/events", headers={"Accept": "text/event-stream", "Last-Event-ID": last}
        )
        assert answer.status_code == status


async def test_an_event_stream_that_is_left_is_forgotten(served_api: Api) -> None:
    run = await served_api.begin()
    blocks = stream(served_api, run.run_id)
    await anext(blocks)
    await watched(served_api, 1)
    await blocks.aclose()
    await watched(served_api, 0)
