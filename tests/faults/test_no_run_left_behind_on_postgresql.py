"""The crash matrix on PostgreSQL: a process dies at a fault point, is started again, and nothing is lost or left behind.

A seeded third of all cases, with every fault point and phase in it; `make crash-matrix` plays them all.
"""

from collections.abc import Iterator

import pytest

from crash_matrix.cases import Case, cases_of
from crash_matrix.playing import Theatre
from support.postgres import PostgresServer


@pytest.fixture(scope="module")
def theatre(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> Iterator[Theatre]:
    made = Theatre("postgresql", tmp_path_factory.mktemp("crashes"), postgres_server)
    yield made
    made.close()


@pytest.mark.slow
@pytest.mark.parametrize("case", cases_of("postgresql"), ids=lambda case: case.name)
def test_no_run_left_behind(theatre: Theatre, case: Case) -> None:
    theatre.play(case)
