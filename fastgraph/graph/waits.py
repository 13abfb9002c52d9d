"""Waiting inside a node: for a time, for a signal. The run costs nothing meanwhile, and a restart forgets nothing.

Like `interrupt`, a wait leaves its node the first time, and the node is executed again from its first line when the wait
is over; the wait then returns at once. So code before a wait should be harmless to repeat (or stand in a node of its own),
and no `except Exception` should stand around one. In a sync node call these functions, in an async node await them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from fastgraph.clock import SystemClock, to_rfc3339
from fastgraph.errors import REFUSED_ANSWER, SignalRefusedError, SignalTimeoutError
from fastgraph.execution.interrupts import interrupt_id
from fastgraph.execution.tasks import WaitKind
from fastgraph.execution.waits import CAME, has_timed_out
from fastgraph.graph.commands import Interrupt, PendingInterrupt
from fastgraph.graph.current import CurrentTask, current_task

__all__ = ["PendingWait", "deliver", "sleep", "sleep_node", "sleep_until", "wait_for", "wait_for_signal"]

Duration = float | timedelta


class PendingWait(PendingInterrupt):
    """The exception by which a wait leaves a node; `task_call` reads it."""

    def __init__(
        self,
        question: Interrupt,
        position: int,
        response_schema: dict[str, Any] | None = None,
        *,
        kind: WaitKind,
        name: str | None = None,
        due_at: datetime | None = None,
    ) -> None:
        super().__init__(question, position, response_schema)
        self.kind = kind
        self.name = name
        self.due_at = due_at


class Ready:
    """What a wait returns in an async node: something to await that is there already."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def __await__(self) -> Generator[None, None, Any]:
        yield from ()  # makes a generator of this function, which waits for nothing
        return self._value


def sleep(duration: Duration) -> Any:
    """Wait for so many seconds, or a timedelta; `await sleep(…)` in an async node.

    On the server the run is `sleeping` meanwhile: no thread and no actor waits, and it wakes in time also after a restart.
    In `invoke` it really waits. Nothing or less returns as soon as possible. Raises OutsideNodeError outside a node.
    """
    return _sleep("sleep", _now() + _as_delta(duration))


def sleep_until(moment: datetime) -> Any:
    """Wait until a moment, as `sleep` does. Raises ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError(
            f"sleep_until got {moment.isoformat()}, which names no time zone. Add one, such as UTC."
        )
    return _sleep("sleep_until", moment.astimezone(UTC))


def sleep_node(duration: Duration) -> Callable[[Any], None]:
    """Return a node that does nothing but `sleep`: `add_node("pause", sleep_node(3600))`."""
    delta = _as_delta(duration)

    def pause(state: Any) -> None:  # noqa: ARG001 - a node is handed the state
        sleep(delta)

    return pause


def wait_for_signal(name: str, *, schema: Any = None, timeout: Duration | None = None) -> Any:
    """Wait until a signal of this name is sent to the run, and return its body; `await` it in an async node.

    Signals are taken in the order in which they came, each once, also those that came before. `schema` (a type, or a JSON
    Schema) says what the body has to be: another one is refused, and the wait goes on; with a type the body is returned as
    such. `timeout` is in seconds or a timedelta, then SignalTimeoutError is raised. In `invoke` the run stops as for an
    interrupt, and `Command(resume=body)` is the signal; `timeout` holds on the server only.
    """
    current = current_task("wait_for_signal")
    due_at = None if timeout is None else _now() + _as_delta(timeout)
    shown = {"signal": name}
    question_id, answer = wait_for(
        current,
        WaitKind.SIGNAL,
        value=shown,
        name=name,
        due_at=due_at,
        schema=None if schema is None else _json_schema(schema),
    )
    if has_timed_out(answer):
        raise SignalTimeoutError(name, None if timeout is None else _as_delta(timeout).total_seconds())
    return deliver(current, _read_body(answer[CAME], schema, name, question_id))


def wait_for(
    current: CurrentTask,
    kind: WaitKind,
    *,
    value: Any,
    name: str | None = None,
    due_at: datetime | None = None,
    schema: dict[str, Any] | None = None,
) -> tuple[str, Any]:
    """Return the wait's id and its answer, or leave the node by PendingWait."""
    position = current.asked
    current.asked += 1
    question = Interrupt(value, interrupt_id(current.task.id, position))
    if question.id in current.answers:
        return question.id, current.answers[question.id]
    raise PendingWait(question, position, schema, kind=kind, name=name, due_at=due_at)


def deliver(current: CurrentTask, value: Any) -> Any:
    """Return a value as the node's colour wants it: to be awaited in an async node."""
    return Ready(value) if current.is_async else value


def _sleep(function: str, due_at: datetime) -> Any:
    current = current_task(function)
    wait_for(current, WaitKind.TIMER, value={"sleep_until": to_rfc3339(due_at)}, due_at=due_at)
    return deliver(current, None)


def _now() -> datetime:
    return SystemClock().now()


def _as_delta(duration: Duration) -> timedelta:
    return duration if isinstance(duration, timedelta) else timedelta(seconds=duration)


def _json_schema(schema: Any) -> dict[str, Any]:
    if isinstance(schema, dict):
        return schema
    shown: dict[str, Any] = TypeAdapter(schema).json_schema()
    return shown


def _read_body(body: Any, schema: Any, name: str, question_id: str) -> Any:
    """Return the body as its schema reads it. What does not fit is raised with the wait's id on it: the run waits again."""
    if schema is None:
        return body
    try:
        if isinstance(schema, dict):
            _check_json(body, schema, name)
            return body
        return TypeAdapter(schema).validate_python(body)
    except (SignalRefusedError, ValidationError) as error:
        setattr(error, REFUSED_ANSWER, question_id)
        raise


def _check_json(body: Any, schema: dict[str, Any], name: str) -> None:
    import jsonschema_rs

    try:
        jsonschema_rs.validate(schema, body)
    except jsonschema_rs.ValidationError as error:
        raise SignalRefusedError(name, error.message) from error
