"""The constants of the graph language, under LangGraph's module name."""

from fastgraph.execution.plan import END, START

__all__ = ["CONF", "END", "START", "TAG_HIDDEN", "TAG_NOSTREAM"]

CONF = "configurable"
"""The key of a config that holds `thread_id` and what nodes want to know."""
TAG_HIDDEN = "langsmith:hidden"
"""A tag that keeps out of what a stream shows; the value is LangGraph's."""
TAG_NOSTREAM = "nostream"
"""A tag for chat models; nothing here reads it."""
