"""Parts that many programs are made of: a state that is a trail, nodes that leave their name on it, nodes that ask."""

import operator
from typing import Annotated, Any

from typing_extensions import TypedDict

from conformance.calls import start

__all__ = ["EMPTY", "THREAD", "FlawError", "Trail", "asks", "attempted", "leaves", "many", "saver"]

THREAD = {"configurable": {"thread_id": "1"}}
EMPTY = start({"trail": []})


class Trail(TypedDict):
    trail: Annotated[list[Any], operator.add]


class FlawError(Exception):
    """What a flaky node raises."""


def leaves(name: str) -> Any:
    """Return a node that leaves its name."""

    def node(state):
        return {"trail": [name]}

    return node


def many(names: str) -> dict[str, Any]:
    """Return such a node for each letter."""
    return {name: leaves(name) for name in names}


def asks(lg, question: str) -> Any:
    """Return a node that asks, and leaves the question with its answer."""

    def node(state):
        return {"trail": [f"{question}={lg.types.interrupt(question)}"]}

    return node


def saver(lg) -> Any:
    """Return a new saver in memory."""
    return lg.checkpoint.memory.InMemorySaver()


def attempted(run: Any) -> Any:
    """Return what a call gives or raises."""
    try:
        return run()
    except Exception as error:  # noqa: BLE001 - what is compared
        return error
