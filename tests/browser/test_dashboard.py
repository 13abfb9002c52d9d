"""The dashboard in a real Chromium against a real server: each scenario of `frontend/e2e` is a test here.

The scripts start a server of their own in an empty folder, kill it where the scenario says so, and end it. What they found
is printed; pytest shows it where one fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FRONTEND = Path(__file__).resolve().parents[2] / "frontend"
BUILT = FRONTEND.parent / "api" / "dashboard" / "index.html"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
WITHIN_SECONDS = 300

SCENARIOS = (
    "create-from-form",
    "live-history",
    "survive-restart",
    "cut-connection",
    "download-artifact",
    "answer-interrupt",
    "answer-from-inbox",
    "send-signal",
    "follow-children",
    "fork-thread",
    "migrate-held",
    "cancel-and-delete",
    "control-runs",
    "operate-actors",
    "use-key",
    "by-keyboard",
    "accessible",
)


def _missing() -> str | None:
    """Say what a browser test needs and this machine lacks; None where nothing is missing."""
    if shutil.which("node") is None:
        return "Node is not installed"
    if not (FRONTEND / "node_modules").is_dir():
        return "the dashboard's packages are not installed: run `npm ci` in frontend/"
    if not BUILT.is_file():
        return "the dashboard is not built: run `npm run build` in frontend/"
    if "CHROMIUM" not in os.environ and not any(map(shutil.which, CHROMIUM)):
        return "Chromium is not installed"
    return None


pytestmark = pytest.mark.skipif(_missing() is not None, reason=str(_missing()))


def _play(*arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    return subprocess.run(
        ["node", "e2e/main.mjs", *arguments],
        cwd=FRONTEND,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=WITHIN_SECONDS,
        check=False,
    )


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_dashboard_in_a_browser(scenario: str, tmp_path: Path) -> None:
    played = _play("--only", scenario, "--out", str(tmp_path))
    assert played.returncode == 0, f"{played.stdout}{played.stderr}\nPicture, if any: {tmp_path}"


def test_every_scenario_is_played_here() -> None:
    assert sorted(_play("--list").stdout.split()) == sorted(SCENARIOS)
