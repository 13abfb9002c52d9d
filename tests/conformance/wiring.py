"""Build a graph in the shape of a sentence: `wire(lg, State, {"a": a, "b": b}, "START a b")`.

It calls the public builder and nothing else. A path `"START a b END"` is an edge between each two neighbours, `"a+b c"`
is the join of a and b into c.
"""

import itertools
from collections.abc import Mapping
from typing import Any

__all__ = ["chain", "wire"]


def wire(lg: Any, schema: Any, nodes: Mapping[str, Any], *paths: str, **schemas: Any) -> Any:
    """Return a builder with these nodes and edges; a node given as (function, options) gets the options."""
    builder = lg.graph.StateGraph(schema, **schemas)
    for name, node in nodes.items():
        function, options = node if isinstance(node, tuple) else (node, {})
        builder.add_node(name, function, **options)
    ends = {"START": lg.graph.START, "END": lg.graph.END}
    for path in paths:
        words = [ends.get(word, word) for word in path.split()]
        for source, target in itertools.pairwise(words):
            builder.add_edge(source.split("+") if "+" in source else source, target)
    return builder


def chain(lg: Any, schema: Any, *functions: Any, **schemas: Any) -> Any:
    """Return a builder of the functions one after the other, each a node of the function's name."""
    names = [function.__name__ for function in functions]
    nodes = dict(zip(names, functions, strict=True))
    return wire(lg, schema, nodes, " ".join(["START", *names, "END"]), **schemas)
