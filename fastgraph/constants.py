"""The constants of the graph language, under LangGraph's module name."""

from fastgraph.execution.plan import END, START

__all__ = ["END", "START"]
