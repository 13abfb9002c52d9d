"""The page on operations names every setting and every field of health, and its backup is one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from api.schemas.monitoring import Health
from fastgraph.settings import Settings
from support.ports import free_port
from support.programs import ProgramStarter
from support.server import ServerClient
from support.sources import text
from support.waiting import until

PAGE = Path("docs", "operations.md")
BLOCKS = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STEPS = 5_000  # more than there is time for


def test_every_setting_is_named() -> None:
    names = {f"FASTGRAPH_{name.upper()}" for name in Settings.model_fields}
    assert names - set(re.findall(r"`(FASTGRAPH_[A-Z_]+)`", text(PAGE))) == set()


def test_every_field_of_health_is_explained() -> None:
    rows = set(re.findall(r"^\| `([a-z_]+)` \|", text(PAGE), re.MULTILINE))
    assert set(Health.model_fields) - rows == set()


@pytest.mark.slow
def test_the_backup_of_a_busy_server_goes_on_elsewhere(start_program: ProgramStarter, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    with ServerClient(_serve(start_program, first)) as client:
        client.wait_until_healthy()
        ended = client.create_run(workflow="text-report", payload={"input": "sonnets"})
        whole = client.wait_until_ended(ended)
        busy = client.create_run(workflow="long-crawl", payload={"steps": STEPS, "pause_seconds": 0.2})
        until(lambda: client.run(busy)["last_seq"] > 40, what="a run in the middle")
        _type(first, "fastgraph db backup")
        assert client.run(busy)["status"] == "running"
        events = client.events(ended)
        report = client.get(f"/api/artifacts/{whole['result']['artifacts']['report']}").content
    start_program.end_all()
    (first / "backup").rename(second / "backup")
    _type(second, "fastgraph db restore")
    with ServerClient(_serve(start_program, second)) as client:
        client.wait_until_healthy()
        assert client.run(ended) == whole
        assert client.events(ended) == events
        assert client.get(f"/api/artifacts/{whole['result']['artifacts']['report']}").content == report
        kept = client.run(busy)["last_seq"]
        until(lambda: client.run(busy)["last_seq"] > kept + 20, what="the run to go on")
        client.post(f"/api/runs/{busy}/cancel", {})
        assert client.wait_until_ended(busy)["status"] == "cancelled"
        seen = [event["seq"] for event in client.events(busy)]
        assert seen == list(range(1, len(seen) + 1))


def _serve(start_program: ProgramStarter, folder: Path) -> int:
    port = free_port()
    start_program("-m", "api.cli.main", "serve", "--port", str(port), cwd=folder)
    return port


def _type(folder: Path, words: str) -> None:
    """Type the block of the page that begins with these words."""
    block = next(block for block in BLOCKS.findall(text(PAGE)) if block.startswith(words))
    commands = block.replace("fastgraph ", f"{sys.executable} -m api.cli.main ")
    subprocess.run(["sh", "-ec", commands], cwd=folder, check=True)
