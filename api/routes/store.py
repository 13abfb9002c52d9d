"""`/api/store`: the values that nodes of all runs share, under the paths of LangGraph's server.

Values that JSON does not know are shown as JSON. A write is durable when it is answered.
"""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from actors.host.server_store import ServerStore
from api.bodies import read_model
from api.operation_ids import json_body
from api.schemas.store import (
    DeleteItem,
    FoundItems,
    ListNamespaces,
    Namespaces,
    PutItem,
    SearchItems,
    StoredItem,
)
from api.services import services_of
from fastgraph.clock import to_rfc3339
from fastgraph.errors import ItemNotFoundError
from fastgraph.store.items import Item

__all__ = ["router"]

router = APIRouter(tags=["store"])

_DONE: dict[int | str, dict[str, Any]] = {204: {"description": "It is done, durably"}}


@router.put(
    "/api/store/items",
    status_code=204,
    response_class=Response,
    responses=_DONE,
    openapi_extra=json_body(PutItem),
)
async def put_item(request: Request) -> Response:
    """Keep a value under a key of a namespace."""
    wanted = await read_model(request, PutItem)
    await _store(request).aput(tuple(wanted.namespace), wanted.key, wanted.value, ttl=wanted.ttl)
    return Response(status_code=204)


@router.get("/api/store/items", response_class=Response, responses={200: {"model": StoredItem}})
async def get_item(
    request: Request,
    key: str,
    namespace: Annotated[str, Query(description="Its labels, with periods between them.")],
    refresh_ttl: Annotated[
        bool | None, Query(description="Whether its time begins anew; true by default.")
    ] = None,
) -> Response:
    """Return the value of a key."""
    labels = tuple(namespace.split("."))
    item = await _store(request).aget(labels, key, refresh_ttl=refresh_ttl)
    if item is None:
        raise ItemNotFoundError(labels, key)
    return _json(_shown(item))


@router.delete(
    "/api/store/items",
    status_code=204,
    response_class=Response,
    responses=_DONE,
    openapi_extra=json_body(DeleteItem),
)
async def delete_item(request: Request) -> Response:
    """Delete the value of a key, if there is one."""
    wanted = await read_model(request, DeleteItem)
    await _store(request).adelete(tuple(wanted.namespace), wanted.key)
    return Response(status_code=204)


@router.post(
    "/api/store/items/search",
    response_class=Response,
    responses={200: {"model": FoundItems}},
    openapi_extra=json_body(SearchItems),
)
async def search_items(request: Request) -> Response:
    """Find values in and below a namespace."""
    wanted = await read_model(request, SearchItems)
    found = await _store(request).asearch(
        tuple(wanted.namespace_prefix),
        filter=wanted.filter,
        limit=wanted.limit,
        offset=wanted.offset,
        refresh_ttl=wanted.refresh_ttl,
    )
    return _json({"items": [_shown(item) for item in found]})


@router.post(
    "/api/store/namespaces",
    response_class=Response,
    responses={200: {"model": Namespaces}},
    openapi_extra=json_body(ListNamespaces),
)
async def list_namespaces(request: Request) -> Response:
    """List the namespaces that hold something."""
    wanted = await read_model(request, ListNamespaces)
    found = await _store(request).alist_namespaces(
        prefix=tuple(wanted.prefix) if wanted.prefix else None,
        suffix=tuple(wanted.suffix) if wanted.suffix else None,
        max_depth=wanted.max_depth,
        limit=wanted.limit,
        offset=wanted.offset,
    )
    return _json({"namespaces": found})


def _store(request: Request) -> ServerStore:
    return services_of(request.scope).shared_store


def _shown(item: Item) -> dict[str, Any]:
    return {
        "namespace": item.namespace,
        "key": item.key,
        "value": item.value,
        "created_at": to_rfc3339(item.created_at),
        "updated_at": to_rfc3339(item.updated_at),
    }


def _json(answer: Any) -> Response:
    return Response(orjson.dumps(answer), media_type="application/json")
