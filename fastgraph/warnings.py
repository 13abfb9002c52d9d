"""The warning classes of LangGraph, so that a program's filters on them can be moved over; FastGraph raises none of them."""

from __future__ import annotations

__all__ = [
    "LangGraphDeprecatedSinceV05",
    "LangGraphDeprecatedSinceV10",
    "LangGraphDeprecatedSinceV11",
    "LangGraphDeprecationWarning",
]


class LangGraphDeprecationWarning(DeprecationWarning):
    """Something of LangGraph's that is going away."""


class LangGraphDeprecatedSinceV05(LangGraphDeprecationWarning):
    """Since its version 0.5."""


class LangGraphDeprecatedSinceV10(LangGraphDeprecationWarning):
    """Since its version 1.0."""


class LangGraphDeprecatedSinceV11(LangGraphDeprecationWarning):
    """Since its version 1.1."""
