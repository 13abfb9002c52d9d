"""The live picture of one run on a terminal: its nodes and their state, progress, the last lines, and what it
asks.

Draws from a `RunView` only. What a workflow wrote is shown as text, never as markup.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from api.cli.lines import brief, printable, waiting_hint
from api.cli.output import bytes_text
from api.cli.progress import NodeView, RunView

__all__ = ["LiveDisplay", "picture"]

PICTURES_PER_SECOND = 8
BAR_WIDTH = 30

_STYLES = {
    "completed": "bold green",
    "failed": "bold red",
    "quarantined": "bold red",
    "cancelled": "bold yellow",
    "interrupted": "bold magenta",
    "running": "bold cyan",
}
_MARKS = {"done": ("✔", "green"), "failed": ("✘", "red"), "waiting": ("·", "dim")}


class LiveDisplay:
    """A context manager; `show` takes events and redraws at its own pace, and the last picture stays."""

    def __init__(self, run_id: str, console: Console | None = None) -> None:
        self._view = RunView(run_id)
        self._started = time.monotonic()
        self._notice = ""
        self._spinner = Spinner("dots", style="cyan")
        self._live = Live(
            console=console or Console(),
            refresh_per_second=PICTURES_PER_SECOND,
            get_renderable=lambda: picture(
                self._view,
                seconds=time.monotonic() - self._started,
                notice=self._notice,
                spinner=self._spinner,
            ),
        )

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, event: dict[str, Any]) -> None:
        self._notice = ""
        self._view.apply(event)

    def tell(self, text: str) -> None:
        self._notice = text


def picture(view: RunView, *, seconds: float, notice: str = "", spinner: RenderableType = "") -> Group:
    """Return what the screen shows of a run."""
    head = Text.assemble(
        ("run ", "dim"),
        view.run_id,
        "  ",
        (view.status, _STYLES.get(view.status, "bold")),
        (f"  {seconds:.0f} s", "dim"),
    )
    if view.recoveries:
        head.append(f"  taken up again {view.recoveries} times", "yellow")
    parts: list[RenderableType] = [head, _nodes(view, spinner)]
    parts += [
        Text(f"  {printable(line, 300)}", "dim", no_wrap=True, overflow="ellipsis") for line in view.logs
    ]
    if view.tokens:
        parts.append(Text(f"  {printable(view.tokens, 300)}", "italic"))
    for artifact in view.artifacts:
        size = bytes_text(artifact.get("size") or 0)
        parts.append(Text(f"  ⬇ {artifact.get('name')}  {size}  {artifact.get('artifact_id')}", "green"))
    if view.status == "interrupted":
        parts.append(Text(f"  {brief(view.question, 500)}\n  {waiting_hint(view.run_id)}", "magenta"))
    if notice:
        parts.append(Text(f"  {notice}", "yellow"))
    return Group(*parts)


def _nodes(view: RunView, spinner: RenderableType) -> Table:
    table = Table.grid(padding=(0, 1))
    for node in view.nodes.values():
        table.add_row(
            "",
            _mark(node, spinner),
            Text(node.name),
            _count(node),
            _bar(node),
            Text(printable(node.note, 60), "dim"),
        )
    return table


def _mark(node: NodeView, spinner: RenderableType) -> RenderableType:
    return spinner if node.state == "running" else Text(*_MARKS[node.state])


def _count(node: NodeView) -> Text:
    total = node.done + node.running + node.failed
    parts = [f"{node.done}/{total}" if total > 1 else "", f"{node.retries} retries" if node.retries else ""]
    return Text("  ".join(part for part in parts if part), "dim")


def _bar(node: NodeView) -> RenderableType:
    if node.progress_done is None:
        return ""
    total = node.progress_total
    bar = Table.grid(padding=(0, 1))
    bar.add_row(
        ProgressBar(total=total, completed=node.progress_done, width=BAR_WIDTH, pulse=total is None),
        Text(f"{node.progress_done:g}" + (f"/{total:g}" if total is not None else ""), "dim"),
    )
    return bar
