"""A picture as Mermaid text, letter by letter as LangGraph's, so that what reads the one reads the other.

Nodes with plain names, labels and nested graphs give the same text. Where LangGraph's would not be readable (a quote or
bracket in a name, two nested graphs of one name) the text here is, because names are quoted and groups told apart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastgraph.graph.picture import DrawableGraph, GraphEdge, GraphNode

__all__ = ["NodeStyles", "draw_mermaid"]

_PLAIN = re.compile(r"[^\[\](){}<>|\"#;]*")
_RESERVED = frozenset({"end", "graph", "subgraph", "style", "class", "click"})


@dataclass(frozen=True)
class NodeStyles:
    """The Mermaid styles of nodes: of all, of the first and of the last."""

    default: str = "fill:#f2f0ff,line-height:1.2"
    first: str = "fill-opacity:0"
    last: str = "fill:#bfb6fc"


def draw_mermaid(
    picture: DrawableGraph,
    *,
    with_styles: bool = True,
    curve_style: str = "linear",
    node_styles: NodeStyles | None = None,
    wrap_label_n_words: int = 9,
    frontmatter_config: Mapping[str, Any] | None = None,
) -> str:
    """Return the text; without styles it has arrows only. `frontmatter_config` is Mermaid's own configuration."""
    text = _Text(picture, with_styles=with_styles, words=wrap_label_n_words)
    lines = ["graph TD;", *text.lines()]
    if with_styles:
        lines = [*_front_matter(frontmatter_config or {}, curve_style), *lines]
        styles = node_styles or NodeStyles()
        lines += [f"\tclassDef {item.name} {getattr(styles, item.name)}" for item in fields(styles)]
    return "\n".join(lines) + "\n"


class _Text:
    """The lines of one picture. `words` is how many words of a label stand on one line."""

    def __init__(self, picture: DrawableGraph, *, with_styles: bool, words: int) -> None:
        self._nodes = picture.nodes
        self._has_nodes = with_styles
        self._words = words
        first, last = picture.first_node(), picture.last_node()
        self._classes = {node.id: name for name, node in (("last", last), ("first", first)) if node}
        self._arrows: dict[str, list[GraphEdge]] = {}
        for edge in picture.edges:
            self._arrows.setdefault(_group_of(edge), []).append(edge)
        held = [node.rpartition(":")[0] for node in picture.nodes]
        self._groups = list(
            dict.fromkeys(parent for group in (*self._arrows, *held) for parent in _parents(group))
        )
        self._names: set[str] = set()

    def lines(self) -> Iterator[str]:
        """Yield all nodes and arrows: those of the graph itself, then each nested graph as a group."""
        yield from self._members("")
        for group in self._groups:
            if ":" not in group:
                yield from self._group(group)

    def _group(self, group: str) -> Iterator[str]:
        if group in self._nodes:
            # no group, a node that leads to itself
            yield from (self._arrow(edge) for edge in self._arrows[group])
            return
        name = group.rpartition(":")[2]
        name = _safe_id(group) if name in self._names else name
        self._names.add(name)
        yield f"\tsubgraph {name}"
        yield from self._members(group)
        for inner in self._groups:
            if inner.rpartition(":")[0] == group:
                yield from self._group(inner)
        yield "\tend"

    def _members(self, group: str) -> Iterator[str]:
        if self._has_nodes:
            for node in self._nodes.values():
                if node.id.rpartition(":")[0] == group:
                    yield self._node(node)
        for edge in self._arrows.get(group, ()):
            yield self._arrow(edge)

    def _node(self, node: GraphNode) -> str:
        label = _text(node.name.rpartition(":")[2])
        if label[:1] in "*_`" and label[-1:] in "*_`":
            # between these signs Markdown would make it bold or slanted
            label = f"<p>{label}</p>"
        facts = [_text(fact, is_plain=False) for fact in _facts(node.metadata or {})]
        if facts:
            label += "<hr/><small><em>" + "\n".join(facts) + "</em></small>"
        kind = self._classes.get(node.id)
        return f"\t{_safe_id(node.id)}([{label}]):::{kind}" if kind else f"\t{_safe_id(node.id)}({label})"

    def _arrow(self, edge: GraphEdge) -> str:
        arrow = " -.-> " if edge.conditional else " --> "
        if edge.data is not None:
            words = str(edge.data).split()
            rows = [" ".join(words[at : at + self._words]) for at in range(0, len(words), self._words)]
            label = _text(
                "&nbsp<br>&nbsp".join(rows) if len(rows) > 1 else str(edge.data), is_plain=len(rows) > 1
            )
            arrow = f" -. &nbsp;{label}&nbsp; .-> " if edge.conditional else f" -- &nbsp;{label}&nbsp; --> "
        return f"\t{_safe_id(edge.source)}{arrow}{_safe_id(edge.target)};"


def _group_of(edge: GraphEdge) -> str:
    """Return the innermost group in which both ends of an arrow lie; a node that leads to itself counts as one."""
    common = []
    for one, other in zip(edge.source.split(":"), edge.target.split(":"), strict=False):
        if one != other:
            break
        common.append(one)
    return ":".join(common)


def _parents(group: str) -> Iterator[str]:
    """Yield the groups around a group, outermost first, and itself."""
    parts = group.split(":") if group else []
    for depth in range(1, len(parts) + 1):
        yield ":".join(parts[:depth])


def _safe_id(node: str) -> str:
    """Return a name that Mermaid reads as a word: other signs as `\\` and their number, so the first of its own words."""
    if node.lower() in _RESERVED:
        return f"\\{ord(node[0]):x}{node[1:]}"
    return re.sub(r"[^A-Za-z0-9_-]", lambda found: f"\\{ord(found.group()):x}", node)


def _text(text: str, *, is_plain: bool = True) -> str:
    """Return a text as Mermaid shows it; signs that it would read become their numbers."""
    if is_plain and _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("#", "#35;")
    for sign in "[](){}<>|":
        escaped = escaped.replace(sign, f"#{ord(sign)};")
    return escaped.replace('"', "#quot;")


def _facts(metadata: Mapping[str, Any]) -> Iterator[str]:
    """Yield the metadata that can be shown in a line: plain values, and lists of these."""
    plain = (str, int, float, bool)
    for name, value in metadata.items():
        if isinstance(value, plain):
            yield f"{name} = {value}"
        elif isinstance(value, (list, tuple, set)) and all(isinstance(item, plain) for item in value):
            items = [str(item) for item in value]
            yield f"{name} = {', '.join(sorted(items) if isinstance(value, set) else items)}"


def _front_matter(given: Mapping[str, Any], curve_style: str) -> Sequence[str]:
    config = dict(given.get("config", {}))
    config["flowchart"] = {**config.get("flowchart", {}), "curve": curve_style}
    return ["---", *_yaml({**given, "config": config}, ""), "---"]


def _yaml(value: Mapping[str, Any], indent: str) -> Iterator[str]:
    """Yield a mapping as YAML: words as they are, anything else as JSON, which is YAML, too."""
    for name, part in sorted(value.items()):
        if isinstance(part, Mapping) and part:
            yield f"{indent}{name}:"
            yield from _yaml(part, indent + "  ")
        elif isinstance(part, str) and re.fullmatch(r"[A-Za-z][\w ]*", part):
            yield f"{indent}{name}: {part}"
        else:
            yield f"{indent}{name}: {json.dumps(part)}"
