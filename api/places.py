"""Where a request points: ids and places in a feed, read from text, and refused by name of the field."""

from __future__ import annotations

from api.faults import Fault, InvalidRequestError
from fastgraph.ids import parse_id

__all__ = ["parse_after", "parse_uuid"]

_HIGHEST = (1 << 63) - 1


def parse_uuid(text: str, field: str) -> str:
    """Return a UUID in canonical form; InvalidRequestError names the field where it is none."""
    try:
        return parse_id(text)
    except ValueError:
        raise InvalidRequestError(Fault(field, f"{text[:80]!r} is no UUID")) from None


def parse_after(text: str, field: str) -> int:
    """Return a place in a feed: a whole number from 0 on."""
    if not text.isascii() or not text.isdigit() or int(text) > _HIGHEST:
        raise InvalidRequestError(Fault(field, f"{text[:80]!r} is no whole number from 0 on"))
    return int(text)
