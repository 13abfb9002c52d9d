"""`SqliteSaver`, under LangGraph's module name."""

from fastgraph.checkpoint.sqlite.saver import SqliteSaver

__all__ = ["SqliteSaver"]
