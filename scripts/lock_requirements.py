"""Writes requirements.txt and requirements-dev.txt from pyproject.toml, with every version pinned (`make lock`).

requirements.txt holds the runtime and the extra `ml`, so that `pip install -r requirements.txt` gives a server that can
run every shipped workflow; requirements-dev.txt adds the group `dev`. Neither names an index or a path of a machine.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUNTIME = ROOT / "requirements.txt"
DEVELOPMENT = ROOT / "requirements-dev.txt"

QUIET = ("--quiet", "--strip-extras", "--no-header", "--annotation-style=line", "--upgrade")
NO_ADDRESSES = ("--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host")

HEADER = "# Written by `make lock` from pyproject.toml. {what}\n"

# pip-compile pins for the system it runs on; what another system can not install is marked here.
MARKERS = {"uvloop": 'sys_platform != "win32"'}


def main() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    runtime = _compile(["--extra=ml", "pyproject.toml"], into=RUNTIME)
    what = "Runtime and the extra `ml`: all that the server and its workflows need."
    RUNTIME.write_text(HEADER.format(what=what) + runtime)
    group = "\n".join(project["dependency-groups"]["dev"])
    development = _compile([f"--constraint={RUNTIME.name}", "-"], into=DEVELOPMENT, stdin=group)
    what = "What a developer needs beside the runtime.\n-r requirements.txt"
    DEVELOPMENT.write_text(HEADER.format(what=what) + development)


def _compile(arguments: list[str], *, into: Path, stdin: str = "") -> str:
    command = [
        sys.executable,
        "-m",
        "piptools",
        "compile",
        *QUIET,
        *NO_ADDRESSES,
        "--output-file=-",
        *arguments,
    ]
    print(f"pinning {into.name} …", flush=True)
    made = subprocess.run(command, cwd=ROOT, input=stdin, text=True, stdout=subprocess.PIPE, check=True)
    return "".join(f"{_marked(line)}\n" for line in made.stdout.splitlines())


def _marked(line: str) -> str:
    """Add the marker of a package that not every system has."""
    pin, gap, reason = line.partition("#")
    name = pin.partition("==")[0]
    return f"{pin.rstrip()} ; {MARKERS[name]}  {gap}{reason}" if name in MARKERS else line


if __name__ == "__main__":
    main()
