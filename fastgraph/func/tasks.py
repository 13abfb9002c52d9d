"""`@task`: a function whose result is kept, called inside a workflow and giving a future.

    future = fetch(url)        begins at once: in a thread, or on the loop of an async node
    future.result()            or `await future` in async code

Results are found again by the order of the calls, so the code that calls tasks must call them in the same order each
time it is executed.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Protocol, TypeVar, cast, overload

from fastgraph.func.calls import TaskSpec, begin_call
from fastgraph.graph.caching import CachePolicy
from fastgraph.graph.current import current_task
from fastgraph.graph.nodes import find_injected, function_name, is_async_function, read_hints
from fastgraph.graph.open_calls import SyncAsyncFuture
from fastgraph.graph.retry import RetryPolicy
from fastgraph.graph.timeouts import TimeoutPolicy, read_timeout
from fastgraph.graph.validation import sync_timeout
from fastgraph.state.codecs import make_codec

if TYPE_CHECKING:
    from fastgraph.cache.base import BaseCache

__all__ = ["TaskFunction", "task"]

P = ParamSpec("P")
T = TypeVar("T")
Retries = RetryPolicy | Sequence[RetryPolicy] | None


class TaskFunction(Generic[P, T]):
    """A function as a task. Calling it outside a node raises OutsideNodeError, a RuntimeError."""

    def __init__(self, spec: TaskSpec) -> None:
        self.spec = spec
        self.func: Callable[P, Any] = spec.function
        functools.update_wrapper(self, spec.function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> SyncAsyncFuture[T]:
        """Begin the task and return its future; one whose result is kept is done already."""
        future = begin_call(self.spec, current_task(self.spec.name), args, kwargs)
        # in async code it is a task of the loop, which can be awaited like the future and has its methods
        return cast("SyncAsyncFuture[T]", future)

    def clear_cache(self, cache: BaseCache[Any]) -> None:
        """Forget the task's results in a cache."""
        cache.clear([self.spec.cache_namespace])

    async def aclear_cache(self, cache: BaseCache[Any]) -> None:
        """Do what `clear_cache` does, on the running loop."""
        await cache.aclear([self.spec.cache_namespace])


class _Decorator(Protocol):
    """Makes a task of a function of either colour."""

    @overload
    def __call__(self, func: Callable[P, Awaitable[T]], /) -> TaskFunction[P, T]: ...

    @overload
    def __call__(self, func: Callable[P, T], /) -> TaskFunction[P, T]: ...


@overload
def task(func: Callable[P, Awaitable[T]], /) -> TaskFunction[P, T]: ...


@overload
def task(func: Callable[P, T], /) -> TaskFunction[P, T]: ...


@overload
def task(
    func: None = None,
    /,
    *,
    name: str | None = None,
    retry_policy: Retries = None,
    cache_policy: CachePolicy[Any] | None = None,
    timeout: float | dt.timedelta | TimeoutPolicy | None = None,
) -> _Decorator: ...


def task(
    func: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    retry_policy: Retries = None,
    cache_policy: CachePolicy[Any] | None = None,
    timeout: float | dt.timedelta | TimeoutPolicy | None = None,
) -> Any:
    """Make a task of a function.

    `retry_policy` (one or several) tries it again when it raises, `cache_policy` takes its result from the workflow's
    cache, `timeout` (seconds) caps each attempt of an async function. Arguments and result must be storable. Raises
    GraphDefinitionError, a ValueError, for a timeout of a sync function.
    """

    def decorate(function: Callable[..., Any]) -> TaskFunction[..., Any]:
        chosen = name or function_name(function) or "task"
        hints = read_hints(function)
        spec = TaskSpec(
            name=chosen,
            function=function,
            is_async=is_async_function(function),
            injected=find_injected(function, hints, skip=0),
            codec=make_codec(f"the result of task {chosen!r}", hints.get("return", Any)),
            retry_policies=_as_policies(retry_policy),
            cache_policy=cache_policy,
            limits=read_timeout(timeout),
        )
        if spec.limits is not None and not spec.is_async:
            raise sync_timeout(chosen)
        return TaskFunction(spec)

    return decorate if func is None else decorate(func)


def _as_policies(policies: Retries) -> tuple[RetryPolicy, ...]:
    if policies is None:
        return ()
    return (policies,) if isinstance(policies, RetryPolicy) else tuple(policies)
