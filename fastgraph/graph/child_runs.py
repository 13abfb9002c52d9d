"""Runs that a node starts: `start_run` lets one go its own way, `run_workflow` waits for its end.

A child is a run like any other, with a thread, events and a page of its own; it belongs to the task that started it. A
node that is executed again finds the child that it started before. Waiting for a child costs nothing, as any wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from fastgraph.clock import SystemClock
from fastgraph.errors import ChildRunError, ConfigError
from fastgraph.execution.tasks import WaitKind
from fastgraph.execution.waits import CAME, has_timed_out
from fastgraph.graph.current import CurrentTask, current_task
from fastgraph.graph.services import TaskServices
from fastgraph.graph.waits import wait_for
from fastgraph.state.plain import encode

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph

__all__ = ["ChildRequest", "ClosePolicy", "StartsRuns", "run_workflow", "start_run"]

ClosePolicy = Literal["abandon", "cancel", "terminate"]
_POLICIES = ("abandon", "cancel", "terminate")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildRequest:
    """A child run that is asked for. `key` is the same whenever the same task asks for the same child."""

    key: str
    task_id: str
    node: str
    workflow: str
    name: str
    payload: bytes
    thread_id: str | None
    tags: tuple[str, ...]
    close_policy: ClosePolicy


@runtime_checkable
class StartsRuns(Protocol):
    """Services that can start runs: those of a host. Called from any thread."""

    def start_run(self, request: ChildRequest) -> Future[str]:
        """Accept a run, or find the one that the same key stands for; gives its id when it is durable."""
        ...


def start_run(
    workflow: str | CompiledGraph,
    input: Any = None,  # noqa: A002 - LangGraph's name for what a graph is given
    *,
    name: str | None = None,
    thread_id: str | None = None,
    tags: Sequence[str] = (),
    parent_close_policy: ClosePolicy = "abandon",
    key: str = "",
) -> Any:
    """Start a run of another workflow and return its id; `await start_run(…)` in an async node.

    A node that is executed again gets the same run: the first call of a task stands for its first child and so on, or name
    each by a `key` where the order may differ. When this run ends before the child, `parent_close_policy` says what
    becomes of it: "abandon" leaves it alone, "cancel" asks it to stop, "terminate" ends it at once. Needs a server: raises
    ConfigError in `invoke`, WorkflowNotFoundError for a workflow that no host has published, OutsideNodeError outside a
    node.
    """
    current = current_task("start_run")
    request = _request(
        current,
        workflow,
        input,
        name=name,
        thread_id=thread_id,
        tags=tuple(tags),
        close_policy=parent_close_policy,
        key=key,
    )
    starting = _starter(current, request.workflow).start_run(request)
    return asyncio.wrap_future(starting) if current.is_async else starting.result()


def run_workflow(
    workflow: str | CompiledGraph,
    input: Any = None,  # noqa: A002 - as above
    *,
    name: str | None = None,
    thread_id: str | None = None,
    tags: Sequence[str] = (),
    parent_close_policy: ClosePolicy = "cancel",
    timeout: float | timedelta | None = None,
    key: str = "",
) -> Any:
    """Start a run of another workflow, wait for its end and return its result; `await` it in an async node.

    As `start_run`, but the node goes on when the child has completed. Raises ChildRunError where it ended otherwise, or
    did not end within `timeout` (seconds or a timedelta; the child goes on then). A compiled graph may stand for a workflow
    by its name; in `invoke`, where there is no server, it is simply invoked.
    """
    current = current_task("run_workflow")
    due_at = None
    if timeout is not None:
        due_at = SystemClock().now() + (
            timeout if isinstance(timeout, timedelta) else timedelta(seconds=timeout)
        )
    if not isinstance(workflow, str) and _find_starter(current) is None:
        return workflow.ainvoke(input) if current.is_async else workflow.invoke(input)
    starting = start_run(
        workflow,
        input,
        name=name,
        thread_id=thread_id,
        tags=tags,
        parent_close_policy=parent_close_policy,
        key=key,
    )

    def wait(run_id: str) -> Any:
        shown = {"child_run": run_id}
        _, answer = wait_for(current, WaitKind.CHILD, value=shown, name=run_id, due_at=due_at)
        return _read_outcome(run_id, answer)

    async def wait_async() -> Any:
        return wait(await starting)

    return wait_async() if current.is_async else wait(starting)


def _request(
    current: CurrentTask,
    workflow: str | CompiledGraph,
    given: Any,
    *,
    name: str | None,
    thread_id: str | None,
    tags: tuple[str, ...],
    close_policy: ClosePolicy,
    key: str,
) -> ChildRequest:
    if close_policy not in _POLICIES:
        raise ConfigError(
            f"parent_close_policy is {close_policy!r}; it has to be one of {', '.join(map(repr, _POLICIES))}."
        )
    position, current.started = current.started, current.started + 1
    called = workflow if isinstance(workflow, str) else workflow.name
    own = f"key:{key}" if key else str(position)
    return ChildRequest(
        key=f"{current.record_path}child:{own}",
        task_id=current.task.id,
        node=current.task.node,
        workflow=called,
        name=name or called,
        payload=encode({} if given is None else given, where=f"the input of workflow {called!r}"),
        thread_id=thread_id,
        tags=tags,
        close_policy=close_policy,
    )


def _find_starter(current: CurrentTask) -> StartsRuns | None:
    """Return the services that can start runs: the task's own, or those of the task that it is nested in."""
    services: TaskServices | None = current.services
    while services is not None:
        if isinstance(services, StartsRuns):
            return services
        services = getattr(services, "parent", None)
    return None


def _starter(current: CurrentTask, workflow: str) -> StartsRuns:
    starter = _find_starter(current)
    if starter is None:
        raise ConfigError(
            f"A run of workflow {workflow!r} can't be started here: that needs a server (and no executor='process'). Start "
            "this workflow with `fastgraph serve`, or hand a compiled graph to run_workflow."
        )
    return starter


def _read_outcome(run_id: str, answer: Mapping[str, Any]) -> Any:
    if has_timed_out(answer):
        raise ChildRunError(run_id, "not in time")
    outcome = answer[CAME]
    if outcome["status"] != "completed":
        raise ChildRunError(run_id, outcome["status"], outcome.get("error"))
    return outcome["result"]
