"""`Overwrite`: a write that replaces a reducer's value instead of being folded into it.

It stands here, below the public doors, because the JSON border, the codecs and the reducers must all know it.
`fastgraph.types` offers it to users. A JSON client writes `{"__overwrite__": value}`, and what was once an `Overwrite`
and went through somebody's JSON reads `{"value": …, "type": "__overwrite__"}`: all three mean the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["OVERWRITE_KEY", "Overwrite", "find_overwrite"]

OVERWRITE_KEY = "__overwrite__"


@dataclass(slots=True)
class Overwrite:
    """Return `{"key": Overwrite(value)}` to set a key that has a reducer.

    Writes of the same step that are folded before it are lost, those after it are ignored; a second one in the same
    step is an InvalidUpdateError.
    """

    value: Any
    type: Literal["__overwrite__"] = "__overwrite__"


def find_overwrite(write: Any) -> Overwrite | None:
    """Return the Overwrite that a write is or stands for, else None."""
    if type(write) is Overwrite or isinstance(write, Overwrite):
        return write
    if isinstance(write, dict):
        if len(write) == 1 and OVERWRITE_KEY in write:
            return Overwrite(write[OVERWRITE_KEY])
        if "value" in write and write.get("type") == OVERWRITE_KEY:
            return Overwrite(write["value"])
    return None
