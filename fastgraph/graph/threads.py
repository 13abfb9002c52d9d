"""`KeepsThreads`: what a compiled graph tells about its threads, and how they are changed from outside.

Each works with the checkpointer of `compile` and on the thread that the config names; the async forms do the same and do
not hold the loop up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from fastgraph.graph.snapshots import StateSnapshot, find_place, list_snapshots, take_snapshot
from fastgraph.graph.task_call import drive
from fastgraph.graph.updating import StateUpdate, update_thread

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph

__all__ = ["KeepsThreads"]


class KeepsThreads:
    """Reads and changes the threads of a compiled graph."""

    def get_state(self, config: Mapping[str, Any], *, subgraphs: bool = False) -> StateSnapshot:
        """Return where a thread stands, or the checkpoint that the config names; with `subgraphs` nested graphs, too.

        An unknown thread is an empty snapshot. Raises ConfigError without a checkpointer or a thread in the config.
        """
        return take_snapshot(find_place(_graph(self), config), subgraphs=subgraphs)

    async def aget_state(self, config: Mapping[str, Any], *, subgraphs: bool = False) -> StateSnapshot:
        """Do what `get_state` does."""
        return await asyncio.to_thread(self.get_state, config, subgraphs=subgraphs)

    def get_state_history(
        self,
        config: Mapping[str, Any],
        *,
        filter: Mapping[str, Any] | None = None,  # noqa: A002 - LangGraph's name
        before: Mapping[str, Any] | None = None,
        limit: int | None = None,
    ) -> Iterator[StateSnapshot]:
        """Go through a thread's states, newest first, all branches in one list.

        `filter` compares keys of the metadata, `before` is the config of a newer state, `limit` the number of states.
        """
        yield from list_snapshots(find_place(_graph(self), config), filter=filter, before=before, limit=limit)

    async def aget_state_history(
        self,
        config: Mapping[str, Any],
        *,
        filter: Mapping[str, Any] | None = None,  # noqa: A002 - LangGraph's name
        before: Mapping[str, Any] | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[StateSnapshot]:
        """Do what `get_state_history` does."""
        states = self.get_state_history(config, filter=filter, before=before, limit=limit)
        while (state := await asyncio.to_thread(next, states, None)) is not None:
            yield state

    def update_state(
        self,
        config: Mapping[str, Any],
        values: Any,
        as_node: str | None = None,
        task_id: str | None = None,
    ) -> dict[str, Any]:
        """Change a thread as if node `as_node` had returned `values`, and return the config of the new checkpoint.

        Reducers and the node's edges apply. Without `as_node` it is the node that ran last. `(None, END)` ends what is
        pending, "__input__" gives an input without running, "__copy__" copies the checkpoint. Raises InvalidUpdateError
        where the node does not exist or can't be told.
        """
        return self.bulk_update_state(config, [[StateUpdate(values, as_node, task_id)]])

    async def aupdate_state(
        self,
        config: Mapping[str, Any],
        values: Any,
        as_node: str | None = None,
        task_id: str | None = None,
    ) -> dict[str, Any]:
        """Do what `update_state` does; the way for async conditional edges."""
        return await self.abulk_update_state(config, [[StateUpdate(values, as_node, task_id)]])

    def bulk_update_state(
        self, config: Mapping[str, Any], supersteps: Sequence[Sequence[StateUpdate]]
    ) -> dict[str, Any]:
        """Change a thread in several steps, each with one or more updates; see `update_state`."""
        return drive(update_thread(_graph(self), config, supersteps))

    async def abulk_update_state(
        self, config: Mapping[str, Any], supersteps: Sequence[Sequence[StateUpdate]]
    ) -> dict[str, Any]:
        """Do what `bulk_update_state` does."""
        return await update_thread(_graph(self), config, supersteps)


def _graph(self: KeepsThreads) -> CompiledGraph:
    return cast("CompiledGraph", self)
