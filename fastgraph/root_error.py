"""The root of the tree of errors; the tree is drawn in `fastgraph.errors`, which has them all."""

from __future__ import annotations

__all__ = ["FastGraphError"]


class FastGraphError(Exception):
    """The root of all errors that FastGraph raises on purpose."""
