"""One call of a functional task: found again, or executed with its attempts, kept, and shown.

A call's place is its number among the calls of the task around it, and its name; under that its result is kept with the
services of the task of the step. The result is durable before anybody sees it, so nothing can depend on what a crash
could lose. What is handed on is the decoded result: what is computed with is what is kept.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol, runtime_checkable

from fastgraph.cache.base import BaseCache
from fastgraph.errors import GraphBubbleUp, GraphInterrupt
from fastgraph.events import EventKind
from fastgraph.execution.tasks import Task, TaskKind, TimeLimits
from fastgraph.func.ways import IN_THREAD, ON_LOOP, Way
from fastgraph.graph.caching import CachePolicy, default_cache_key
from fastgraph.graph.commands import NestedInterrupt
from fastgraph.graph.current import CurrentTask, running
from fastgraph.graph.injection import inject
from fastgraph.graph.open_calls import SyncAsyncFuture
from fastgraph.graph.questions import read_all_questions
from fastgraph.graph.retry import RetryPolicy, delay_seconds, find_policy, has_attempts_left
from fastgraph.graph.task_call import drive
from fastgraph.graph.timeouts import Watch, run_within
from fastgraph.ids import task_id
from fastgraph.state.values import Codec, StoredValue

__all__ = ["ShowsCalls", "TaskSpec", "begin_call"]

_NAMESPACE = "__pregel_ns_writes"


@runtime_checkable
class ShowsCalls(Protocol):
    """Services that show functional tasks to a watcher, and have the workflow's cache."""

    @property
    def cache(self) -> BaseCache[Any] | None:
        """Where results of tasks with a cache policy are kept."""
        ...

    def show(self, mode: str, data: Any) -> None:
        """Show something in a stream mode. From any thread."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """A function as a task: its name, how it is run, how its result is kept."""

    name: str
    function: Callable[..., Any]
    is_async: bool
    injected: tuple[str, ...]
    codec: Codec
    retry_policies: tuple[RetryPolicy, ...] = ()
    cache_policy: CachePolicy[Any] | None = None
    limits: TimeLimits | None = None

    @property
    def cache_namespace(self) -> tuple[str, ...]:
        """Where the task's results are cached: other code under the same name has other ones."""
        function = self.function
        while isinstance(function, functools.partial):
            function = function.func
        kind: Any = function if hasattr(function, "__qualname__") else type(function)
        return (_NAMESPACE, f"{kind.__module__}.{kind.__qualname__}", self.name)


def begin_call(
    spec: TaskSpec, parent: CurrentTask, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Future[Any] | asyncio.Task[Any]:
    """Begin a call and return its future: a task of the loop in async code, else one that a thread fulfils."""
    call = _Call(spec, parent, args, kwargs, number=parent.count_task())
    kept = parent.services.find_record(call.key)
    if parent.is_async and _has_loop():
        work = _give(call.read(kept)) if kept is not None else call.execute(ON_LOOP)
        return parent.open_calls().create_task(work)
    if kept is not None:
        future = SyncAsyncFuture[Any]()
        future.set_result(call.read(kept))
        return future
    if spec.is_async:
        # sync code has no loop to share, so the task gets one of its own
        return parent.open_calls().submit(lambda: asyncio.run(call.execute(ON_LOOP)))
    return parent.open_calls().submit(lambda: drive(call.execute(IN_THREAD)))


class _Call:
    """A call of a task. `key` is its record's, `current` is made for each attempt."""

    def __init__(
        self,
        spec: TaskSpec,
        parent: CurrentTask,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        *,
        number: int,
    ) -> None:
        self.spec = spec
        self.key = f"{parent.record_path}call:{number}:{spec.name}"
        self._parent = parent
        self._args = args
        self._kwargs = kwargs
        place = f"{parent.task.path}/{number}"
        self._task = Task(
            id=task_id(parent.task.id, parent.namespace, parent.task.step, spec.name, place),
            node=spec.name,
            kind=TaskKind.PUSH,
            path=place,
            step=parent.task.step,
            triggers=("__pregel_push",),
            remaining_steps=parent.task.remaining_steps,
        )
        self._shows = parent.services if isinstance(parent.services, ShowsCalls) else None
        self._tell_call: Callable[..., None] | None = getattr(parent.services, "tell_call", None)

    def read(self, data: bytes) -> Any:
        """Return a kept result."""
        return StoredValue.read(data, self.spec.codec).fresh()

    async def execute(self, how: Way) -> Any:
        """Execute the task until it ends for good, and keep its result."""
        place = self._cache_place()
        cached = await how.get(self._cache(), place) if place else None
        self._show_begin()
        self._tell(EventKind.NODE_STARTED, attempt=1)
        if cached is not None:
            data = cached
            self._tell(EventKind.NODE_UPDATE, value=data, cached=True)
        else:
            data = await self._attempt_to_end(how)
            self._tell(EventKind.NODE_UPDATE, value=data)
        # what was told goes with the record, so it is not told again
        await how.wait_for(self._parent.services.keep_record(self.key, data))
        value = self.read(data)
        if place and cached is None and self.spec.cache_policy:
            await how.set(self._cache(), place, data, self.spec.cache_policy.ttl)
        self._show_result(value, is_cached=cached is not None)
        return value

    async def _attempt_to_end(self, how: Way) -> bytes:
        attempt = 1
        while True:
            current = self._make_current(attempt)
            try:
                with running(current):
                    value = await self._attempt(how, current)
                return StoredValue.of(value, self.spec.codec).to_bytes()
            except GraphInterrupt as asked:
                raise await self._ask(how, current, asked) from asked
            except GraphBubbleUp:
                raise
            except Exception as error:
                if current.open is not None:
                    await current.open.abandon(how.run_sync)
                policy = self._matching(error, attempt)
                if policy is None:
                    self._show_end(error=error)
                    shown = {"type": type(error).__name__, "message": str(error)}
                    self._tell(EventKind.NODE_FAILED, attempt=attempt, error=shown)
                    raise
                await how.wait(delay_seconds(policy, attempt, Random()))  # noqa: S311 - jitter, no secret
            attempt += 1

    async def _attempt(self, how: Way, current: CurrentTask) -> Any:
        spec = self.spec
        if spec.limits is None:
            value = await self._call(how, current)
        else:
            watch = Watch(current.services, spec.limits)
            current.services, current.heartbeat = watch.services, watch.heartbeat
            value = await run_within(spec.limits, spec.name, watch, lambda: self._call(how, current))
        if current.open is not None:
            await current.open.finish(how.run_sync)
        return value

    async def _call(self, how: Way, current: CurrentTask) -> Any:
        spec = self.spec
        wanted = tuple(name for name in spec.injected if name not in self._kwargs)
        extras = inject(wanted, current) if wanted else {}
        function = functools.partial(spec.function, *self._args, **{**self._kwargs, **extras})
        if spec.is_async:
            return await function()
        return await how.run_sync(function) if how.run_sync else function()

    async def _ask(self, how: Way, current: CurrentTask, asked: GraphInterrupt) -> NestedInterrupt:
        more = await current.open.finish(how.run_sync) if current.open else []
        questions = read_all_questions(
            [asked, *more],
            task_id=self._task.id,
            node=self._task.node,
            namespace=self._parent.namespace,
            answers=self._parent.answers,
        )
        self._show_end(interrupts=[{"value": item.value.fresh(), "id": item.id} for item in questions])
        return NestedInterrupt(questions)

    def _make_current(self, attempt: int) -> CurrentTask:
        parent = self._parent
        current = CurrentTask(
            task=self._task,
            attempt=attempt,
            answers=parent.answers,
            config=parent.config,
            context=parent.context,
            services=parent.services,
            namespace=parent.namespace,
            control=parent.control,
            store=parent.store,
        )
        current.is_async = self.spec.is_async
        current.previous = parent.previous
        current.record_path = f"{self.key}/"
        return current

    def _matching(self, error: Exception, attempt: int) -> RetryPolicy | None:
        index = find_policy(self.spec.retry_policies, error)
        if index is None or not has_attempts_left(self.spec.retry_policies[index], attempt):
            return None
        return self.spec.retry_policies[index]

    def _cache(self) -> BaseCache[Any] | None:
        return self._shows.cache if self._shows else None

    def _cache_place(self) -> tuple[tuple[str, ...], str] | None:
        policy = self.spec.cache_policy
        if policy is None or self._cache() is None:
            return None
        make = policy.key_func or default_cache_key
        made = make(*self._args, **self._kwargs)
        return self.spec.cache_namespace, made.decode("latin-1") if isinstance(made, bytes) else made

    def _tell(self, kind: EventKind, **facts: Any) -> None:
        """Tell the feed of a run on a host; its place there is the task that called."""
        if self._tell_call is not None:
            self._tell_call(kind, self._task, self._parent.place, **facts)

    def _show_begin(self) -> None:
        if self._shows:
            task = self._task
            shown = {"id": task.id, "name": task.node, "input": (self._args, dict(self._kwargs))}
            self._shows.show("tasks", {**shown, "triggers": task.triggers})

    def _show_result(self, value: Any, *, is_cached: bool) -> None:
        if self._shows:
            update = {self._task.node: value}
            self._shows.show("updates", {**update, "__metadata__": {"cached": True}} if is_cached else update)
            self._show_end(result={"__return__": value})

    def _show_end(
        self, *, error: BaseException | None = None, result: Any = None, interrupts: Any = ()
    ) -> None:
        if self._shows:
            ended: dict[str, Any] = {
                "id": self._task.id,
                "name": self._task.node,
                "error": error and repr(error),
            }
            ended |= {"result": result or {}, "interrupts": list(interrupts)}
            self._shows.show("tasks", ended)


def _give(value: Any) -> Coroutine[Any, Any, Any]:
    async def give() -> Any:
        return value

    return give()


def _has_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
