"""The reducers' work of one step, as data: what they will be given, in which order.

The machine says what is to be folded and never folds: reducers are user code and run where user code runs
(`fastgraph.graph.folding`). The writes stand in the order of their tasks' paths, so the answer does not depend on which
task was done first.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastgraph.execution.tasks import Write
from fastgraph.state.values import StoredValue

__all__ = ["FoldWork", "KeyFold"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFold:
    """One key: the value before the step (None where it has none yet) and the step's writes in path order; none for a
    channel of the user's own that the step did not write."""

    key: str
    current: StoredValue | None
    writes: tuple[Write, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldWork:
    """All keys of one step that need code. `is_step` is False for writes from outside, which end no step; `is_last` says
    that nothing is due after the step."""

    keys: tuple[KeyFold, ...]
    is_step: bool = True
    is_last: bool = False
