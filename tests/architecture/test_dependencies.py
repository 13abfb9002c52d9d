"""What the code imports is declared, and what is declared is pinned: a fresh environment has all that it needs.

The environment of a developer holds more than the product asks for, so that a forgotten line in pyproject.toml is not
seen there; it is seen here.
"""

import re
import sys
import tomllib
from collections.abc import Mapping
from importlib.metadata import packages_distributions
from typing import Any

from support.sources import PACKAGES, ROOT, Import, files, imports, product_files

# Parts of a declared library that have a distribution of their own.
PARTS = {"starlette": "fastapi", "pydantic-core": "pydantic", "typing-extensions": "pydantic"}
OPTIONAL = {"ray", "boto3", "opentelemetry"}  # each asked for in one module, whose error names the extra


def test_every_library_that_the_product_imports_is_declared() -> None:
    declared = _names(_project()["dependencies"])
    homes = packages_distributions()
    foreign = {name for path in product_files() for name in map(_top, imports(path)) if _is_foreign(name)}
    missing = [name for name in sorted(foreign - OPTIONAL) if not _homes(name, homes) & declared]
    assert missing == [], "add it to the dependencies in pyproject.toml, then: make lock"


def test_every_declared_library_is_imported() -> None:
    """A library nobody imports is a download for nothing; drivers are loaded by name."""
    loaded_by_name = {"aiosqlite", "fastapi-offline", "psycopg", "python-multipart", "websockets"}
    homes = packages_distributions()
    used = {
        home for path in product_files() for found in imports(path) for home in _homes(_top(found), homes)
    }
    assert _names(_project()["dependencies"]) - used - loaded_by_name == set()


def test_every_declared_library_is_pinned() -> None:
    pins = _names((ROOT / "requirements.txt").read_text().splitlines())
    declared = _names([*_project()["dependencies"], *_project()["optional-dependencies"]["ml"]])
    assert declared - pins == set(), "run make lock"


def test_every_tool_of_the_tests_is_pinned() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        group = tomllib.load(file)["dependency-groups"]["dev"]
    lines = [*(ROOT / "requirements.txt").read_text().splitlines(), *_development()]
    assert _names(group) - _names(lines) == set(), "run make lock"


def test_every_library_that_the_tests_import_is_pinned() -> None:
    pins = _names([*(ROOT / "requirements.txt").read_text().splitlines(), *_development()])
    homes = packages_distributions()
    paths = [
        path
        for folder in ("tests", "benchmarks", "scripts", "examples")
        for path in files(".py", under=folder)
    ]
    local = {path.stem for path in paths} | {path.parent.name for path in paths}
    foreign = {name for path in paths for name in map(_top, imports(path)) if _is_foreign(name)} - local
    assert [name for name in sorted(foreign) if not _homes(name, homes) & pins] == [], (
        "add it to the group dev"
    )


def _project() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        project: dict[str, Any] = tomllib.load(file)["project"]
        return project


def _development() -> list[str]:
    return (ROOT / "requirements-dev.txt").read_text().splitlines()


def _names(requirements: list[str]) -> set[str]:
    """`uvicorn[standard]>=0.54` is `uvicorn`; comments and options are left out."""
    found = (re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line) for line in requirements)
    return {_normal(match[0]) for match in found if match}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _top(found: Import) -> str:
    return found.name.partition(".")[0]


def _is_foreign(name: str) -> bool:
    return name not in sys.stdlib_module_names and name not in {
        *PACKAGES,
        "support",
        "benchmarks",
        "examples",
    }


def _homes(name: str, homes: Mapping[str, list[str]]) -> set[str]:
    """The distributions that hold a module, and the declared one that a part belongs to."""
    normal = {_normal(home) for home in homes.get(name, ())}
    return normal | {PARTS[home] for home in normal if home in PARTS}
