"""What `fastgraph dev` watches: found by looking for files, never by running one."""

from pathlib import Path

import pytest

from api.cli.dev import watched_folders


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a package, a module and a file, none of which may be imported."""
    for file in (
        "shop/__init__.py",
        "shop/flows/__init__.py",
        "shop/flows/orders.py",
        "alone.py",
        "else/where.py",
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("raise SystemExit('this must not run')\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (["shop.flows.orders:graph"], ["shop"]),
        (["alone"], ["."]),
        (["alone.py:graph"], ["."]),
        (["else/where.py"], ["else"]),
        (["else/where.py", "shop.flows"], ["else", "shop"]),
        (["else/where.py", "alone.py"], ["."]),
        (["unknown.module"], ["."]),
    ],
)
def test_a_target_is_watched_where_its_code_lies(
    project: Path, targets: list[str], expected: list[str]
) -> None:
    assert watched_folders(targets) == [(project / name).resolve() for name in expected]


def test_further_folders_are_watched_too(project: Path) -> None:
    assert watched_folders(["shop.flows"], extra=[project / "else"]) == [project / "else", project / "shop"]
    assert watched_folders(["shop.flows"], extra=[project / "missing"]) == [project / "shop"]
