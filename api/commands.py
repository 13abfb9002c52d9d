"""Commands of people: carried out once for each Idempotency-Key, and written into the audit log with who gave them."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any

from starlette.requests import Request

from api.faults import Fault, InvalidRequestError
from api.security.callers import caller_of
from api.services import Services
from fastgraph.database.audit import find_requests
from fastgraph.database.control_records import Audited, AuditNote

__all__ = ["COMMAND_HEADERS", "hash_request", "idempotency_key", "order", "was_ordered"]

IDEMPOTENCY_HEADER = "idempotency-key"
MAX_IDEMPOTENCY_KEY = 255
COMMAND_HEADERS = {"Idempotency-Key": "The same key and command are carried out once and answered the same."}


async def order(
    request: Request,
    services: Services,
    operation: Any,
    *,
    action: str,
    subject: str,
    reason: str | None = None,
    asked: Any = None,
    is_once: bool = True,
) -> Any:
    """Have an operation carried out and written down; answers what it answers.

    `asked` is what the caller said beside the command itself, so that a key that comes again is compared by it. An
    operation that is not `is_once` looks after its key itself. Raises StoreError where it is refused.
    """
    key = idempotency_key(request)
    note = AuditNote(
        who=caller_of(request).name,
        action=action,
        subject=subject,
        reason=reason,
        request_id=key,
        request_hash=None if key is None or not is_once else hash_request([action, subject, asked]),
        now=services.clock.now(),
    )
    return await services.writer.write(Audited(note=note, operation=operation))


async def was_ordered(request: Request, services: Services) -> bool:
    """Say whether the request's key was carried out before: then what it asked fitted, however things stand by now, and
    `order` answers it again or refuses another command under it."""
    key = idempotency_key(request)
    if key is None:
        return False
    async with services.store.readers.connect() as connection:
        return bool(await connection.run_sync(find_requests, request_ids=[key]))


def idempotency_key(request: Request) -> str | None:
    """Return the request's key, if it has one. Raises InvalidRequestError for one that is no such key."""
    key = request.headers.get(IDEMPOTENCY_HEADER)
    if key is None:
        return None
    if not 1 <= len(key) <= MAX_IDEMPOTENCY_KEY or not key.isascii() or not key.isprintable():
        raise InvalidRequestError(
            Fault("Idempotency-Key", f"must be 1 to {MAX_IDEMPOTENCY_KEY} printable ASCII characters")
        )
    return key


def hash_request(said: Any) -> str:
    """Hash what was asked and not how it was written: order of keys and white space do not count."""
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
