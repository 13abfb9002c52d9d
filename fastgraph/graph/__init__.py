"""The graph language: what LangGraph keeps in `langgraph.graph`, under the same names."""

from fastgraph.execution.plan import END, START
from fastgraph.graph.builder import StateGraph
from fastgraph.graph.compiled import CompiledGraph
from fastgraph.graph.message import MessageGraph, MessagesState, add_messages

__all__ = ["END", "START", "CompiledGraph", "MessageGraph", "MessagesState", "StateGraph", "add_messages"]
