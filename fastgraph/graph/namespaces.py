"""The names of nested lineages: which task of which graph a run inside a task belongs to.

LangGraph's strings: a task's place is `node:task_id`, behind the place of the graph it is part of and a `|`. The first
graph that a task runs has the task's place as its namespace, further ones `|1`, `|2` behind it. A graph that remembers
a whole thread (`checkpointer=True`) leaves out the ids.
"""

from __future__ import annotations

from typing import Final

__all__ = ["call_namespace", "lasting_namespace", "parent_namespace", "split_namespace", "task_place"]

_NEXT: Final = "|"
_ID: Final = ":"


def task_place(namespace: str, node: str, task_id: str) -> str:
    """Name the place of a task in a graph whose namespace is `namespace` ("" for the outermost).

    >>> task_place("outer:1", "inner", "2")
    'outer:1|inner:2'
    """
    own = f"{node}{_ID}{task_id}"
    return f"{namespace}{_NEXT}{own}" if namespace else own


def call_namespace(place: str, number: int) -> str:
    """Name the lineage of the graph that a task at `place` runs as its first (0), second (1) …

    >>> call_namespace("outer:1", 0), call_namespace("outer:1", 2)
    ('outer:1', 'outer:1|2')
    """
    return f"{place}{_NEXT}{number}" if number else place


def lasting_namespace(place: str) -> str:
    """Leave out what differs from run to run: ids of tasks, numbers of calls.

    >>> lasting_namespace("outer:1|2|inner:3")
    'outer|inner'
    """
    parts = [part for part in place.split(_NEXT) if not part.isdigit()]
    return _NEXT.join(part.split(_ID)[0] for part in parts)


def parent_namespace(namespace: str) -> str:
    """Return the namespace of the graph around the one in `namespace`.

    >>> parent_namespace("outer:1|inner:2"), parent_namespace("outer:1|3"), parent_namespace("")
    ('outer:1', '', '')
    """
    parts = namespace.split(_NEXT)
    while parts and parts[-1].isdigit():
        parts.pop()
    return _NEXT.join(parts[:-1])


def split_namespace(namespace: str) -> tuple[str, ...]:
    """Return a namespace's parts, outermost first; none for the outermost graph."""
    return tuple(namespace.split(_NEXT)) if namespace else ()
