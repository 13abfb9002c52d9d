"""The examples are loaded as a host loads them: by path, with their folder first."""

import pytest

from actors.host.boot import ROOT
from actors.host.loading import Workflows, load_workflows


@pytest.fixture(scope="session")
def workflows() -> Workflows:
    """All shipped workflows, and the small one of the README."""
    return {**load_workflows([]), **load_workflows([str(ROOT / "examples" / "hello.py")])}
