"""Sentences about values that can't be stored: where the value stands, what it is, and what to return instead.

The path is a chain of steps that costs one tuple a level while all goes well; it becomes text only for an error.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
from typing import Any

from pydantic import BaseModel

from fastgraph.errors import UnstorableValueError

__all__ = ["Path", "too_deep", "unstorable", "unstorable_text"]

# (the path so far, what kind of step, its index or key); None is the value itself. Not written as a recursive alias:
# mypy would take it, but it would read no better.
Path = tuple[Any, str, Any] | None

_STEPS = {"item": "item {!r}", "key": "key {!r}", "name": "the name of key {!r}", "member": "member {!r}"}
_SHOWN_CHARACTERS = 60


def unstorable(where: str, path: Path, value: Any, *, remedy: str | None = None) -> UnstorableValueError:
    """Return the error for a value whose type nobody knows how to store."""
    kind = type(value)
    seen = (
        kind.__qualname__
        if kind.__module__ in ("builtins", "__main__")
        else f"{kind.__module__}.{kind.__qualname__}"
    )
    return UnstorableValueError(_place(where, path), seen, remedy or _remedy(value))


def unstorable_text(where: str, path: Path, error: UnicodeEncodeError) -> UnstorableValueError:
    """Return the error for text with lone surrogates, which no UTF-8 can hold."""
    seen = f"str with a lone surrogate at position {error.start}"
    remedy = "Return valid text, for instance text.encode('utf-8', 'replace').decode(), or the bytes."
    return UnstorableValueError(_place(where, path), seen, remedy)


def too_deep(where: str, path: Path, value: Any, limit: int) -> UnstorableValueError:
    """Return the error for a value that nests too deep, which is also how a value that holds itself ends."""
    seen = f"{type(value).__name__} below more than {limit} levels"
    steps = _steps(path)
    place = ", ".join(
        [where, *steps[:2], f"… {len(steps) - 2} levels further in"] if len(steps) > 2 else [where, *steps]
    )
    return UnstorableValueError(place, seen, "Return a flatter value, and none that holds itself.")


def _steps(path: Path) -> list[str]:
    steps: list[str] = []
    while path is not None:
        path, step, name = path
        shown = repr(name)
        if len(shown) > _SHOWN_CHARACTERS:
            shown = shown[: _SHOWN_CHARACTERS - 1] + "…"
        steps.append(_STEPS[step].replace("{!r}", shown))
    return steps[::-1]


def _place(where: str, path: Path) -> str:
    return ", ".join([where, *_steps(path)])


def _remedy(value: Any) -> str:
    kind = type(value)
    module = kind.__module__.partition(".")[0]
    if inspect.iscoroutine(value) or inspect.isawaitable(value):
        return "Await it and return what it gives."
    if callable(value) and (inspect.isroutine(value) or inspect.isclass(value)):
        return "Return data, not code: its name, say."
    if isinstance(value, enum.Enum):
        return f"Annotate the key with {kind.__name__}, or return its .value."
    if isinstance(value, BaseModel):
        return f"Annotate the key with {kind.__name__}, or return .model_dump()."
    if dataclasses.is_dataclass(value):
        return f"Annotate the key with {kind.__name__}, or return dataclasses.asdict(…)."
    if isinstance(value, BaseException):
        return "Return str(error)."
    if module == "numpy":
        return "Return .tolist()."
    if module in ("pandas", "polars"):
        return "Return .to_dict(…), or save it with save_artifact."
    if inspect.isgenerator(value) or hasattr(value, "__next__"):
        return "Return list(…) of it."
    for base, text in _BASES:
        if isinstance(value, base):
            return text
    return (
        "Return plain data (str, int, float, bool, None, list, dict …), annotate the key with its class, "
        "or register it with register_type."
    )


_BASES: tuple[tuple[type[Any], str], ...] = (
    (str, "Return str(…) of it."),
    (int, "Return int(…) of it."),
    (float, "Return float(…) of it."),
    (dict, "Return dict(…) of it."),
    (list, "Return list(…) of it."),
    (tuple, "Return tuple(…) of it, or annotate the key with its class."),
    ((type({}.keys())), "Return a sorted list."),
    ((type({}.values())), "Return list(…) of it."),
    ((type({}.items())), "Return list(…) of it."),
    (range, "Return list(…) of it."),
    (memoryview, "Return bytes(…) of it."),
)
