"""The documentation is a site: each page is on it, each link and anchor leads somewhere, each public name is described."""

import os
import re
import subprocess
import sys
from pathlib import Path

import fastgraph
from support.sources import ROOT, files, text

DESCRIBED = re.compile(r"^::: fastgraph\.(\w+)$", re.MULTILINE)


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    site = tmp_path / "site"
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    pages = {path.relative_to("docs").with_suffix(".html") for path in files(".md", under="docs")}
    assert {Path("decisions/README.html")} == {page for page in pages if not (site / page).is_file()}
    assert "StateGraph" in (site / "reference" / "graphs.html").read_text()


def test_every_public_name_is_described_once() -> None:
    described = [
        name for page in files(".md", under="docs/reference") for name in DESCRIBED.findall(text(page))
    ]
    assert sorted(described) == sorted(fastgraph.__all__)
