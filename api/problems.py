"""Errors as problem documents (RFC 9457): one table from a class to a status, a title and a name.

The sentence of a problem is the error's own. Nothing that a client sends ends in a 500; a 500 shows no inside of ours,
only the id under which the log has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson
import pykka
import structlog
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from actors.runtime.errors import InboxFullError
from api.faults import (
    BacklogFullError,
    BodyTooLargeError,
    ComeAgainError,
    Fault,
    ForbiddenError,
    ForeignCallerError,
    HeadersTooLargeError,
    InvalidRequestError,
    KeyNeededError,
    NothingPublishedError,
    TooManyRequestsError,
    WorkflowBacklogFullError,
)
from fastgraph.errors import (
    ArtifactNotFoundError,
    ConflictError,
    DiskFullError,
    IllegalTransitionError,
    ItemNotFoundError,
    NotFoundError,
    RunNotFoundError,
    StoreError,
    ThreadNotFoundError,
    UnstorableValueError,
    WorkflowNotFoundError,
)
from fastgraph.store.items import InvalidFilterError, InvalidNamespaceError

__all__ = ["HANDLED", "Kind", "ProblemResponse", "answer_error", "faults_of", "kind_of", "problem_response"]

MEDIA_TYPE = "application/problem+json"

log = structlog.get_logger(__name__)


class Kind(NamedTuple):
    """What a class of errors looks like from outside."""

    status: int
    name: str
    title: str


# The first class that fits is taken, so the special ones stand above the general ones.
KINDS: tuple[tuple[type[Exception], Kind], ...] = (
    (RunNotFoundError, Kind(404, "run-not-found", "There is no such run")),
    (ArtifactNotFoundError, Kind(404, "artifact-not-found", "There is no such artifact")),
    (WorkflowNotFoundError, Kind(404, "workflow-not-found", "There is no such workflow")),
    (ThreadNotFoundError, Kind(404, "thread-not-found", "There is no such thread")),
    (ItemNotFoundError, Kind(404, "item-not-found", "There is no such item")),
    (NotFoundError, Kind(404, "not-found", "There is no such thing")),
    (ConflictError, Kind(409, "conflict", "Its state does not allow that")),
    (IllegalTransitionError, Kind(409, "conflict", "Its state does not allow that")),
    (InvalidRequestError, Kind(422, "invalid-request", "The request is not acceptable")),
    (InvalidNamespaceError, Kind(422, "invalid-request", "The request is not acceptable")),
    (InvalidFilterError, Kind(422, "invalid-request", "The request is not acceptable")),
    (UnstorableValueError, Kind(422, "invalid-request", "The request is not acceptable")),
    (BodyTooLargeError, Kind(413, "body-too-large", "The body is too large")),
    (HeadersTooLargeError, Kind(431, "headers-too-large", "The headers are too large")),
    (KeyNeededError, Kind(401, "key-needed", "An API key is needed")),
    (ForbiddenError, Kind(403, "forbidden", "The API key may not do that")),
    (ForeignCallerError, Kind(403, "foreign-caller", "The request came from elsewhere")),
    (TooManyRequestsError, Kind(429, "too-many-requests", "Too many requests")),
    (WorkflowBacklogFullError, Kind(429, "workflow-backlog-full", "Too many runs of this workflow wait")),
    (BacklogFullError, Kind(503, "backlog-full", "Too many runs wait")),
    (NothingPublishedError, Kind(503, "nothing-published", "No workflow is published yet")),
    (InboxFullError, Kind(503, "busy", "Too much is waiting to be written")),
    (pykka.ActorDeadError, Kind(503, "ending", "The server is ending or starting again")),
    (DiskFullError, Kind(507, "disk-full", "The disk takes no more")),
    (StoreError, Kind(503, "store-unavailable", "The store did not answer as it should")),
    (SQLAlchemyError, Kind(503, "store-unavailable", "The store did not answer as it should")),
)

# Starlette's own classes come with statuses or faults of their own.
HANDLED: tuple[type[Exception], ...] = (
    *(kind for kind, _ in KINDS),
    ValidationError,
    RequestValidationError,
    HTTPException,
)

_INTERNAL = Kind(500, "internal-error", "The server made a mistake")
_RETRY_SECONDS = 1


class ProblemResponse(Response):
    """A problem document."""

    media_type = MEDIA_TYPE


def kind_of(error: Exception) -> Kind:
    """Return how an error is shown; one that is in no row of the table is a mistake of ours."""
    for known, kind in KINDS:
        if isinstance(error, known):
            return kind
    return _INTERNAL


def faults_of(error: Exception) -> list[Fault]:
    """Return an error's faults by field, where it has any."""
    if isinstance(error, InvalidRequestError):
        return list(error.faults)
    if isinstance(error, UnstorableValueError):
        return [Fault(error.where, str(error))]
    if isinstance(error, ValidationError | RequestValidationError):
        return [Fault(_path(fault["loc"]), _sentence(fault)) for fault in error.errors()]
    return []


async def answer_error(request: Request, error: Exception) -> Response:
    """Answer a request whose handling ended in `error`; the signature is Starlette's for exception handlers."""
    return problem_response(request.scope, error)


def problem_response(scope: Scope, error: Exception) -> Response:
    """Build the problem document of an error for the request of `scope`."""
    headers: dict[str, str] = {}
    if isinstance(error, HTTPException):
        phrase = HTTPStatus(error.status_code).phrase
        kind = Kind(error.status_code, phrase.lower().replace(" ", "-"), phrase)
        headers.update(error.headers or {})
        detail = _http_sentence(scope, error)
    elif isinstance(error, ValidationError | RequestValidationError):
        kind = kind_of(InvalidRequestError())
        detail = "; ".join(f"{fault.field}: {fault.message}" for fault in faults_of(error))
    else:
        kind = kind_of(error)
        detail = _sentence_of(scope, kind, error)
    if isinstance(error, ComeAgainError):
        headers["retry-after"] = str(error.retry_after_seconds)
    elif kind.status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.INSUFFICIENT_STORAGE}:
        headers["retry-after"] = str(_RETRY_SECONDS)
    elif isinstance(error, KeyNeededError):
        headers["www-authenticate"] = 'Bearer realm="FastGraph Server"'
    elif isinstance(error, BodyTooLargeError | HeadersTooLargeError):
        # The rest of the body is not read, so the connection can't be used again.
        headers["connection"] = "close"
    return ProblemResponse(_document(scope, kind, detail, error), kind.status, headers)


def _document(scope: Scope, kind: Kind, detail: str, error: Exception) -> bytes:
    document: dict[str, Any] = {
        "type": f"urn:fastgraph:problem:{kind.name}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "instance": scope.get("path", ""),
    }
    request_id = scope.get("request_id")
    if request_id is not None:
        document["request_id"] = request_id
    faults = faults_of(error)
    if faults:
        document["errors"] = [{"field": fault.field, "message": fault.message} for fault in faults]
    if isinstance(error, WorkflowNotFoundError):
        document["known"] = list(error.known)
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError:
        # A path or a value that was sent holds what UTF-8 can't carry.
        return orjson.dumps(_printable(document))


def _sentence_of(scope: Scope, kind: Kind, error: Exception) -> str:
    if kind is _INTERNAL:
        request_id = scope.get("request_id", "this time")
        return f"The server could not answer this request; its log says why under {request_id}."
    if isinstance(error, SQLAlchemyError):
        # What the database said is for the log: it may name what is nobody's business outside.
        log.warning(
            "store did not answer as it should",
            request_id=scope.get("request_id"),
            path=scope.get("path"),
            error=f"{type(error).__name__}: {error}",
        )
        return "The store could not be read or written just now. Try again; `fastgraph doctor` looks for the cause."
    return str(error)


def _http_sentence(scope: Scope, error: HTTPException) -> str:
    path = scope.get("path", "")
    if error.status_code == HTTPStatus.NOT_FOUND:
        return f"There is nothing at {path}. The routes are listed in /docs."
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return f"{path} does not take {scope.get('method', 'this method')}. The routes are listed in /docs."
    return str(error.detail)


def _path(location: tuple[int | str, ...]) -> str:
    """Write Pydantic's location as a path; the part that says where in the request is left out."""
    parts = list(location)
    if parts and parts[0] in {"body", "query", "path", "header"}:
        parts = parts[1:]
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "body"


def _sentence(fault: Mapping[str, Any]) -> str:
    return str(fault["msg"]).removeprefix("Value error, ")


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_printable(key): _printable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_printable(item) for item in value]
    return value
