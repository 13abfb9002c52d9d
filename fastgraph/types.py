"""The types of the graph language, under LangGraph's module name."""

from fastgraph.config import RunnableConfig
from fastgraph.graph.caching import CachePolicy
from fastgraph.graph.commands import Command, Interrupt, Overwrite, Send, interrupt
from fastgraph.graph.in_node import StreamWriter
from fastgraph.graph.retry import RetryPolicy, default_retry_on
from fastgraph.graph.snapshots import PregelTask, StateSnapshot
from fastgraph.graph.timeouts import TimeoutPolicy

__all__ = [
    "CachePolicy",
    "Command",
    "Interrupt",
    "Overwrite",
    "PregelTask",
    "RetryPolicy",
    "RunnableConfig",
    "Send",
    "StateSnapshot",
    "StreamWriter",
    "TimeoutPolicy",
    "default_retry_on",
    "interrupt",
]
