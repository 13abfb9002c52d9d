"""The OpenAPI document: what FastAPI derives, and what it can't know.

Bodies are read as strict JSON, so their shapes are added here; every operation answers its errors as a problem
document. `python -m api.openapi > frontend/openapi.json` writes the copy from which the dashboard's client is
generated.
"""

from __future__ import annotations

import sys
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.schemas.control import Command, ForkRun, RetryRun
from api.schemas.events import Event
from api.schemas.keys import CreateKey
from api.schemas.problems import Problem
from api.schemas.runs import CreateRun, ResumeRun
from api.schemas.state import UpdateThread
from api.schemas.store import DeleteItem, ListNamespaces, PutItem, SearchItems
from api.schemas.versions import CheckVersion, MigrateRuns

__all__ = ["document_of", "main"]

_REFERENCES = "#/components/schemas/{model}"
_PROBLEM = {
    "description": "What went wrong",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
# Not the answer of any route, or read without FastAPI's knowledge.
_FURTHER: tuple[type[BaseModel], ...] = (
    *(CreateRun, ResumeRun, UpdateThread),
    *(Command, RetryRun, ForkRun),
    *(PutItem, DeleteItem, SearchItems, ListNamespaces),
    *(CheckVersion, MigrateRuns),
    CreateKey,
    *(Problem, Event),
)
_SUPERSEDED = ("HTTPValidationError", "ValidationError")


def document_of(app: FastAPI) -> dict[str, Any]:
    """Return the document of an application; made once."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        _add_shapes(document)
        for path in document["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)
                operation["responses"]["default"] = _PROBLEM
        app.openapi_schema = document
    return app.openapi_schema


def _add_shapes(document: dict[str, Any]) -> None:
    shapes = document.setdefault("components", {}).setdefault("schemas", {})
    for name in _SUPERSEDED:
        shapes.pop(name, None)
    _, further = models_json_schema([(model, "validation") for model in _FURTHER], ref_template=_REFERENCES)
    for name, shape in further["$defs"].items():
        shapes.setdefault(name, shape)
    document["components"]["schemas"] = dict(sorted(shapes.items()))


def main() -> None:
    """Print the document, its keys in a stable order."""
    from api.main import create_app
    from fastgraph.settings import Settings

    document = create_app(Settings(hosts=0)).openapi()
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    sys.stdout.buffer.write(text)


if __name__ == "__main__":
    main()
