"""The calls of a session's tasks: what each is handed beside its checkpoint's values.

One of these serves a whole run. What a node seldom asks for, its config and its services, is put together when it does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from fastgraph.cache.base import BaseCache
from fastgraph.checkpoint.base import ThreadLog
from fastgraph.execution.machine import Machine
from fastgraph.execution.tasks import Task
from fastgraph.graph.services import TaskServices
from fastgraph.graph.task_call import TaskCall
from fastgraph.in_process.crews import Crew
from fastgraph.in_process.options import RunOptions
from fastgraph.in_process.task_services import NestedServices, OpenLog, SessionServices, SessionWorld

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph

__all__ = ["CallMaker"]


class CallMaker:
    """Makes the calls of one run's tasks."""

    def __init__(
        self,
        graph: CompiledGraph,
        options: RunOptions,
        *,
        run_id: str,
        crew: Crew,
        log: ThreadLog,
        open_log: OpenLog,
        cache: BaseCache[Any] | None,
    ) -> None:
        self._graph = graph
        self._options = options
        self._crew = crew
        self._log = log
        self._cache = cache
        self._namespace = options.namespace
        self._world = SessionWorld(options, run_id=run_id, crew=crew, log=log, open_log=open_log, cache=cache)

    def place(self, machine: Machine) -> Mapping[str, Any]:
        """Return the config of the tasks of the step at which a machine stands."""
        name = machine.checkpoint_id
        return _LateConfig(lambda: self._read_config(name))

    def make(
        self,
        task: Task,
        machine: Machine,
        *,
        config: Mapping[str, Any],
        answers: Mapping[str, Any],
        error: BaseException | None = None,
    ) -> TaskCall:
        """Make the first attempt of a task. `error` is what a handler's task is told."""
        options = self._options
        return TaskCall(
            graph=self._graph,
            task=task,
            values=machine.checkpoint.values,
            attempt=1,
            answers=answers,
            config=config,
            context=options.context,
            services=self._services(task),
            namespace=self._namespace,
            fold=len(machine.tasks) == 1,
            error=error,
            control=options.control,
            first_attempt_at=time.time(),
        )

    def _services(self, task: Task) -> TaskServices:
        nesting = self._options.nesting
        if nesting is None:
            return SessionServices(self._world, task)
        return NestedServices(
            self._options, nesting, task=task, crew=self._crew, log=self._log, cache=self._cache
        )

    def _read_config(self, checkpoint_id: str) -> dict[str, Any]:
        options = self._options
        configurable = {
            **(options.config.get("configurable") or {}),
            "checkpoint_id": checkpoint_id,
            "checkpoint_ns": self._namespace,
        }
        if options.nesting is not None:
            configurable["checkpoint_map"] = options.nesting.parents
        return {**options.config, "configurable": configurable}


class _LateConfig(Mapping[str, Any]):
    """A config that is put together when somebody looks into it. Any thread may."""

    __slots__ = ("_config", "_read")

    def __init__(self, read: Callable[[], dict[str, Any]]) -> None:
        self._read = read
        self._config: dict[str, Any] | None = None

    def _whole(self) -> dict[str, Any]:
        if self._config is None:
            self._config = self._read()
        return self._config

    def __getitem__(self, name: str) -> Any:
        return self._whole()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole())

    def __len__(self) -> int:
        return len(self._whole())
