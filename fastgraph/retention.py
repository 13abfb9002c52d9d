"""How long runs that have ended are kept: `30`, or `completed=7,failed=90,quarantined=never,text-report=3`.

A name is a status in which runs end, or else a workflow; a part without a name is for all runs that no other part speaks of.
A workflow's own number takes the place of its status's, but `never` of a status holds for every workflow: what somebody
wants to look at does not go because two rules met. Empty keeps everything for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from fastgraph.status import ENDED

__all__ = ["Retention"]

_NEVER = "never"
_STATUSES = frozenset(str(status) for status in ENDED)
_MOST_DAYS = 36_500.0


@dataclass(frozen=True, slots=True)
class Retention:
    """Days by status, by workflow, and of all others; None is for ever."""

    by_status: Mapping[str, float | None]
    by_workflow: Mapping[str, float | None]
    others: float | None

    @classmethod
    def parse(cls, text: str) -> Retention:
        """Read the setting. Raises ValueError with a sentence."""
        by_status: dict[str, float | None] = {}
        by_workflow: dict[str, float | None] = {}
        others: float | None = None
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, is_named, days = part.rpartition("=")
            name = name.strip()
            if not is_named:
                others = _read_days(part, part)
            elif name in _STATUSES:
                by_status[name] = _read_days(days, part)
            elif name:
                by_workflow[name] = _read_days(days, part)
            else:
                raise ValueError(f"{part!r} names neither a status nor a workflow before its '='")
        return cls(by_status, by_workflow, others)

    @property
    def is_off(self) -> bool:
        """Whether nothing is ever removed."""
        return all(
            days is None for days in (self.others, *self.by_status.values(), *self.by_workflow.values())
        )

    def age_of(self, *, status: str, workflow: str) -> timedelta | None:
        """Return how long after its end such a run is kept; None is for ever."""
        of_status = self.by_status.get(status, self.others)
        if status in self.by_status and of_status is None:
            return None
        days = self.by_workflow.get(workflow, of_status)
        return None if days is None else timedelta(days=days)

    @property
    def shortest(self) -> timedelta | None:
        """Return the least age at which any run may go; None where none ever does."""
        ages = [
            d for d in (self.others, *self.by_status.values(), *self.by_workflow.values()) if d is not None
        ]
        return timedelta(days=min(ages)) if ages else None


def _read_days(text: str, part: str) -> float | None:
    text = text.strip()
    if text == _NEVER:
        return None
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not 0 <= days <= _MOST_DAYS:
        raise ValueError(
            f"{part!r} is no number of days from 0 to {_MOST_DAYS:,.0f} and not '{_NEVER}'; write 30, or failed=90"
        )
    return days
