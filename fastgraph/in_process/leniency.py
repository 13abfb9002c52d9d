"""What a run takes without an error, as LangGraph does, and tells of once: keys and targets that do not exist."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from fastgraph.execution.checkpoint import UnknownTarget

__all__ = ["Leniency"]

_LOGGER = logging.getLogger("fastgraph")


class Leniency:
    """The warnings of one run."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str]] = set()

    def drop_keys(self, source: str, keys: Sequence[str]) -> None:
        """Tell once a run which keys were dropped, because the state does not have them."""
        if not keys:
            return
        fresh = [key for key in keys if (source, key) not in self._told]
        if fresh:
            self._told.update((source, key) for key in fresh)
            _LOGGER.warning(
                "%s has keys that the state does not have; they were dropped: %s", source, ", ".join(fresh)
            )

    @staticmethod
    def ignore_targets(unknown: Iterable[UnknownTarget]) -> None:
        """Tell which targets were chosen that do not exist."""
        for source, target in unknown:
            _LOGGER.warning("%r chose the target %r, which does not exist; it was ignored.", source, target)
