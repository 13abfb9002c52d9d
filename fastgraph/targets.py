"""Several TARGETs in one setting, and back.

`FASTGRAPH_TARGETS` holds them comma separated. A comma that belongs to a target (a folder may have one in its
name) is written `\\,` and a backslash before a comma or a backslash `\\\\`; any other backslash stands for
itself, so that a Windows path needs no care. Spaces around a target are dropped, empty ones too.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["join_targets", "split_targets"]


def join_targets(targets: Iterable[str]) -> str:
    """Write targets as one setting.

    >>> join_targets(["flows.py", "odd,name.py:graph"])
    'flows.py,odd\\\\,name.py:graph'
    """
    return ",".join(target.replace("\\", "\\\\").replace(",", "\\,") for target in targets)


def split_targets(text: str) -> tuple[str, ...]:
    """Read the targets of a setting; the inverse of `join_targets`.

    >>> split_targets("flows.py, pkg.flows:graph")
    ('flows.py', 'pkg.flows:graph')
    """
    targets = [""]
    letters = iter(text)
    for letter in letters:
        if letter == ",":
            targets.append("")
        elif letter == "\\":
            following = next(letters, "")
            targets[-1] += following if following and following in "\\," else letter + following
        else:
            targets[-1] += letter
    return tuple(target.strip() for target in targets if target.strip())
