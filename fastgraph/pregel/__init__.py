"""A compiled graph under the name that LangGraph gives its engine: for annotations and isinstance.

LangGraph's low-level way to write a program, channels and nodes by hand, does not exist here: `StateGraph` and `entrypoint`
say the same.
"""

from fastgraph.graph.compiled import CompiledGraph
from fastgraph.pregel.protocol import PregelProtocol

__all__ = ["Pregel", "PregelProtocol"]

Pregel = CompiledGraph
