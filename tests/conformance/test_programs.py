"""Each program sees the same on LangGraph and on FastGraph."""

from typing import Any

import pytest

from conformance.library import FASTGRAPH, LANGGRAPH
from conformance.observing import observe, observe_in_time
from conformance.open_points import OPEN_POINTS
from conformance.program import Program, list_programs


def _marked(program: Program) -> Any:
    reason = OPEN_POINTS.get(program.name)
    marks = [pytest.mark.xfail(strict=True, reason=reason)] if reason else []
    return pytest.param(program, id=program.name, marks=marks)


@pytest.mark.parametrize("program", [_marked(program) for program in list_programs()])
def test_a_program_sees_the_same_on_both(program: Program) -> None:
    theirs = observe(program, LANGGRAPH)
    ours = observe_in_time(program, FASTGRAPH)
    assert ours == theirs


def test_open_points_name_programs() -> None:
    assert set(OPEN_POINTS) - {program.name for program in list_programs()} == set()
