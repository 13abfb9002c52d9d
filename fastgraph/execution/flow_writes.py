"""Writes of a wide step to keys that take one value: which one counts, and which may not meet.

Writes of tasks that follow one another are no conflict, the later one counts. Writes of tasks of which neither can lead
to the other are one in every order of completion, so they are an error as two writes in one step are.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

from fastgraph.errors import InvalidUpdateError
from fastgraph.execution.plan import GraphPlan
from fastgraph.execution.regions import Regions
from fastgraph.execution.updates import Writes

__all__ = ["check_concurrent", "last_writes"]


def check_concurrent(
    plan: GraphPlan, regions: Regions, writes: Writes, places: Mapping[str, tuple[str, tuple[int, int, int]]]
) -> None:
    """Raise InvalidUpdateError where a key that takes one value has two writes that stand beside each other.

    `places` says for each task whose node it is and in which layer it stands.
    """
    for key, writers in writes.items():
        if len(writers) < 2 or not plan.keys[key].kind.is_single:
            continue
        found = [places[name] for name, _ in writers if name is not None]
        for (one, layer), (other, second) in combinations(found, 2):
            is_ordered = (
                regions.are_together(one, other)
                or regions.leads_to(one, other)
                or regions.leads_to(other, one)
            )
            if layer == second or not is_ordered:
                raise InvalidUpdateError(
                    f"Key {key!r} of graph {plan.name!r} was written by {one!r} and {other!r} beside each other and can "
                    f"take one value only. Give it a reducer: Annotated[<type>, <function of two values>]."
                )


def last_writes(plan: GraphPlan, writes: Writes) -> Writes:
    """Return the writes with only the last one of each key that no code folds."""
    return {key: writers if key in plan.folded_keys else writers[-1:] for key, writers in writes.items()}
