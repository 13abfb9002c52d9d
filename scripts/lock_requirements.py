"""Writes requirements.txt and requirements-dev.txt from pyproject.toml, with every version pinned (`make lock`).

requirements.txt holds the runtime and the extra `ml`, so that `pip install -r requirements.txt` gives a server that can
run every shipped workflow; requirements-dev.txt adds the group `dev`. The two are resolved together,
so that they fit into one environment. Neither names an index or a path of a machine.
"""

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUNTIME = ROOT / "requirements.txt"
DEVELOPMENT = ROOT / "requirements-dev.txt"

QUIET = ("--quiet", "--strip-extras", "--no-header", "--no-annotate", "--no-emit-options", "--upgrade")

RUNTIME_HEADING = """\
# Written by `make lock` from pyproject.toml: the runtime and the extra `ml`, all that the server and its workflows need."""
DEVELOPMENT_HEADING = """\
# Written by `make lock` from pyproject.toml: what a developer needs beside the runtime.
-r requirements.txt"""

# pip-compile pins for the system it runs on; what another system can not install is marked here.
MARKERS = {"uvloop": 'sys_platform != "win32"'}


def main() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        group = "\n".join(tomllib.load(file)["dependency-groups"]["dev"])
    print("pinning all together …", flush=True)
    everything = _compile(["--extra=ml", "pyproject.toml", "-"], stdin=group)
    print(f"pinning {RUNTIME.name} …", flush=True)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as constraints:
        constraints.write("\n".join(everything.values()))
        constraints.flush()
        runtime = _compile([f"--constraint={constraints.name}", "--extra=ml", "pyproject.toml"])
    _write(RUNTIME, RUNTIME_HEADING, runtime)
    _write(
        DEVELOPMENT,
        DEVELOPMENT_HEADING,
        {name: pin for name, pin in everything.items() if name not in runtime},
    )


def _compile(arguments: list[str], *, stdin: str = "") -> dict[str, str]:
    """Answer the pins of a set of requirements, by name, each with its version and marker."""
    command = [sys.executable, "-m", "piptools", "compile", *QUIET, "--output-file=-", *arguments]
    made = subprocess.run(command, cwd=ROOT, input=stdin, text=True, stdout=subprocess.PIPE, check=True)
    pins = [line for line in made.stdout.splitlines() if "==" in line]
    return {pin.partition("==")[0]: _marked(pin) for pin in pins}


def _write(path: Path, heading: str, pins: dict[str, str]) -> None:
    path.write_text("\n".join([heading, *pins.values(), ""]))


def _marked(pin: str) -> str:
    """Add the marker of a package that not every system has."""
    name = pin.partition("==")[0]
    return f"{pin} ; {MARKERS[name]}" if name in MARKERS and ";" not in pin else pin


if __name__ == "__main__":
    main()
