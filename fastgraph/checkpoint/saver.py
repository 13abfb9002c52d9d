"""`BaseCheckpointSaver`: what a graph keeps its threads in, with the methods of LangGraph's savers.

A graph asks for a thread's log (`open_thread`). `LogSaver` is the base of savers that have logs, and shows them in
LangGraph's form. A saver of somebody else's that implements LangGraph's methods only works, too: `BaseCheckpointSaver`
makes a log of them (`foreign.py`).
"""

# ruff: noqa: ARG002 - the base only says what there is to implement

from __future__ import annotations

import asyncio
import builtins
from abc import abstractmethod
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any, NoReturn, Self

from fastgraph.checkpoint.logs import SavedCheckpoint, ThreadLog, ValueReader
from fastgraph.checkpoint.tuples import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    PlainReader,
    make_config,
    read_checkpoint,
    read_writes,
    show_checkpoint,
)
from fastgraph.errors import ConfigError, StoreError
from fastgraph.execution.checkpoint import KeyChange
from fastgraph.ids import checkpoint_id, parse_checkpoint_id
from fastgraph.state.changes import DROP, diff
from fastgraph.state.values import PLAIN

if TYPE_CHECKING:
    from fastgraph.config import RunnableConfig

__all__ = ["BaseCheckpointSaver", "LogSaver"]


class BaseCheckpointSaver:
    """Where threads are kept. `serde` is accepted and not used: values are stored under the types of a graph's state."""

    serde: Any = None

    def __class_getitem__(cls, version: Any) -> type[Self]:
        """LangGraph's savers name the type of their versions in brackets; here it means nothing."""
        return cls

    def __init__(self, *, serde: Any = None) -> None:
        self.serde = serde

    @property
    def config_specs(self) -> builtins.list[Any]:
        """What of a config the saver wants to know; nothing."""
        return []

    def open_thread(self, thread_id: str, namespace: str = "", *, reader: ValueReader) -> ThreadLog:
        """Return the log of a thread's namespace, new or known. May be called from any thread of the program."""
        from fastgraph.checkpoint.foreign import TupleLog

        return TupleLog(self, thread_id, namespace, reader)

    def get(self, config: Mapping[str, Any]) -> Checkpoint | None:
        """Return the checkpoint that a config names, or the newest one; None where there is none."""
        found = self.get_tuple(config)
        return found.checkpoint if found else None

    def get_tuple(self, config: Mapping[str, Any]) -> CheckpointTuple | None:
        """Return the checkpoint that a config names, or the newest one, with all that belongs to it."""
        self._lacks("get_tuple")

    def list(
        self,
        config: Mapping[str, Any] | None,
        *,
        filter: Mapping[str, Any] | None = None,  # noqa: A002 - LangGraph's name
        before: Mapping[str, Any] | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """Go through a thread's checkpoints (None: those of all threads), newest first."""
        self._lacks("list")

    def put(
        self,
        config: Mapping[str, Any],
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Keep a checkpoint whose parent the config names, and return the config that names it."""
        self._lacks("put")

    def put_writes(
        self,
        config: Mapping[str, Any],
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Keep what a task has left on the checkpoint that the config names."""
        self._lacks("put_writes")

    def delete_thread(self, thread_id: str) -> None:
        """Forget a thread with all its namespaces; nothing where it is unknown."""
        self._lacks("delete_thread")

    def delete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Forget the checkpoints of these runs."""
        self._lacks("delete_for_runs")

    def copy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Copy a thread with all its namespaces and checkpoints to another name."""
        self._lacks("copy_thread")

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Forget all checkpoints but the newest of each namespace, or with "delete" the threads."""
        self._lacks("prune")

    async def aget(self, config: Mapping[str, Any]) -> Checkpoint | None:
        """Do what `get` does."""
        found = await self.aget_tuple(config)
        return found.checkpoint if found else None

    async def aget_tuple(self, config: Mapping[str, Any]) -> CheckpointTuple | None:
        """Do what `get_tuple` does, in a thread."""
        return await asyncio.to_thread(self.get_tuple, config)

    async def alist(
        self,
        config: Mapping[str, Any] | None,
        *,
        filter: Mapping[str, Any] | None = None,  # noqa: A002 - LangGraph's name
        before: Mapping[str, Any] | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """Do what `list` does, in a thread."""
        found = self.list(config, filter=filter, before=before, limit=limit)
        while (item := await asyncio.to_thread(next, found, None)) is not None:
            yield item

    async def aput(
        self,
        config: Mapping[str, Any],
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Do what `put` does, in a thread."""
        return await asyncio.to_thread(self.put, config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self,
        config: Mapping[str, Any],
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Do what `put_writes` does, in a thread."""
        await asyncio.to_thread(self.put_writes, config, writes, task_id, task_path)

    async def adelete_thread(self, thread_id: str) -> None:
        """Do what `delete_thread` does, in a thread."""
        await asyncio.to_thread(self.delete_thread, thread_id)

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Do what `delete_for_runs` does, in a thread."""
        await asyncio.to_thread(self.delete_for_runs, run_ids)

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Do what `copy_thread` does, in a thread."""
        await asyncio.to_thread(self.copy_thread, source_thread_id, target_thread_id)

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Do what `prune` does, in a thread."""
        await asyncio.to_thread(self.prune, thread_ids, strategy=strategy)

    def get_next_version(self, current: Any, channel: None = None) -> Any:
        """Return the version after `current` of a channel; only who makes checkpoints by hand needs one."""
        return _next_text_version(current) if isinstance(current, str) else (current or 0) + 1

    def _lacks(self, method: str) -> NoReturn:
        raise StoreError(f"{type(self).__name__} does not implement {method}, which was asked of it.")


class LogSaver(BaseCheckpointSaver):
    """A saver that has logs of its own, and LangGraph's methods over them."""

    @abstractmethod
    def open_thread(self, thread_id: str, namespace: str = "", *, reader: ValueReader) -> ThreadLog:
        """Return the log of a thread's namespace, new or known."""

    @abstractmethod
    def list_lineages(self, thread_id: str | None = None) -> Iterable[tuple[str, str]]:
        """Return the threads and namespaces that have checkpoints, of one thread or all."""

    @abstractmethod
    def open_named(self, thread_id: str, namespace: str, name_key: int) -> ThreadLog:
        """Return the log of a namespace; one that is new gets this key, so that its checkpoints keep the ids of a copy."""

    def get_tuple(self, config: Mapping[str, Any]) -> CheckpointTuple | None:
        """Return the checkpoint that a config names, or the newest one, with all that belongs to it."""
        thread_id, namespace, name = _read_place(config)
        log = self.open_thread(thread_id, namespace, reader=PlainReader())
        saved = log.find_latest() if name is None else log.find(_number_of(name, log.key))
        return (
            show_checkpoint(saved, key=log.key, thread_id=thread_id, namespace=namespace) if saved else None
        )

    def list(
        self,
        config: Mapping[str, Any] | None,
        *,
        filter: Mapping[str, Any] | None = None,  # noqa: A002 - LangGraph's name
        before: Mapping[str, Any] | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """Go through a thread's checkpoints (None: those of all threads), newest first."""
        yield from islice(self._list(config, filter or {}, before), limit)

    def _list(
        self, config: Mapping[str, Any] | None, wanted: Mapping[str, Any], before: Mapping[str, Any] | None
    ) -> Iterator[CheckpointTuple]:
        configurable = (config or {}).get("configurable") or {}
        thread_id = configurable.get("thread_id")
        end = ((before or {}).get("configurable") or {}).get("checkpoint_id")
        lineages = self.list_lineages(None if thread_id is None else str(thread_id))
        for thread, namespace in lineages:
            if configurable.get("checkpoint_ns", namespace) != namespace:
                continue
            log = self.open_thread(thread, namespace, reader=PlainReader())
            for saved in log.list_newest_first():
                name = checkpoint_id(log.key, saved.checkpoint.number)
                if configurable.get("checkpoint_id", name) != name or (end is not None and name >= end):
                    continue
                shown = show_checkpoint(saved, key=log.key, thread_id=thread, namespace=namespace)
                if all(shown.metadata.get(key) == value for key, value in wanted.items()):
                    yield shown

    def put(
        self,
        config: Mapping[str, Any],
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Keep a checkpoint whose parent the config names, and return the config that names it."""
        thread_id, namespace, parent_name = _read_place(config)
        key, number = _parse(checkpoint["id"])
        log = self.open_named(thread_id, namespace, key)
        newest = log.find_latest_number()
        if log.key != key or number <= newest:
            number = newest + 1
        parent = log.find(_number_of(parent_name, log.key)) if parent_name else None
        saved = read_checkpoint(
            checkpoint, metadata, number=number, parent=parent.checkpoint.number if parent else None
        )
        log.append(saved, _changes_between(parent, saved))
        _wait(log)
        return make_config(thread_id, namespace, checkpoint_id(log.key, number))

    def put_writes(
        self,
        config: Mapping[str, Any],
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Keep what a task has left on the checkpoint that the config names."""
        thread_id, namespace, name = _read_place(config)
        log = self.open_thread(thread_id, namespace, reader=PlainReader())
        number = _number_of(name, log.key) if name else log.find_latest_number()
        endings, answers = read_writes(writes, task_id)
        for ending in endings:
            log.record(number, ending)
        if answers:
            log.answer(number, answers)
        _wait(log)

    def get_next_version(self, current: str | None, channel: None = None) -> str:
        """Return the version after `current` of a channel; only who makes checkpoints by hand needs one."""
        return _next_text_version(current)


def _next_text_version(current: Any) -> str:
    number = int(str(current).partition(".")[0]) if current is not None else 0
    return f"{number + 1:032}.{Random().random():016}"  # noqa: S311 - two versions must differ, nothing more


def _read_place(config: Mapping[str, Any]) -> tuple[str, str, str | None]:
    configurable = config.get("configurable") or {}
    if configurable.get("thread_id") is None:
        raise ConfigError('The config names no thread. Give one: {"configurable": {"thread_id": "<name>"}}.')
    name = configurable.get("checkpoint_id")
    return (
        str(configurable["thread_id"]),
        str(configurable.get("checkpoint_ns") or ""),
        None if name is None else str(name),
    )


def _parse(name: Any) -> tuple[int, int]:
    """Return the key and number of a checkpoint's id; (0, 0) for an id that is not ours."""
    try:
        return parse_checkpoint_id(str(name))
    except ValueError:
        return 0, 0


def _number_of(name: str, key: int) -> int:
    found, number = _parse(name)
    return number if found == key else 0


def _changes_between(before: SavedCheckpoint | None, after: SavedCheckpoint) -> dict[str, KeyChange]:
    old = before.checkpoint.values if before else {}
    changes = {}
    for key, value in after.checkpoint.values.items():
        change, _ = diff(old.get(key), value.value, PLAIN)
        if change is not None:
            changes[key] = KeyChange(change=change)
    return changes | {key: KeyChange(change=DROP) for key in old if key not in after.checkpoint.values}


def _wait(log: ThreadLog) -> None:
    if (settled := log.settle()) is not None:
        settled.result()
