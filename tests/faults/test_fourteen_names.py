"""Some of the fourteen tests that users of such systems would write first; the last test here says that all are there.

The others lie where their subject is: zombies, control, limits, trouble, fault points.
"""

from __future__ import annotations

import re
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pykka
import pytest
from structlog.testing import capture_logs

from actors.runtime import AsyncActor, LoopThread, ref_ask_blocking
from support import zombie_flows
from support.hosts import running_hosts
from support.programs import ProgramStarter
from support.waiting import until

TESTS = Path(__file__).parents[1]
FLOWS = Path(zombie_flows.__file__)
RACES = 1_000
PATIENCE_SECONDS = 30.0

NAMES = (
    "no_run_left_behind",
    "same_name_new_boot",
    "db_restart_during_recovery",
    "long_job_not_duplicated",
    "cancel_always_works",
    "slot_freed_when_owner_dies",
    "zombie_silenced",
    "accepted_means_durable",
    "big_payload_spills",
    "paused_backlog_stays_fast",
    "retention_bounds_db",
    "boot_paused",
    "second_pause_same_request_id_is_noop",
    "stop_never_hangs_an_ask",
)


@pytest.mark.slow
def test_same_name_new_boot(start_program: ProgramStarter, tmp_path: Path, store_url: str) -> None:
    """A host that is started again at once, on the same machine and under the same name, is not taken for the one that
    died: the runs of the dead one go on, long before its lease is over."""
    with running_hosts(
        start_program, tmp_path, store_url, flows=FLOWS, count=1, FASTGRAPH_LEASE_SECONDS="600"
    ) as hosts:
        run_id = hosts.client.create_run(workflow="holding")
        first = until(
            lambda: [line[3] for line in hosts.ledger_lines() if line[1] == "begun"], what="a start"
        )
        killed = hosts.kill(0)
        assert killed.boot_id is not None
        new = hosts.wait_until_ready(hosts.programs[0])
        (tmp_path / f"go-{hosts.programs[0].pid}").touch()
        run = hosts.client.wait_until_ended(run_id, within_seconds=60)
        assert (run["status"], run["result"]["pid"]) == ("completed", hosts.programs[0].pid)
        assert first == [str(killed.pid)]
        old_row, new_row = hosts.boot_row(killed.boot_id), hosts.boot_row(new)
        assert old_row.boot_id != new_row.boot_id
        assert old_row.address == new_row.address
        assert (old_row.ended_reason, new_row.ended_at) == ("its process is gone", None)
        [recovered] = [event for event in hosts.client.events(run_id) if event["event"] == "recovered"]
        assert recovered["data"]["from_host"] == killed.boot_id
        assert hosts.row(run_id).epoch == 3, "claimed, freed, claimed"


@pytest.mark.slow
def test_big_payload_spills(start_program: ProgramStarter, tmp_path: Path, store_url: str) -> None:
    """Large values go to files by themselves, in and out, and are there after a kill; the database stays small."""
    size = 4_000_000
    with running_hosts(start_program, tmp_path, store_url, flows=FLOWS, count=1) as hosts:
        text = "f" * size
        run_id = hosts.client.create_run(workflow="echoing", payload={"text": text})
        run = hosts.client.wait_until_ended(run_id, within_seconds=60)
        assert run["status"] == "completed", run["error"]
        hosts.kill(0)
        hosts.wait_until_ready(hosts.programs[0])
        assert hosts.client.run(run_id)["result"]["text"] == text[::-1] + "!"
        update = next(event for event in hosts.client.events(run_id) if event["event"] == "node_update")
        shown = update["data"]["update"]["text"]
        assert shown["size"] > size
        assert len(str(shown)) < 64 * 1024
        whole = httpx.get(f"{hosts.client.url}{shown['url']}", timeout=30, trust_env=False)
        assert whole.status_code == 200
        spilled = [
            path.stat().st_size for path in (tmp_path / "data" / "states").rglob("*") if path.is_file()
        ]
        assert max(spilled) >= size


class Echo(AsyncActor):
    """Answers with what it was asked."""

    def on_receive(self, message: Any) -> Any:
        return message


@pytest.fixture
def tiny_switch_interval() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("tiny_switch_interval")
def test_stop_never_hangs_an_ask() -> None:
    """Asks race with a stop, threads switched as often as Python can: each is answered or refused, none waits for ever."""
    outcomes: Counter[str] = Counter()
    with capture_logs(), LoopThread("race", stall_limit_seconds=None) as thread:
        for _ in range(RACES):
            ref = Echo.start(loop=thread.loop)
            stopper = threading.Thread(target=ref.stop, kwargs={"timeout": PATIENCE_SECONDS})
            stopper.start()
            for number in range(3):
                try:
                    assert ref_ask_blocking(ref, number, PATIENCE_SECONDS) == number
                except pykka.ActorDeadError:
                    outcomes["refused"] += 1
                else:
                    outcomes["answered"] += 1
            stopper.join(PATIENCE_SECONDS)
            assert not stopper.is_alive()
    assert outcomes.total() == 3 * RACES
    assert outcomes["refused"] > 0


def test_all_fourteen_are_there() -> None:
    """Each name is a test somewhere in this folder."""
    texts = [path.read_text() for path in TESTS.rglob("test_*.py")]
    found = {name for text in texts for name in re.findall(r"def test_(\w+)\(", text)}
    missing = [name for name in NAMES if not any(test.startswith(name) for test in found)]
    assert missing == []
