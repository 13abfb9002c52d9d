"""A host and a server start where nothing is installed but what `requirements.txt` names: no extra, no tool of ours."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# Everything that another distribution has brought is as if it were not there.
PROGRAM = """
import re, runpy, sys
from importlib.machinery import PathFinder
from importlib.metadata import distributions
from pathlib import Path

root = Path(sys.argv[1])

def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()

lines = (root / "requirements.txt").read_text().splitlines()
named = {normal(line.partition("==")[0].partition("[")[0].strip()) for line in lines if "==" in line}
assert "fastapi" in named and "pytest" not in named, named
hidden = {
    str(file.locate())
    for distribution in distributions()
    if normal(distribution.name) not in named | {"fastgraph-server"}
    for file in distribution.files or ()
    if file.suffix in {".py", ".so"}
}

class Hiding:
    def find_spec(self, name, path=None, target=None):
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.origin in hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None

sys.meta_path.insert(0, Hiding())
try:
    import pytest
except ModuleNotFoundError:
    print("hidden")
exec(sys.argv[2])
print("imported")
"""
HOST = "runpy.run_path(str(root / 'actors/host/boot.py'))['import_ours']()"
SERVER = "import pkgutil, api\nfor found in pkgutil.walk_packages(api.__path__, 'api.'):\n    __import__(found.name)"


@pytest.mark.parametrize("imports", [HOST, SERVER], ids=["host", "server"])
def test_no_more_is_imported_than_is_required(imports: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(ROOT), imports],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["hidden", "imported"], done.stderr
