"""Prepares what `make` needs, from nothing: the packages, the dashboard, PostgreSQL and Chromium for the tests.

    python3 scripts/prepare.py runtime|development|dashboard|dashboard-if-possible|node-modules|postgres|chromium …

Each step says what it does, and does nothing, without the network, when its inputs are as they were: a stamp under
`.venv/stamps/` holds a hash of them. What the system lacks is installed with apt where we are root and apt is there;
else one sentence says what is missing and how to get it. Needs nothing but the standard library of Python 3.11.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMPS = VENV / "stamps"
FRONTEND = ROOT / "frontend"
DASHBOARD = ROOT / "api" / "dashboard"

PYTHON_LEAST = (3, 11)
NODE_LEAST = 20
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NOT_SOURCES = {"node_modules", "dist", "e2e", "coverage", "test-results"}


class MissingError(Exception):
    """Something is not on this machine and could not be installed; the message is the sentence for the user."""


def main(steps: list[str]) -> int:
    if sys.version_info < PYTHON_LEAST:
        print(
            f"FastGraph needs Python 3.11 or newer; this is {sys.version.split()[0]}: make PYTHON=python3.11 …"
        )
        return 1
    for step in steps:
        if step not in STEPS:
            print(f"There is no step {step!r}; the steps are {', '.join(STEPS)}.", file=sys.stderr)
            return 2
        try:
            STEPS[step]()
        except (MissingError, subprocess.CalledProcessError, OSError) as problem:
            print(f"\nprepare {step}: {problem}", file=sys.stderr)
            return 1
    return 0


def runtime() -> None:
    """The virtual environment with the pinned runtime and the project itself."""
    if not _is_fresh("development", [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]):
        _packages("runtime", [ROOT / "requirements.txt"])
    _project()


def development() -> None:
    """The same, with what the checks need."""
    _packages("development", [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"])
    _project()


def node_modules() -> None:
    """The dashboard's packages."""
    inputs = [FRONTEND / "package.json", FRONTEND / "package-lock.json"]
    if (FRONTEND / "node_modules").is_dir() and _is_fresh("node-modules", inputs):
        return
    npm = _npm()
    _run([npm, "ci", "--no-audit", "--no-fund"], cwd=FRONTEND, why="installing the dashboard's packages")
    _stamp("node-modules", inputs)


def dashboard() -> None:
    """The built dashboard in api/dashboard/."""
    inputs = _dashboard_sources()
    if (DASHBOARD / "index.html").is_file() and _is_fresh("dashboard", inputs):
        return
    node_modules()
    _run([_npm(), "run", "build"], cwd=FRONTEND, why="building the dashboard")
    _stamp("dashboard", inputs)


def dashboard_if_possible() -> None:
    """The same for `make run`, which serves the API without it as well."""
    try:
        dashboard()
    except (MissingError, subprocess.CalledProcessError) as problem:
        print(f"\nThe dashboard was not built: {problem}\nServing without it.\n")


def postgres() -> None:
    """The binaries of a PostgreSQL server; the tests start it themselves."""
    found = shutil.which("initdb") or next(Path("/").glob("usr/lib/postgresql/*/bin/initdb"), None)
    if found or os.environ.get("FASTGRAPH_TEST_POSTGRES_BIN"):
        return
    _apt("postgresql", missing="The tests need a PostgreSQL server and there is no initdb on this machine.")


def chromium() -> None:
    """A browser for the tests of the dashboard."""
    if not any(shutil.which(name) for name in CHROMIUM_NAMES):
        _apt(
            "chromium", missing="The tests of the dashboard need Chromium and there is none on this machine."
        )


STEPS = {
    "runtime": runtime,
    "development": development,
    "node-modules": node_modules,
    "dashboard": dashboard,
    "dashboard-if-possible": dashboard_if_possible,
    "postgres": postgres,
    "chromium": chromium,
}


def _venv_python() -> Path:
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        _run([sys.executable, "-m", "venv", VENV], why="creating .venv")
    return python


def _packages(name: str, requirements: list[Path]) -> None:
    python = _venv_python()
    if _is_fresh(name, requirements):
        return
    lists = [part for file in requirements for part in ("-r", file)]
    _run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *lists],
        why=f"installing the {name} packages ({', '.join(file.name for file in requirements)})",
    )
    _stamp(name, requirements)


def _project() -> None:
    """Install this tree itself, editable: the command `fastgraph`, and the names of our packages in the metadata."""
    inputs = [ROOT / "pyproject.toml"]
    if _is_fresh("project", inputs):
        return
    _run(
        [
            _venv_python(),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "-e",
            ROOT,
        ],
        why="installing fastgraph-server from this folder",
    )
    _stamp("project", inputs)


def _npm() -> str:
    """Answer npm's path. Raises MissingError where Node is absent or too old and can not be installed."""
    sentence = f"The dashboard needs Node.js {NODE_LEAST} or newer with npm"
    if shutil.which("node") is None or shutil.which("npm") is None:
        _apt("nodejs", "npm", missing=f"{sentence} and it is not on this machine.")
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        raise MissingError(f"{sentence}; apt installed it, but it is not on the PATH.")
    printed = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    version = re.match(r"v(\d+)", printed)
    if version is None or int(version[1]) < NODE_LEAST:
        raise MissingError(f"{sentence}; this is {printed.strip()}. Install a newer one from nodejs.org.")
    return npm


def _apt(*packages: str, missing: str) -> None:
    """Install Debian packages without asking, where that is possible. Raises MissingError with the remedy elsewhere."""
    remedy = f"{missing} Install it: apt-get install {' '.join(packages)} (or the same from your system's packages)."
    if not (shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0):
        raise MissingError(remedy)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages]
    try:
        _run(
            ["apt-get", "update", "--quiet"], why=f"installing {' '.join(packages)} with apt", env=environment
        )
        _run(install, env=environment)
    except subprocess.CalledProcessError as failure:
        raise MissingError(
            f"{remedy} (apt-get failed here with exit code {failure.returncode}.)"
        ) from failure


def _run(
    command: Sequence[str | Path], *, why: str = "", cwd: Path = ROOT, env: dict[str, str] | None = None
) -> None:
    words = [str(word) for word in command]
    if why:
        print(f"==> {why}", flush=True)
    subprocess.run(words, cwd=cwd, env=env, check=True, stdin=subprocess.DEVNULL)


def _dashboard_sources() -> list[Path]:
    """Every file that the built dashboard depends on."""
    found = (path for path in sorted(FRONTEND.rglob("*")) if path.is_file())
    return [path for path in found if not NOT_SOURCES.intersection(path.relative_to(FRONTEND).parts)]


def _is_fresh(name: str, inputs: Iterable[Path]) -> bool:
    stamp = STAMPS / name
    return stamp.is_file() and stamp.read_text() == _digest(inputs)


def _stamp(name: str, inputs: Iterable[Path]) -> None:
    STAMPS.mkdir(parents=True, exist_ok=True)
    (STAMPS / name).write_text(_digest(inputs))


def _digest(inputs: Iterable[Path]) -> str:
    """Hash names and contents, and where the tree lies: an editable install and a venv do not move."""
    digest = hashlib.sha256(str(ROOT).encode())
    for path in inputs:
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
