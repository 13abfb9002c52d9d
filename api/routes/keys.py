"""`/api/keys`: make, list and revoke API keys, and ask who one is.

The key is in the answer to its making and nowhere else. Nobody can take the last key that may make others: that would
lock everybody out of this door.
"""

from __future__ import annotations

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import read_model
from api.commands import COMMAND_HEADERS, order
from api.encoding import encode_key
from api.operation_ids import headers_only, json_body
from api.parameters import KeyIdPath
from api.schemas.keys import ApiKey, CreatedKey, CreateKey, WhoAsks
from api.security.callers import Role, caller_of
from api.security.keys import new_key
from api.services import Services, services_of
from fastgraph.database.keys import CreateKey as StoreKey
from fastgraph.database.keys import KeyView, RevokeKey, hash_of_key, list_keys
from fastgraph.errors import ConflictError
from fastgraph.ids import new_id

__all__ = ["router"]

router = APIRouter(prefix="/api/keys", tags=["keys"])

_NOT_KEPT = {"cache-control": "no-store"}


@router.get("/me", response_class=Response, responses={200: {"model": WhoAsks}})
async def get_caller(request: Request) -> Response:
    """Say as whom this request is taken, and whether one without a key would be refused."""
    caller = caller_of(request)
    roles = [role for role in Role if caller.may(role)]
    document = {
        "name": caller.name,
        "roles": roles,
        "is_required": services_of(request.scope).keys.is_required,
    }
    return Response(orjson.dumps(document), media_type="application/json", headers=_NOT_KEPT)


@router.get("", response_class=Response, responses={200: {"model": list[ApiKey]}})
async def list_api_keys(request: Request) -> Response:
    """List the keys in the store that are not revoked, oldest first. Those of the settings are not shown."""
    async with services_of(request.scope).store.readers.connect() as connection:
        found = await list_keys(connection)
    body = orjson.dumps([encode_key(view) for view in found])
    return Response(body, media_type="application/json", headers=_NOT_KEPT)


@router.post(
    "",
    response_class=Response,
    responses={200: {"model": CreatedKey}},
    openapi_extra=json_body(CreateKey),
)
async def create_api_key(request: Request) -> Response:
    """Make a key. This answer is the only one that shows it. 409 where a living key has that name, or where it would be the
    first and may not make others."""
    services = services_of(request.scope)
    asked = await read_model(request, CreateKey)
    if asked.role is not Role.OPERATE and not services.keys.has_operator():
        raise ConflictError(
            "There is no key with the role operate yet, and without one nobody could make others. Make that first."
        )
    key = new_key()
    row = StoreKey(
        key_id=new_id(),
        name=asked.name,
        role=asked.role,
        hash=hash_of_key(key),
        rate_limit=asked.rate_limit,
        created_by=caller_of(request).name,
        now=services.clock.now(),
    )
    # Sent twice it is refused by its name: what could be answered again is not kept.
    await order(request, services, row, action="create key", subject=f"key {asked.name}", is_once=False)
    await services.keys.reload(services.store)
    view = await _find(services, row.key_id)
    body = orjson.dumps({**encode_key(view), "key": key})
    return Response(body, media_type="application/json", headers=_NOT_KEPT)


@router.delete(
    "/{key_id}", status_code=204, response_class=Response, openapi_extra=headers_only(COMMAND_HEADERS)
)
async def revoke_api_key(request: Request, key_id: KeyIdPath) -> Response:
    """Revoke a key for ever; feeds that were opened with it end. 409 where nobody could make keys any more."""
    services = services_of(request.scope)
    keys = services.keys
    await keys.reload(services.store)
    if not keys.has_operator(without=key_id) and (keys.is_required or keys.has_others(key_id)):
        raise ConflictError(
            "It is the last key with the role operate, and without one nobody could make others. Make another first, or "
            "use `fastgraph keys revoke --in-store` where the server runs."
        )
    operation = RevokeKey(key_id=key_id, now=services.clock.now())
    await order(request, services, operation, action="revoke key", subject=f"key {key_id}")
    await keys.reload(services.store)
    return Response(status_code=204)


async def _find(services: Services, key_id: str) -> KeyView:
    async with services.store.readers.connect() as connection:
        found = await list_keys(connection, with_revoked=True)
    return next(view for view in found if view.key_id == key_id)
