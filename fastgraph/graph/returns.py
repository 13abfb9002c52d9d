"""What a node or a router returned, read: updates of keys, targets, Sends.

A node returns a dict, None, a Command, a list that mixes dicts and Commands, or an instance of a schema; a router
returns a target, a Send, or a list of them. Anything else is an error that says what was returned and what may be. The
values are not looked at here; encoding them under their keys' types comes after.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from fastgraph.errors import (
    InvalidDestinationError,
    InvalidUpdateError,
    ParentCommand,
    UnknownChoiceError,
)
from fastgraph.execution.plan import END, START
from fastgraph.graph.commands import Command, Send
from fastgraph.graph.nodes import RouterSpec
from fastgraph.state.schema import ROOT

__all__ = ["Returned", "read_choice", "read_return", "read_update"]

_MISSING = object()


@dataclass(slots=True)
class Returned:
    """The parts of what came back. `has_update` is False where the node returned None."""

    updates: list[tuple[str, Any]] = field(default_factory=list)
    goto: list[str] = field(default_factory=list)
    sends: list[Send] = field(default_factory=list)
    has_update: bool = True


def read_return(value: Any, node: str, *, is_root: bool = False) -> Returned:
    """Read what a node returned. Raises InvalidUpdateError for what is no update.

    `is_root`: the state is one value without keys, so whatever is no Command is its update.
    """
    if value is None:
        return Returned(has_update=False)
    if is_root and not _holds_command(value):
        return Returned([(ROOT, value)])
    if type(value) is dict:
        return Returned(list(value.items()))
    if isinstance(value, Send):
        return Returned(sends=[value])
    returned = Returned()
    for part in value if _is_mixed(value) else (value,):
        if isinstance(part, Command):
            if part.graph == Command.PARENT:
                raise ParentCommand(part)
            returned.updates += read_update(part.update)
            _add_goto(returned, part.goto)
        elif part is not None:
            returned.updates += [(ROOT, part)] if is_root else _read_state(part, node)
    return returned


def _is_mixed(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and any(isinstance(part, Command) for part in value)


def _holds_command(value: Any) -> bool:
    return isinstance(value, (Command, Send)) or _is_mixed(value)


def _add_goto(returned: Returned, goto: Any) -> None:
    for target in [goto] if isinstance(goto, (Send, str)) else goto or ():
        if isinstance(target, Send):
            returned.sends.append(target)
        elif isinstance(target, str) and target != END:
            returned.goto.append(target)


def read_update(update: Any) -> list[tuple[str, Any]]:
    """Return a Command's update as (key, value) pairs: from a dict, such pairs, a schema's instance, or a bare value."""
    if update is None:
        return []
    if isinstance(update, dict):
        return list(update.items())
    if isinstance(update, (list, tuple)) and all(_is_pair(part) for part in update):
        return list(update)
    if _annotated_keys(type(update)):
        return list(_fields_of(update))
    return [(ROOT, update)]


def _is_pair(part: Any) -> bool:
    return isinstance(part, tuple) and len(part) == 2 and isinstance(part[0], str)


def _read_state(value: Any, node: str) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    fields = list(_fields_of(value))
    if fields or _annotated_keys(type(value)):
        return fields
    raise InvalidUpdateError(
        f"Expected dict, got {_shorten(value)}: node {node!r} returned a {type(value).__name__}. "
        f"Return a dict of the keys to change, None, a Command, or an instance of the state's schema."
    )


def _annotated_keys(kind: type) -> tuple[str, ...]:
    try:
        return tuple(typing.get_type_hints(kind))
    except (NameError, TypeError):
        return tuple(getattr(kind, "__annotations__", ()))


def _fields_of(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield an instance's annotated fields; a Pydantic field that was left at its default None counts as not given."""
    given = value.model_fields_set if isinstance(value, BaseModel) else None
    for key in _annotated_keys(type(value)):
        item = getattr(value, key, _MISSING)
        if item is _MISSING:
            continue
        if item is None and given is not None and key not in given and _defaults_to_none(type(value), key):
            continue
        yield key, item


def _defaults_to_none(model: type[BaseModel], key: str) -> bool:
    known = model.model_fields.get(key)
    return known is not None and known.default is None


def read_choice(router: RouterSpec, answer: Any, source: str) -> tuple[list[str], list[Send]]:
    """Return the targets and Sends that a router chose; END is left out.

    Raises UnknownChoiceError for an answer that its path_map does not have, InvalidDestinationError for None or START,
    InvalidUpdateError for a Send to END.
    """
    goto: list[str] = []
    sends: list[Send] = []
    answers: Iterable[Any] = answer if isinstance(answer, (list, tuple)) else [answer]
    for part in answers:
        target = part if router.targets is None or isinstance(part, Send) else _look_up(router, part, source)
        if isinstance(target, Send):
            if target.node == END:
                raise InvalidUpdateError(
                    f"Cannot send a packet to the END node: the conditional edge {router.name!r} of node {source!r} did. "
                    f"Return END itself, or send to a node."
                )
            sends.append(target)
        elif target is None or target == START:
            raise InvalidDestinationError(
                f"Branch did not return a valid destination: {router.name!r} of node {source!r} returned {target!r}. "
                f"Return a node's name, END, a Send, or a list of them."
            )
        elif target != END:
            # what is no text can be no node's name but by its text, as in LangGraph: it is then an unknown target
            goto.append(target if isinstance(target, str) else str(target))
    return goto, sends


def _look_up(router: RouterSpec, answer: Any, source: str) -> str:
    assert router.targets is not None
    try:
        return router.targets[answer]
    except (KeyError, TypeError) as error:
        known = ", ".join(repr(key) for key in router.targets)
        raise UnknownChoiceError(
            f"The conditional edge {router.name!r} of node {source!r} returned {answer!r}, which its path_map does not "
            f"have. It has: {known}."
        ) from error


def _shorten(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:99]}…"
