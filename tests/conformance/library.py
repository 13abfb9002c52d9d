"""`lg`: one of the two libraries under one name, so that a program's imports are its parameter.

`lg.graph.StateGraph` is `langgraph.graph.StateGraph` or `fastgraph.graph.StateGraph`. A module is imported when a
program first names it, so a door that one library lacks fails the programs that use it and no others.
"""

import importlib
from types import ModuleType
from typing import Any

__all__ = ["FASTGRAPH", "LANGGRAPH", "Library"]


class Library:
    """A package whose modules and names are reached as attributes."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __repr__(self) -> str:
        return self._path

    def __getattr__(self, name: str) -> Any:
        module = importlib.import_module(self._path)
        found = getattr(module, name, None)
        if found is not None and not isinstance(found, ModuleType):
            return found
        try:
            importlib.import_module(f"{self._path}.{name}")
        except ModuleNotFoundError:
            return getattr(module, name)
        return Library(f"{self._path}.{name}")


LANGGRAPH = Library("langgraph")
FASTGRAPH = Library("fastgraph")
