"""A workflow as its hosts have published it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

__all__ = ["ClearedCache", "GraphEdge", "GraphNode", "Workflow", "WorkflowGraph"]


class GraphNode(BaseModel):
    id: str
    name: str


class GraphEdge(BaseModel):
    source: str
    target: str
    conditional: bool
    label: str | None = None


class WorkflowGraph(BaseModel):
    nodes: list[GraphNode]
    edges: list[GraphEdge]


class Workflow(BaseModel):
    """A compiled graph with a name."""

    name: str
    description: str | None
    graph_hash: str
    input_schema: dict[str, Any] = Field(description="JSON Schema that a payload must satisfy.")
    graph: WorkflowGraph
    mermaid: str
    is_default: bool = Field(description="Runs that name no workflow get this one.")
    hosts: int = Field(description="Living hosts that have it.")
    is_paused: bool = Field(description="Its runs start nothing until it is unpaused.")


class ClearedCache(BaseModel):
    """What is forgotten."""

    cleared: int = Field(description="How many results.")
