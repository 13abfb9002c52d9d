"""The wheel is complete: installed into an empty environment it serves the dashboard and runs a shipped workflow.

The environment gets the wheel itself by pip and everything else by a path file that points at the packages of the
environment that the tests run in, so that the test needs no network. Path files there are not followed, so the tree that
we test from is not on the path of the new environment: the test says so.
"""

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from support.ports import free_port
from support.programs import ProgramStarter
from support.server import ServerClient
from support.sources import ROOT

pytestmark = pytest.mark.slow

CARRIED = (
    "fastgraph/database/migrations/env.py",
    "fastgraph/database/migrations/versions/0001_first_tables.py",
    "fastgraph/examples/README.md",
    "fastgraph/py.typed",
    "actors/host/boot.py",
    "api/dashboard/index.html",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree; npm builds the dashboard first where `make dashboard` has not."""
    folder = tmp_path_factory.mktemp("wheel")
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        folder,
        ROOT,
    ]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a new environment with the wheel in it."""
    environment = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    programs = environment / "bin"
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--python",
        programs / "python",
    ]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", wheel], check=True)
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "packages_of_the_tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return programs


def test_the_wheel_carries_three_packages_and_what_they_need(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"fastgraph", "actors", "api"}
    assert [name for name in CARRIED if name not in names] == []
    assert any(name.startswith("api/dashboard/assets/") for name in names)
    assert [name for name in names if "__pycache__" in name or "node_modules" in name] == []


def test_the_installed_server_shows_the_dashboard_and_completes_a_run(
    installed: Path, start_program: ProgramStarter, tmp_path: Path
) -> None:
    where = start_program.command([str(installed / "python"), "-c", "import api; print(api.__file__)"])
    assert str(installed.parent) in where.wait_for_line("__init__")[0] + where.output

    empty, port = tmp_path / "empty", free_port()
    empty.mkdir()
    program = start_program.command([str(installed / "fastgraph"), "serve", "--port", str(port)], cwd=empty)
    program.wait_for_http(f"http://127.0.0.1:{port}/api/monitoring/health/live")
    with ServerClient(port) as server:
        server.wait_until_healthy()
        page = server.get("/")
        assert page.headers["content-type"].startswith("text/html")
        assert 'id="root"' in page.text
        run = server.wait_until_ended(server.create_run(payload={"input": "hello world"}))
        assert run["status"] == "completed", program.tail()
        numbers = [event["seq"] for event in server.events(run["run_id"])]
        assert numbers == list(range(1, len(numbers) + 1))
    assert {path.name for path in (empty / "data").iterdir()} >= {"artifacts", "states", "checkpoints"}
    assert program.terminate() == 0
