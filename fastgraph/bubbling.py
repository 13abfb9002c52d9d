"""What leaves a node upwards and is no failure: a question, a stop that was asked for, a Command for the graph around.

Public in `fastgraph.errors`, where LangGraph has them. None of them is a FastGraphError, so that nobody who catches our
errors catches these by mistake.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

__all__ = ["GraphBubbleUp", "GraphDrained", "GraphInterrupt", "NodeInterrupt", "ParentCommand"]


class GraphBubbleUp(Exception):  # noqa: N818 - LangGraph's name, and it is no error
    """What leaves a node upwards and is no failure."""


class GraphInterrupt(GraphBubbleUp):
    """A node waits for an answer; `interrupts` are what it asked."""

    def __init__(self, interrupts: Sequence[Any] = ()) -> None:
        self.interrupts = tuple(interrupts)
        super().__init__(interrupts)


class NodeInterrupt(GraphInterrupt):
    """Pause a node by raising; the old form of `interrupt`, whose answer the node can't read."""

    def __init__(self, value: Any, id: str | None = None) -> None:  # noqa: A002 - the name of LangGraph's parameter
        # errors stand below everything else, so the question's class is looked up when one is asked
        from fastgraph.graph.commands import Interrupt

        warnings.warn("NodeInterrupt is old: use fastgraph.interrupt().", DeprecationWarning, stacklevel=2)
        super().__init__([Interrupt(value) if id is None else Interrupt(value, id)])


class GraphDrained(GraphBubbleUp):
    """A run stopped between two steps because `RunControl.request_drain` was called; invoke(None) goes on with it."""

    def __init__(self, reason: str = "shutdown") -> None:
        self.reason = reason
        super().__init__(f"Graph drained: {reason}")


class ParentCommand(GraphBubbleUp):
    """A node's `Command(graph=Command.PARENT)` on its way to the graph around this one."""

    def __init__(self, command: Any) -> None:
        self.command = command
        super().__init__(command)
