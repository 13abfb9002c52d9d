"""The JSON Schema of an input: what the API checks a payload against and what the dashboard makes a form of.

Keys of a TypedDict are never required, as in LangGraph's practice (Pydantic would mark them so: tried); fields of
dataclasses and models are as declared. What Pydantic can't describe may be anything. Titles, descriptions, defaults and
`$defs` are Pydantic's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from pydantic import PydanticUserError, TypeAdapter

from fastgraph.state.annotations import for_pydantic

__all__ = ["describe_fields", "describe_keys", "describe_type"]

_REFS: Final = "#/$defs/{model}"


def describe_type(declared: Any) -> dict[str, Any] | None:
    """Return the schema of a type as a whole; None where Pydantic has none."""
    try:
        return TypeAdapter(for_pydantic(declared)).json_schema(ref_template=_REFS)
    except (PydanticUserError, NameError):
        return None


def describe_keys(state: type[Any], keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of an object with these keys, each optional; further ones are accepted."""
    known = {name: adapter for name, hint in keys.items() if (adapter := _describable(hint)) is not None}
    found, defs = TypeAdapter.json_schemas(
        [(name, "validation", adapter) for name, adapter in known.items()], ref_template=_REFS
    )
    properties = {name: _titled(name, found.get((name, "validation"), {})) for name in keys}
    schema: dict[str, Any] = {"type": "object", "title": state.__name__, "properties": properties}
    description = _own_docstring(state)
    if description:
        schema["description"] = description
    return schema | defs


def describe_fields(state: type[Any], keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a dataclass that Pydantic can't describe as a whole, with the fields it requires."""
    schema = describe_keys(state, keys)
    required = [
        item.name
        for item in dataclasses.fields(state)
        if item.name in keys
        and item.default is dataclasses.MISSING
        and item.default_factory is dataclasses.MISSING
    ]
    return schema | ({"required": required} if required else {})


def _describable(hint: Any) -> TypeAdapter[Any] | None:
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(for_pydantic(hint))
        adapter.json_schema()
    except (PydanticUserError, NameError):
        return None
    return adapter


def _titled(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Give a key the title that Pydantic gives to a field; a model has its own."""
    if "$ref" in schema or "title" in schema:
        return dict(schema)
    return {"title": name.replace("_", " ").strip().title(), **schema}


def _own_docstring(state: type[Any]) -> str:
    doc = state.__dict__.get("__doc__") or ""
    is_generated = doc.startswith((f"{state.__name__}(", "dict("))
    return "" if is_generated else "\n".join(line.strip() for line in doc.strip().splitlines())
