"""The store as a node in a task process finds it: operations go to the host as messages, their answers come back.

Namespaces, filters and values are checked on this side, so that what a node did wrong is raised where it did it. What
travels is plain data under tags; both sides know the same registered types, having loaded the same workflows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from fastgraph.errors import StoreError
from fastgraph.state.plain import decode, encode
from fastgraph.store.base import BaseStore, validate_op_namespace
from fastgraph.store.items import (
    GetOp,
    Item,
    ListNamespacesOp,
    MatchCondition,
    Op,
    PutOp,
    Result,
    SearchItem,
    SearchOp,
    TTLConfig,
)
from fastgraph.store.matching import check_filter

__all__ = ["RemoteStore", "answer_store"]

_KINDS: dict[str, Any] = {"get": GetOp, "search": SearchOp, "put": PutOp, "list": ListNamespacesOp}
_WORDS = {kind: word for word, kind in _KINDS.items()}
_TIMES = ("created_at", "updated_at")


class RemoteStore(BaseStore):
    """`ask` sends bytes to the host and returns its answer; any thread may call it."""

    __slots__ = ("_ask", "ttl_config")

    supports_ttl = True

    def __init__(self, ask: Callable[[bytes], bytes]) -> None:
        self._ask = ask
        self.ttl_config: TTLConfig = {"refresh_on_read": True, "omit_expired": True}

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Carry out operations. Raises as the server's store does; StoreError for what the host could not do."""
        asked = [_encode_op(op) for op in ops]
        answer = decode(self._ask(encode(asked, where="what the store was asked")))
        if "error" in answer:
            raise StoreError(answer["error"])
        return [_decode_result(result) for result in answer["results"]]

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Do what `batch` does, in a thread."""
        return await asyncio.to_thread(self.batch, list(ops))


def answer_store(store: BaseStore | None, data: bytes) -> bytes:
    """Carry out, in the host, what a task process asks of the store. Never raises: an error is an answer, too."""
    if store is None:
        return encode({"error": "This run has no store."}, where="the store's answer")
    try:
        results = store.batch([_decode_op(facts) for facts in decode(data)])
        return encode({"results": [_encode_result(result) for result in results]}, where="the store's answer")
    except Exception as error:  # noqa: BLE001 - the border to the task process: it raises what this says
        return encode({"error": f"{type(error).__name__}: {error}"}, where="the store's answer")


def _encode_op(op: Op) -> list[Any]:
    validate_op_namespace(op)
    if isinstance(op, SearchOp):
        check_filter(op.filter)
    facts: list[Any] = list(op)
    if isinstance(op, PutOp) and op.value is not None:
        facts[2] = dict(op.value)
        encode(facts[2], where=f"item {op.key!r} of namespace {op.namespace!r}")
    if isinstance(op, ListNamespacesOp):
        facts[0] = [tuple(condition) for condition in op.match_conditions or ()]
    return [_WORDS[type(op)], facts]


def _decode_op(asked: list[Any]) -> Op:
    word, facts = asked
    if word == "list":
        facts[0] = tuple(MatchCondition(*condition) for condition in facts[0])
    op: Op = _KINDS[word](*facts)
    return op


def _encode_result(result: Result) -> Any:
    if isinstance(result, list):
        items: list[Any] = list(result)
        return [_encode_result(found) if isinstance(found, Item) else found for found in items]
    if isinstance(result, SearchItem):
        return {"found": {**result.dict(), **{name: getattr(result, name) for name in _TIMES}}}
    return {"item": {**result.dict(), **{name: getattr(result, name) for name in _TIMES}}} if result else None


def _decode_result(answer: Any) -> Any:
    if isinstance(answer, list):
        return [_decode_result(found) if isinstance(found, dict) else found for found in answer]
    if answer is None:
        return None
    return SearchItem(**answer["found"]) if "found" in answer else Item(**answer["item"])
