"""`PregelProtocol`: what a thing must do to stand where a compiled graph can, for annotations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Protocol, Self, runtime_checkable

from fastgraph.graph.picture import DrawableGraph
from fastgraph.graph.snapshots import StateSnapshot

__all__ = ["PregelProtocol"]


@runtime_checkable
class PregelProtocol(Protocol):
    """A graph that can be run, drawn, and asked where a thread stands."""

    def with_config(self, config: Mapping[str, Any] | None = None, **more: Any) -> Self: ...

    def get_graph(
        self, config: Mapping[str, Any] | None = None, *, xray: int | bool = False
    ) -> DrawableGraph: ...

    def get_state(self, config: Mapping[str, Any], *, subgraphs: bool = False) -> StateSnapshot: ...

    def invoke(self, input: Any, config: Mapping[str, Any] | None = None, **options: Any) -> Any: ...  # noqa: A002

    async def ainvoke(self, input: Any, config: Mapping[str, Any] | None = None, **options: Any) -> Any: ...  # noqa: A002

    def stream(
        self,
        input: Any,  # noqa: A002
        config: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Iterator[Any]: ...

    def astream(
        self,
        input: Any,  # noqa: A002
        config: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> AsyncIterator[Any]: ...
