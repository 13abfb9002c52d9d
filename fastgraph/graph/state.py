"""`StateGraph` and what its `compile` makes, under LangGraph's module name."""

from fastgraph.graph.builder import StateGraph
from fastgraph.graph.compiled import CompiledGraph

__all__ = ["CompiledStateGraph", "StateGraph"]

CompiledStateGraph = CompiledGraph
