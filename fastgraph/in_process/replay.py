"""Going on from an old checkpoint of a nested graph: the config of its state names it, and those of the runs around it.

The outermost run forks its own checkpoint, so the tasks around a nested run get new ids. A graph that remembers its whole
thread (`checkpointer=True`) then begins at the named checkpoint; any other has a new lineage and begins anew, as in
LangGraph.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["Origins", "read_origins"]

Origins = dict[str, str]
"""The namespace of a nested lineage -> the name of the checkpoint that its next run begins at; taken out by that run."""


def read_origins(configurable: Mapping[str, Any]) -> tuple[dict[str, Any], Origins]:
    """Return the place of the outermost run that a config leads to, and the checkpoints of nested runs beside it.

    A config that names no nested run is returned as it is.
    """
    namespace, known = configurable.get("checkpoint_ns"), configurable.get("checkpoint_map") or {}
    if not namespace:
        return dict(configurable), {}
    own = {**configurable, "checkpoint_ns": "", "checkpoint_id": known.get("")}
    named = {**known, namespace: configurable.get("checkpoint_id")}
    return own, {place: str(name) for place, name in named.items() if place and name}
