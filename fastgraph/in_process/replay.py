"""Where nested runs begin when the outermost one goes on from an old checkpoint.

That run forks its checkpoint, so the tasks around a nested run get new ids. A graph that remembers its whole thread
(`checkpointer=True`) begins at the checkpoint that the config names for it, else at its newest from before; any other has
a new lineage and begins anew, as in LangGraph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastgraph.checkpoint.base import SavedCheckpoint, ThreadLog
from fastgraph.ids import checkpoint_id, parse_checkpoint_id

__all__ = ["Origins", "read_origins"]

_NOTHING = ""
"""The name of no checkpoint: the lineage has something by now and had nothing then."""
_COPIES = ("update", "fork")


@dataclass(slots=True)
class Origins:
    """What nested lineages begin at, each once: `named` by their namespaces, others before a checkpoint of the outermost
    run, whose number is `bound`; None where that run goes on at its end."""

    named: dict[str, str] = field(default_factory=dict)
    bound: int | None = None
    _seen: set[str] = field(default_factory=set)

    def travel(self, saved: SavedCheckpoint) -> None:
        """Take the nested runs back with the outermost one, which goes on from here; a copy stands for its original."""
        here = saved.checkpoint
        self.bound = (here.parent if saved.source in _COPIES else None) or here.number

    def take(self, namespace: str, log: ThreadLog) -> tuple[str | None, bool]:
        """Return the name of the checkpoint that a lineage begins at, None for its newest, and whether it was named."""
        if namespace in self.named:
            return self.named.pop(namespace), True
        if self.bound is None or namespace in self._seen:
            return None, False
        self._seen.add(namespace)
        for saved in log.list_newest_first():
            if _number_around(saved) < self.bound:
                return checkpoint_id(log.key, saved.checkpoint.number), False
        return _NOTHING, False


def read_origins(configurable: Mapping[str, Any]) -> tuple[dict[str, Any], Origins]:
    """Return the place of the outermost run that a config leads to, and the checkpoints of nested runs beside it.

    A config that names no nested run is returned as it is.
    """
    namespace, known = configurable.get("checkpoint_ns"), configurable.get("checkpoint_map") or {}
    if not namespace:
        return dict(configurable), Origins()
    own = {**configurable, "checkpoint_ns": "", "checkpoint_id": known.get("")}
    named = {**known, namespace: configurable.get("checkpoint_id")}
    return own, Origins({place: str(name) for place, name in named.items() if place and name})


def _number_around(saved: SavedCheckpoint) -> int:
    """Return the number of the outermost run's checkpoint in whose step a nested checkpoint was made."""
    parents: Any = saved.metadata.get("parents") or {}
    around = parents.get("")
    return parse_checkpoint_id(around)[1] if around else 0
