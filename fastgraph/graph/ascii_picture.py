"""A graph as characters: boxes for nodes, stars for arrows, dots for those with a label.

Where the boxes stand is found by `grandalf`, a small library for layered layouts that LangGraph wants for the same; it is
an optional dependency, imported here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from itertools import pairwise
from math import floor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastgraph.graph.picture import GraphEdge

__all__ = ["draw_boxes"]

_BOX_HEIGHT = 3
_BORDER = 2


class _Box:
    """What the layout asks of a node: its size; it writes the middle of the box into `xy`."""

    def __init__(self, width: int) -> None:
        self.w = width
        self.h = _BOX_HEIGHT
        self.xy: tuple[float, float] = (0.0, 0.0)


class _Path:
    """What the layout asks of an arrow: it hands over the points that it leads through."""

    def __init__(self) -> None:
        self.points: list[tuple[float, float]] = []

    def setpath(self, points: Sequence[tuple[float, float]]) -> None:
        self.points = list(points)


class _Canvas:
    """Lines of characters. Coordinates may be anything: they are counted from the smallest."""

    def __init__(self) -> None:
        self._marks: dict[tuple[int, int], str] = {}

    def put(self, x: int, y: int, text: str) -> None:
        for offset, mark in enumerate(text):
            self._marks[x + offset, y] = mark

    def line(self, start: tuple[float, float], end: tuple[float, float], mark: str) -> None:
        steps = max(_whole(abs(end[0] - start[0])), _whole(abs(end[1] - start[1])), 1)
        for step in range(steps + 1):
            share = step / steps
            x, y = (start[axis] + (end[axis] - start[axis]) * share for axis in (0, 1))
            self._marks[_whole(x), _whole(y)] = mark

    def box(self, x: int, y: int, text: str) -> None:
        edge = f"+{'-' * (len(text) + _BORDER)}+"
        for offset, line in enumerate((edge, f"| {text} |", edge)):
            self.put(x, y + offset, line)

    def text(self) -> str:
        left = min(x for x, _ in self._marks)
        rows: dict[int, dict[int, str]] = {}
        for (x, y), mark in self._marks.items():
            rows.setdefault(y, {})[x - left] = mark
        lines = []
        for y in range(min(rows), max(rows) + 1):
            row = rows.get(y, {})
            lines.append("".join(row.get(x, " ") for x in range(max(row, default=-1) + 1)))
        return "\n".join(lines)


def _whole(place: float) -> int:
    """Round halves up, always: Python's `round` goes to the even neighbour, which tears holes into lines."""
    return floor(place + 0.5)


def draw_boxes(names: Mapping[str, str], edges: Sequence[GraphEdge]) -> str:
    """Draw nodes, by id, and the arrows among them. Raises ImportError without grandalf."""
    try:
        graphs = import_module("grandalf.graphs")
        layouts = import_module("grandalf.layouts")
    except ImportError as error:
        raise ImportError(
            "Drawing a graph with characters needs the package grandalf. Install it: pip install 'fastgraph-server[ascii]'."
        ) from error
    vertices = {node: graphs.Vertex(name) for node, name in names.items()}
    for vertex in vertices.values():
        vertex.view = _Box(len(vertex.data) + 2 * _BORDER)
    arrows = [graphs.Edge(vertices[edge.source], vertices[edge.target], data=edge) for edge in edges]
    for arrow in arrows:
        arrow.view = _Path()
    graph = graphs.Graph(vertices.values(), arrows)
    canvas = _Canvas()
    left = 0
    for part in graph.C:
        left = _draw_part(canvas, part, layouts.SugiyamaLayout(part), left)
    return canvas.text()


def _draw_part(canvas: _Canvas, part: Any, layout: Any, left: int) -> int:
    """Lay out one connected part to the right of column `left`; answers the column where the next one may begin."""
    layout.xspace, layout.yspace = 2, _BOX_HEIGHT
    layout.init_all(roots=[part.sV[0]] if not any(not v.e_in() for v in part.sV) else None, optimize=True)
    layout.draw(3)
    boxes = list(part.sV)
    smallest = min(box.view.xy[0] - box.view.w / 2 for box in boxes)
    shift = left - smallest
    for arrow in part.sE:
        points = arrow.view.points or [arrow.v[0].view.xy, arrow.v[1].view.xy]
        moved = [(x + shift, y) for x, y in points]
        mark = "." if arrow.data.conditional else "*"
        for start, end in pairwise(moved):
            canvas.line(start, end, mark)
    right = left
    for box in boxes:
        x = _whole(box.view.xy[0] + shift - box.view.w / 2)
        canvas.box(x, _whole(box.view.xy[1] - 1), box.data)
        right = max(right, x + box.view.w + 2)
    return right
