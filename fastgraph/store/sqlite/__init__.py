"""Stores in SQLite files, under LangGraph's module names."""

from fastgraph.store.sqlite.aio import AsyncSqliteStore
from fastgraph.store.sqlite.base import SqliteStore

__all__ = ["AsyncSqliteStore", "SqliteStore"]
