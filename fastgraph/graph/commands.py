"""What a node can say beside its update: `Send`, `Command`, `Overwrite`, and what it can ask: `interrupt`.

These are plain objects without behaviour; `fastgraph.graph.returns` reads them when the node has returned. `interrupt`
leaves the node by an exception the first time and gives the answer when the node is executed again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Generic, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from fastgraph.errors import GraphInterrupt
from fastgraph.execution.interrupts import interrupt_id
from fastgraph.execution.tasks import InterruptRequest, WaitKind
from fastgraph.graph.current import current_task
from fastgraph.graph.timeouts import TimeoutPolicy
from fastgraph.state.overwrite import Overwrite

__all__ = [
    "REFUSED_ANSWER",
    "Command",
    "Interrupt",
    "NestedInterrupt",
    "Overwrite",
    "PendingInterrupt",
    "Send",
    "interrupt",
]

NodeName = TypeVar("NodeName")
REFUSED_ANSWER = "fastgraph_refused_answer"
"""The attribute of a ValidationError that says which answer did not fit its interrupt's schema."""


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Send:
    """Ask for a task of `node` in the next step, with `arg` as its input instead of the state.

    `timeout` (seconds, a timedelta or a TimeoutPolicy) takes the place of the node's own. Raises ValueError for one that
    can't be.
    """

    node: str
    arg: Any
    timeout: TimeoutPolicy | None = None

    def __init__(
        self, /, node: str, arg: Any, *, timeout: float | dt.timedelta | TimeoutPolicy | None = None
    ) -> None:
        object.__setattr__(self, "node", node)
        object.__setattr__(self, "arg", arg)
        object.__setattr__(self, "timeout", TimeoutPolicy.coerce(timeout))

    def __repr__(self) -> str:
        timeout = "" if self.timeout is None else f", timeout={self.timeout!r}"
        return f"Send(node={self.node!r}, arg={self.arg!r}{timeout})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Generic[NodeName]):
    """An update and a way in one: what a node returns, or what a thread is resumed with.

    `update` is a dict, a list of (key, value) pairs or an instance of the schema. `goto` adds nodes (names, Sends, or a
    sequence of them) to the node's static edges; END among them is ignored. `resume` answers interrupts: one value for
    the only pending one, or a dict of interrupt id to answer. `graph=Command.PARENT` speaks to the parent of a subgraph.
    """

    PARENT: ClassVar[Literal["__parent__"]] = "__parent__"

    graph: str | None = None
    update: Any | None = None
    resume: dict[str, Any] | Any | None = None
    goto: Send | Sequence[Send | NodeName] | NodeName = ()

    def __repr__(self) -> str:
        set_fields = ((field.name, getattr(self, field.name)) for field in fields(self))
        return f"Command({', '.join(f'{name}={value!r}' for name, value in set_fields if value)})"


@dataclass(slots=True)
class Interrupt:
    """A question of a node: its value, the id by which it can be answered, the JSON Schema of an answer if it has one."""

    value: Any
    id: str = "placeholder-id"
    response_schema: Any = field(default=None, kw_only=True)

    @staticmethod
    def from_request(request: InterruptRequest) -> Interrupt:
        """Return a question as its watchers see it."""
        return Interrupt(request.value.fresh(), request.id, response_schema=request.response_schema)


def interrupt(value: Any, *, response_schema: Any = None) -> Any:
    """Pause the run until `value` is answered, and return the answer.

    The first time, GraphInterrupt leaves the node, which is executed again from its first line once the answer is there;
    earlier calls then return their answers by order. So code before an interrupt should be harmless to repeat, and
    no `except Exception` should stand around it. `response_schema` is shown with the question; a JSON Schema is only
    shown, a type (Pydantic model, dataclass, TypedDict) also validates the answer. An answer that does not fit raises
    pydantic's ValidationError, and can be given again. Raises OutsideNodeError outside a node.
    """
    current = current_task("interrupt")
    position = current.asked
    current.asked += 1
    name = interrupt_id(current.task.id, position)
    if name in current.answers:
        return _validate(current.answers[name], response_schema, name)
    schema = _json_schema_of(response_schema)
    raise PendingInterrupt(Interrupt(value, name, response_schema=schema), position, schema)


def interrupt_all(values: Sequence[Any]) -> list[Any]:
    """Ask several questions together, and return their answers in the same order.

    Each has an id of its own and may be answered by it. As long as one answer is missing the node does not get past this
    call; what `interrupt` says of being executed again holds here, too. Raises OutsideNodeError outside a node.
    """
    current = current_task("interrupt_all")
    position = current.asked
    current.asked += len(values)
    questions = [
        Interrupt(value, interrupt_id(current.task.id, position + offset))
        for offset, value in enumerate(values)
    ]
    if all(question.id in current.answers for question in questions):
        return [current.answers[question.id] for question in questions]
    raise PendingInterrupt(questions, position, None)


class PendingInterrupt(GraphInterrupt):
    """The exception by which `interrupt` leaves a node; `task_call` reads it. Waits of other kinds are its children."""

    kind: WaitKind = WaitKind.INTERRUPT
    name: str | None = None
    due_at: dt.datetime | None = None

    def __init__(
        self,
        question: Interrupt | Sequence[Interrupt],
        position: int,
        response_schema: dict[str, Any] | None,
    ) -> None:
        super().__init__((question,) if isinstance(question, Interrupt) else question)
        self.position = position
        self.response_schema = response_schema


class NestedInterrupt(GraphInterrupt):
    """A run inside a task waits; `requests` are what it asks, none where it stopped at a breakpoint."""

    def __init__(self, requests: Iterable[InterruptRequest] = ()) -> None:
        self.requests = tuple(requests)
        super().__init__([Interrupt.from_request(request) for request in self.requests])


def _json_schema_of(response_schema: Any) -> dict[str, Any] | None:
    """Return what is shown of a response schema."""
    if response_schema is None or isinstance(response_schema, dict):
        return response_schema
    return TypeAdapter(response_schema).json_schema()


def _validate(answer: Any, response_schema: Any, name: str) -> Any:
    if response_schema is None or isinstance(response_schema, dict):
        return answer
    try:
        return TypeAdapter(response_schema).validate_python(answer)
    except ValidationError as error:
        # the user's program may look at the error as it is; `task_call` finds the interrupt's id on it
        setattr(error, REFUSED_ANSWER, name)
        raise
