"""Does a run that waits fit another version of its workflow? Pure: names and types in, reasons out.

A run goes on with a changed graph where every node that it would execute next and every key that its state holds is still
there. Where that is not so it is held, and a `Relocation` says what takes the place of what.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Misfit", "Relocation", "find_misfits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """One reason why a run would break: `what` is "node", "key" or "type", `name` the node's or the key's."""

    what: str
    name: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Relocation:
    """What takes the place of nodes and keys that are gone: old name -> new name, or None to drop it.

    It belongs to one checkpoint: what the new version writes after it needs no translation.
    """

    nodes: Mapping[str, str | None] = field(default_factory=dict)
    keys: Mapping[str, str | None] = field(default_factory=dict)

    def node(self, name: str) -> str | None:
        """Return where a node has gone; None where it is dropped."""
        return self.nodes.get(name, name)

    def key(self, name: str) -> str | None:
        """Return where a key has gone; None where it is dropped."""
        return self.keys.get(name, name)

    def to_json(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return {"nodes": dict(self.nodes), "keys": dict(self.keys)}


def find_misfits(
    *,
    workflow: str,
    due: Iterable[str],
    held: Iterable[str],
    nodes: Iterable[str],
    keys: Mapping[str, str],
    old_keys: Mapping[str, str] | None = None,
    relocation: Relocation | None = None,
) -> list[Misfit]:
    """Return why a run does not fit a version with these nodes and keys (key -> its type, as text).

    `due` are the nodes that it executes next, `held` the keys of its state, `old_keys` those of the version it began with:
    a key whose type differs is named too, though its value may still be readable; its host tries.
    """
    moved = relocation or Relocation()
    known = frozenset(nodes)
    found = []
    for name in dict.fromkeys(due):
        place = moved.node(name)
        if place is not None and place not in known:
            found.append(
                Misfit(
                    what="node",
                    name=place,
                    sentence=f"Workflow {workflow!r} has changed and has no node {place!r} any more, which this run "
                    f"would execute next.",
                )
            )
    for name in dict.fromkeys(held):
        key = moved.key(name)
        if key is None:
            continue
        if key not in keys:
            found.append(
                Misfit(
                    what="key",
                    name=key,
                    sentence=f"Workflow {workflow!r} has changed and has no key {key!r} any more, which this run's state "
                    f"holds.",
                )
            )
        elif old_keys and name in old_keys and old_keys[name] != keys[key]:
            found.append(
                Misfit(
                    what="type",
                    name=key,
                    sentence=f"Key {key!r} of workflow {workflow!r} was a {old_keys[name]} and is a {keys[key]} now.",
                )
            )
    return found
