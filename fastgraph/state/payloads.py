"""From a client's JSON to what a key holds: text becomes a datetime, an object a model.

Inside a program nothing is coerced, as in LangGraph; a payload from outside has JSON only, so keys whose types JSON does
not know are validated by Pydantic once, in its JSON mode. Runs the validators of the user's classes.
"""

from __future__ import annotations

from typing import Any

from pydantic import PydanticUserError, TypeAdapter, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, to_json

from fastgraph.state.annotations import for_pydantic, is_json_type
from fastgraph.state.overwrite import Overwrite, find_overwrite
from fastgraph.state.secrets import reveal

__all__ = ["PayloadParser", "make_parser"]


def make_parser(where: str, declared: Any) -> PayloadParser | None:
    """Return the parser of a type; None where JSON values are its values already."""
    return None if is_json_type(declared) else PayloadParser(where, declared)


class PayloadParser:
    """Parses JSON values of one key. Thread-safe; its adapter is built when it is first needed."""

    __slots__ = ("_adapters", "_declared", "_where")

    def __init__(self, where: str, declared: Any) -> None:
        self._where = where
        self._declared = declared
        self._adapters: tuple[TypeAdapter[Any] | None, ...] = ()

    def parse(self, value: Any) -> Any:
        """Return a JSON value as the declared type has it. Raises Pydantic's ValidationError with the key as a note.

        A type that Pydantic does not know lets everything pass as it is.
        """
        overwrite = find_overwrite(value)
        if overwrite is not None:
            return Overwrite(self.parse(overwrite.value))
        adapter = self._adapter()
        if adapter is None:
            return value
        revealed = reveal(value)
        try:
            return adapter.validate_json(to_json(revealed))
        except ValidationError as error:
            if revealed != value:
                error = _without_input(error)
            error.add_note(f"This was given as {self._where} of the input.")
            raise error from None

    def _adapter(self) -> TypeAdapter[Any] | None:
        if not self._adapters:
            try:
                self._adapters = (TypeAdapter(for_pydantic(self._declared)),)
            except (PydanticUserError, NameError):
                self._adapters = (None,)
        return self._adapters[0]


def _without_input(error: ValidationError) -> ValidationError:
    """Return the same faults without the values: one of them is a secret, and the text of an error is shown."""
    faults = [
        InitErrorDetails(
            type=PydanticCustomError("refused", "{said}", {"said": fault["msg"]}),
            loc=fault["loc"],
            input=None,
        )
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    return ValidationError.from_exception_data(error.title, faults, hide_input=True)
