"""Promise 2 (and 4, 5): kill -9 at random moments; nothing finished runs again, no event is lost or doubled.

Twenty kills of the host, the api, or both, while three walks of 200 steps are under way all the time. The oracle is a ledger
outside of the store, and a watcher on every run that resumes with `?after`.
"""

import random
import threading
from datetime import datetime
from typing import Any

import httpx
import pytest

from support.feed_watcher import FeedWatcher
from support.serving import Serving
from support.waiting import until

KILLS = 20
KILLS_THAT_HIT = 15
WALKS = 3
STEPS = 200
NEWS_WITHIN_SECONDS = 5.0


def _active(serving: Serving, runs: list[str]) -> list[str]:
    """The runs that execute something at this moment."""
    return [run_id for run_id in runs if serving.client.run(run_id)["status"] == "running"]


def _start_walks(serving: Serving, watchers: dict[str, FeedWatcher]) -> None:
    """See to it that WALKS walks are under way."""
    going = [run_id for run_id in watchers if serving.client.run(run_id)["finished_at"] is None]
    for _ in range(WALKS - len(going)):
        run_id = serving.client.create_run(workflow="walk", payload={"steps": STEPS, "pause_seconds": 0.02})
        watchers[run_id] = FeedWatcher(serving.port, run_id)


def _kill(serving: Serving, what: str) -> None:
    if what == "host":
        serving.kill_host()
    elif what == "api":
        serving.kill_api()
        serving.start(wait=False)
    else:
        serving.kill_all()
        serving.start(wait=False)


def _last_seq(serving: Serving, run_id: str) -> int:
    seen: int = serving.client.run(run_id)["last_seq"]
    return seen


def _has_news(serving: Serving, run_id: str, seq: int) -> bool:
    """Whether the run has got beyond `seq`, or had ended by then: it may end between two looks of this test."""
    try:
        run = serving.client.run(run_id)
    except httpx.TransportError:
        return False
    return run["last_seq"] > seq or run["finished_at"] is not None


def _moment(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["at"])


@pytest.mark.slow
def test_twenty_kills_lose_nothing_and_repeat_nothing(serving: Serving) -> None:
    chance = random.Random(20261124)
    watchers: dict[str, FeedWatcher] = {}
    hits = 0
    slowest = 0.0
    for number in range(KILLS):
        _start_walks(serving, watchers)
        until(lambda: _active(serving, list(watchers)), what="a run that executes")
        threading.Event().wait(chance.uniform(0.1, 1.0))  # the random moment is the test's own input
        active = _active(serving, list(watchers))
        before = {run_id: _last_seq(serving, run_id) for run_id in active}
        hits += bool(active)
        _kill(serving, ("host", "api", "both")[number % 3])
        serving.wait_until_well()
        for run_id, seq in before.items():
            until(lambda r=run_id, s=seq: _has_news(serving, r, s), what=f"news of {run_id}")
        slowest = max(slowest, _slowest_recovery(serving, active))
    for run_id, watcher in watchers.items():
        assert serving.client.wait_until_ended(run_id, within_seconds=120)["status"] == "completed"
        watcher.wait_for_end(30)
    print(f"kills {KILLS}, of executing runs {hits}, runs {len(watchers)}, slowest recovery {slowest:.2f} s")
    assert hits >= KILLS_THAT_HIT
    assert slowest <= NEWS_WITHIN_SECONDS
    for run_id, watcher in watchers.items():
        assert watcher.seqs == list(range(1, len(watcher.seqs) + 1))
        assert watcher.events == serving.client.events(run_id)
        _check_ledger(serving, run_id, watcher)


def _slowest_recovery(serving: Serving, runs: list[str]) -> float:
    """Seconds from the start of the host that lives to the first `recovered` event after it, of the slowest run."""
    hosts = serving.client.get("/api/monitoring/health").json()["hosts"]
    started = max(datetime.fromisoformat(host["started_at"]) for host in hosts if host["is_alive"])
    slowest = 0.0
    for run_id in runs:
        later = [_moment(event) for event in serving.client.events(run_id) if _moment(event) >= started]
        if later:
            slowest = max(slowest, (later[0] - started).total_seconds())
    return slowest


def _check_ledger(serving: Serving, run_id: str, watcher: FeedWatcher) -> None:
    """Steps come in order, a step is repeated only right away (its crash fell between effect and commit), each attempt of
    a step has the same key, and every step that the store knows was executed."""
    lines = [(int(word), key) for run, word, key in serving.ledger_lines() if run == run_id]
    numbers = [number for number, _ in lines]
    assert numbers == sorted(numbers)
    assert sorted(set(numbers)) == list(range(1, STEPS + 1))
    assert len(set(lines)) == STEPS
    repeated = len(lines) - STEPS
    recoveries = sum(event["event"] == "recovered" for event in watcher.events)
    assert repeated <= recoveries
