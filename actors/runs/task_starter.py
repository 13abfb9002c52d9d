"""From a due task to a running job: what it may read, who executes it, how it is given up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from actors.executors.executor import Job
from actors.host.tools import HostTools
from actors.runs.beginning import RunConfig
from actors.runs.nested_store import NestedStore
from actors.runs.outbox import Outbox
from actors.runs.situation import Situation
from actors.runs.stream_buffer import StreamBuffer
from actors.runs.task_services import HostTaskServices
from actors.tasks.job import ProcessJob
from fastgraph import fault_points
from fastgraph.database import artifacts
from fastgraph.database.node_cache import find_cached
from fastgraph.database.records import ClaimedRun
from fastgraph.database.times import to_micros
from fastgraph.execution.tasks import CacheEntry, Task, TaskEnding
from fastgraph.graph.compiled import CompiledGraph
from fastgraph.graph.task_call import TaskCall
from fastgraph.state.plain import decode

__all__ = ["TaskStarter"]

CONCURRENT_TASKS = 1_000
LOOKUP_SECONDS = 30.0


class TaskStarter:
    """Starts the tasks of one run. `on_end` is called in an executor's thread."""

    def __init__(
        self,
        *,
        claimed: ClaimedRun,
        graph: CompiledGraph,
        tools: HostTools,
        config: RunConfig,
        stream: StreamBuffer,
        on_end: Callable[[Job, TaskEnding], None],
        on_nested: Callable[[Outbox], None],
    ) -> None:
        self._claimed = claimed
        self._graph = graph
        self._tools = tools
        self._limit = min(config.max_concurrency or CONCURRENT_TASKS, CONCURRENT_TASKS)
        self._stream = stream
        self._in_process: WeakKeyDictionary[Job, ProcessJob] = WeakKeyDictionary()
        self._on_end = on_end
        self._on_nested = on_nested
        self._nested = NestedStore(claimed, tools)
        self._context = decode(claimed.context) if claimed.context else None
        self._config: Mapping[str, Any] = {
            "recursion_limit": config.recursion_limit,
            "configurable": {
                **(config.configurable or {}),
                "thread_id": claimed.thread_id,
                "run_id": claimed.run_id,
            },
            "metadata": {"run_name": claimed.name},
        }

    def take(self, situation: Situation) -> list[Task]:
        """Take from the queue as many tasks as may run at once."""
        free = self._limit - len(situation.jobs)
        return [situation.queue.popleft() for _ in range(min(free, len(situation.queue)))]

    def start(self, situation: Situation, task: Task) -> None:
        """Hand a task to its executor; its start must be durable by now."""
        fault_points.reach(fault_points.NODE_START)
        asked = situation.asked.get(task.id)
        began = situation.first_attempt_at.setdefault(task.id, self._tools.clock.now().timestamp())
        services = HostTaskServices(
            run_id=self._claimed.run_id,
            task=task,
            stream=self._stream,
            files=self._tools.store.blobs,
            find_artifact=self._find_artifact,
            find_cached=self._find_cached,
            nested=self._nested,
            outbox=Outbox(self._on_nested),
            clock=self._tools.clock,
        )
        call = TaskCall(
            graph=self._graph,
            task=task,
            values=situation.machine.checkpoint.values,
            attempt=situation.attempt_of(task.id),
            answers=asked.answers if asked else {},
            config=self._config,
            context=self._context,
            services=services,
            store=self._tools.shared_store,
            fold=len(situation.machine.tasks) == 1,
            error=situation.handled.get(task.id),
            control=situation.control,
            first_attempt_at=began,
        )
        job = Job(call, self._on_end)
        job.started_at = self._tools.clock.monotonic()
        services.job = job
        situation.jobs[task.id] = job
        if self._graph.runs_in_process(task.node):
            process_job = ProcessJob(job, self._tools.processes, self._claimed.workflow)
            self._in_process[job] = process_job
            self._tools.threads.submit(process_job)
        elif self._graph.runs_on_loop(task.node):
            self._tools.user_loops.submit(job)
        else:
            self._tools.threads.submit(job)
        fault_points.passed(fault_points.NODE_START)

    def abandon(self, job: Job) -> None:
        """Want nothing of a job any more, and count its thread as lost until it comes back."""
        job.cancel()
        if isinstance(job.call.services, HostTaskServices):
            job.call.services.close()
        process_job = self._in_process.pop(job, None)
        if process_job is not None:
            job.abandon()
            process_job.kill()
        elif job.abandon() and not self._graph.runs_on_loop(job.call.task.node):
            self._tools.threads.give_up(job)

    def _find_cached(self, entry: CacheEntry) -> bytes | None:
        """Look a kept result up from a user thread; the query runs on the actors' loop."""
        return asyncio.run_coroutine_threadsafe(self._read_cached(entry), self._tools.bridge.loop).result(
            LOOKUP_SECONDS
        )

    async def _read_cached(self, entry: CacheEntry) -> bytes | None:
        now = to_micros(self._tools.clock.now())
        async with self._tools.store.readers.connect() as connection:
            return await find_cached(
                connection,
                workflow=self._claimed.workflow,
                namespace=entry.namespace,
                key=entry.key,
                now_micros=now,
            )

    def _find_artifact(self, artifact_id: str) -> str | None:
        """Look an artifact up from a user thread; the query runs on the actors' loop."""
        return asyncio.run_coroutine_threadsafe(
            self._read_artifact(artifact_id), self._tools.bridge.loop
        ).result(LOOKUP_SECONDS)

    async def _read_artifact(self, artifact_id: str) -> str | None:
        async with self._tools.store.readers.connect() as connection:
            found = await artifacts.find_artifact(connection, artifact_id=artifact_id)
        return found.sha256 if found is not None else None
