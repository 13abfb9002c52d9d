"""What is committed works on every machine: no path of somebody's disk, no address of a package index, no secret file."""

import re

from support.sources import ROOT, files, text

# Homes and work folders at the start of a path; `/tmp`, `/usr/lib` and the like are the same everywhere.
MACHINE_PATH = re.compile(r"(?<![\w.~/-])/(?:home|Users|root|work|farm|mnt|srv|workspace|builds)/[\w.-]+")
# Put together from parts, so that this file does not find itself.
INDEX_HOST = re.compile(
    "|".join(
        r"\.".join(parts)
        for parts in (
            ("pythonhosted", "org"),
            ("pypi", "org/simple"),
            ("test", "pypi"),
            ("registry", "npmjs"),
            ("registry", "yarnpkg"),
            ("deb", "debian"),
        )
    )
)
GENERATED = (
    "api/dashboard/",
    "frontend/node_modules/",
    "frontend/dist/",
    "data/",
    ".venv/",
    "dist/",
    "build/",
)


def test_no_path_of_a_machine_is_committed() -> None:
    assert _found(MACHINE_PATH) == []


def test_no_address_of_a_package_index_is_committed() -> None:
    assert _found(INDEX_HOST) == []


def test_nothing_generated_is_committed() -> None:
    assert [path.as_posix() for path in files() if path.as_posix().startswith(GENERATED)] == []


def test_no_file_is_large() -> None:
    """A clone stays quick; what is larger is made by a script."""
    megabyte = 1024 * 1024
    assert [path.as_posix() for path in files() if (ROOT / path).stat().st_size > megabyte] == []


def test_requirements_are_pinned_and_name_no_place() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith("#")]
        loose = [line for line in lines if "==" not in line and line != "-r requirements.txt"]
        assert loose == [], f"{name}: run make lock"


def _found(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()[:120]}"
        for path in files()
        for number, line in enumerate(text(path).splitlines(), 1)
        if pattern.search(line)
    ]
