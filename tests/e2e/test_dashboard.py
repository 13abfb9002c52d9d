"""The dashboard in a real Chromium against a real server that is killed under it: each scenario of `frontend/e2e/`.

They are written in the dashboard's own language and played once for all (`npm run e2e` does the same by hand); here each
one is a test, so that a failure is counted and named.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.sources import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FRONTEND = ROOT / "frontend"
SCENARIOS = sorted(path.stem for path in (FRONTEND / "e2e" / "scenarios").glob("*.mjs"))
PLAY_SECONDS = 600


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the player printed, once for all scenarios; it starts and kills a server of its own."""
    assert (ROOT / "api" / "dashboard" / "index.html").is_file(), "The dashboard is not built: make dashboard"
    node = shutil.which("node")
    assert node is not None, (
        "The browser tests are played by Node.js, which is not here. make test installs it."
    )
    pictures = tmp_path_factory.mktemp("dashboard")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FASTGRAPH_")}
    environment["FASTGRAPH_COMMAND"] = str(Path(sys.executable).parent / "fastgraph")
    done = subprocess.run(
        [node, "e2e/main.mjs", "--out", pictures],
        cwd=FRONTEND,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PLAY_SECONDS,
        check=False,
    )
    return f"{done.stdout}\nended with {done.returncode}; pictures of failures are in {pictures}"


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(played: str, scenario: str) -> None:
    assert re.search(rf"^ok +{re.escape(scenario)} ", played, re.MULTILINE), played


def test_every_scenario_was_played(played: str) -> None:
    assert f"{len(SCENARIOS)} scenarios passed" in played, played
