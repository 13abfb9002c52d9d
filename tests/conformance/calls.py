"""What a flow's caller does, one after the other, as plain data.

Whoever drives a program (in process here, over the API in another test) reads `kind` and does it its own way. Values
are JSON unless a program says otherwise, so that they can be posted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Call", "answer", "answer_each", "proceed", "start", "tell", "update"]

Kind = Literal["start", "proceed", "answer", "answer_each", "tell", "update"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call.

    `value` is the input, the answer, the mapping of questions to answers, or the arguments of a Command or of
    `update_state`. `at` names the checkpoint to begin from by its `next`: the newest one of the history that waits for
    exactly these nodes. `options` are further arguments of `invoke` (`config` is merged).
    """

    kind: Kind
    value: Any = None
    at: tuple[str, ...] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def start(value: Any, **options: Any) -> Call:
    """Give a new input."""
    return Call(kind="start", value=value, options=options)


def proceed(*, at: tuple[str, ...] | None = None, **options: Any) -> Call:
    """Go on without an input: after a breakpoint, after a failure, or from an old checkpoint."""
    return Call(kind="proceed", at=at, options=options)


def answer(value: Any, *, at: tuple[str, ...] | None = None, **options: Any) -> Call:
    """Answer the one question that is open."""
    return Call(kind="answer", value=value, at=at, options=options)


def answer_each(answers: Mapping[str, Any]) -> Call:
    """Answer open questions by their ids; each is named by its text here."""
    return Call(kind="answer_each", value=dict(answers))


def tell(**arguments: Any) -> Call:
    """Give a Command as input: `update`, `goto` and `resume` are its arguments."""
    return Call(kind="tell", value=arguments)


def update(values: Any, *, as_node: str | None = None, at: tuple[str, ...] | None = None) -> Call:
    """Change the state from outside, as if a node had returned `values`."""
    return Call(kind="update", value={"values": values, "as_node": as_node}, at=at)
