"""Which node can lead to which, and in which order: what a dataflow graph is planned by.

A region is a set of nodes that can all lead to one another, so a loop; any other node is a region of its own. Regions
have an order: whatever can lead to a node stands before it. Pure, and made once for a graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Regions", "find_regions"]


@dataclass(frozen=True, slots=True)
class Regions:
    """`reach` says which nodes each node can lead to, `rank` in which order regions stand; equal rank is one region."""

    reach: Mapping[str, frozenset[str]]
    rank: Mapping[str, int]

    def leads_to(self, source: str, target: str) -> bool:
        """Say whether what `source` does may make `target` run, over any number of nodes between them."""
        return target in self.reach[source]

    def are_together(self, one: str, other: str) -> bool:
        """Say whether two nodes are in one region."""
        return self.rank[one] == self.rank[other]


def find_regions(targets: Mapping[str, frozenset[str]]) -> Regions:
    """Find the regions of a graph, given where each of its nodes may lead to directly.

    >>> found = find_regions({"a": frozenset("b"), "b": frozenset("a"), "c": frozenset("a")})
    >>> found.are_together("a", "b"), found.rank["c"] < found.rank["a"]
    (True, True)
    """
    reach = {name: _reachable(name, targets) for name in targets}
    before = {name: [other for other in targets if name in reach[other]] for name in targets}
    groups: dict[str, list[str]] = {}
    for name in sorted(targets):
        together = [name, *(other for other in reach[name] if name in reach[other])]
        groups.setdefault(min(together), []).append(name)
    # who leads to a region is led to by fewer nodes than the region itself
    ordered = sorted(groups, key=lambda first: (len({*before[first]}.difference(groups[first])), first))
    rank = {name: place for place, first in enumerate(ordered) for name in groups[first]}
    return Regions(reach, rank)


def _reachable(source: str, targets: Mapping[str, frozenset[str]]) -> frozenset[str]:
    found: set[str] = set()
    left = list(targets[source])
    while left:
        name = left.pop()
        if name not in found and name in targets:
            found.add(name)
            left.extend(targets[name])
    return frozenset(found)
