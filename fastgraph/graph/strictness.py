"""Whether graphs that are compiled here carry their values strictly: copied whole, compared to the byte.

Usually a value above 64 KB is copied at its top level for each node and compared by the identity of its items, because
anything else would cost more than the node. While workflows are written it is better to see a change in place that is
not returned: who loads a program strictly (`fastgraph dev`, our tests) says so around the loading, and every graph that
is compiled meanwhile takes it on, those inside other graphs too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["are_values_strict", "strict_values"]

_STRICT: ContextVar[bool] = ContextVar("fastgraph_strict_values", default=False)


def are_values_strict() -> bool:
    """Say whether a graph that is compiled now is to carry its values strictly."""
    return _STRICT.get()


@contextmanager
def strict_values(is_strict: bool = True) -> Iterator[None]:
    """Let the graphs that are compiled in the block carry their values strictly, or not."""
    token = _STRICT.set(is_strict)
    try:
        yield
    finally:
        _STRICT.reset(token)
