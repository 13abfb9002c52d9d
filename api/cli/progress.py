"""What is known of a run from its events so far: a fold, without a terminal and without a clock.

The live display draws a `RunView`; tests feed it events. A node may execute several times at once (Send), so
it is counted and not switched.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from fastgraph.status import RunStatus

__all__ = ["LOG_LINES", "NodeView", "RunView"]

LOG_LINES = 8  # that the display keeps in sight
TOKEN_LETTERS = 400  # of the text that a node streams; the last ones are shown

_STATUS_OF = {
    "queued": RunStatus.QUEUED,
    "started": RunStatus.RUNNING,
    "recovered": RunStatus.RUNNING,
    "resumed": RunStatus.RUNNING,
    "interrupted": RunStatus.INTERRUPTED,
    "sleeping": RunStatus.SLEEPING,
    "paused": RunStatus.PAUSED,
    "completed": RunStatus.COMPLETED,
    "failed": RunStatus.FAILED,
    "cancelled": RunStatus.CANCELLED,
    "quarantined": RunStatus.QUARANTINED,
}


@dataclass(slots=True)
class NodeView:
    """One node: how many of its tasks execute, were done and have failed, and how far it says it is."""

    name: str
    running: int = 0
    done: int = 0
    failed: int = 0
    retries: int = 0
    progress_done: float | None = None
    progress_total: float | None = None
    note: str = ""

    @property
    def state(self) -> str:
        """One word: running, failed, done or waiting."""
        if self.running:
            return "running"
        if self.failed:
            return "failed"
        return "done" if self.done else "waiting"


@dataclass(slots=True)
class RunView:
    """A run as far as its events tell it; `apply` each event once, in order."""

    run_id: str
    status: RunStatus = RunStatus.QUEUED
    last_seq: int = 0
    recoveries: int = 0
    nodes: dict[str, NodeView] = field(default_factory=dict)
    logs: deque[str] = field(default_factory=lambda: deque(maxlen=LOG_LINES))
    tokens: str = ""
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    question: Any = None

    def apply(self, event: dict[str, Any]) -> None:
        """Take one event in; kinds that are not known yet change nothing but the number."""
        kind, data = event["event"], event.get("data")
        data = data if isinstance(data, dict) else {"value": data}
        self.last_seq = event["seq"]
        self.status = _STATUS_OF.get(kind, self.status)
        if kind == "resumed":
            self.question = None
        if kind == "recovered":
            self.recoveries += 1
            for node in self.nodes.values():
                node.running = 0  # what was executing starts again and says so
        if name := event.get("node"):
            self._apply_to_node(self.nodes.setdefault(name, NodeView(name)), kind, data)
        self._apply_to_run(kind, data, event.get("node"))

    def _apply_to_node(self, node: NodeView, kind: str, data: dict[str, Any]) -> None:
        match kind:
            case "node_started":
                node.running += 1
            case "node_update":
                node.running, node.done = max(0, node.running - 1), node.done + 1
                node.note = ""
            case "node_retry":
                node.running, node.retries = max(0, node.running - 1), node.retries + 1
            case "node_failed":
                node.running, node.failed = max(0, node.running - 1), node.failed + 1
            case "interrupted":
                node.running = max(0, node.running - 1)
            case "progress":
                node.progress_done, node.progress_total = data.get("done"), data.get("total")
                node.note = str(data.get("label") or "")
            case _:
                pass

    def _apply_to_run(self, kind: str, data: dict[str, Any], node: str | None) -> None:
        match kind:
            case "log" | "warning":
                self.logs.append(f"{node + ': ' if node else ''}{data.get('message', data.get('value', ''))}")
            case "token":
                self.tokens = (self.tokens + str(data.get("text", "")))[-TOKEN_LETTERS:]
            case "artifact":
                self.artifacts.append(data)
            case "interrupted":
                self.question = data.get("value", data.get("interrupts", data))
            case _:
                pass
