"""`BaseStore`: the methods of a store, all of them made of `batch` and `abatch`.

A store of your own implements these two. Namespaces are checked here, once for all stores. The sync and the async methods
differ in who waits: what they ask for is built by the same functions.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from fastgraph.store.items import (
    NOT_PROVIDED,
    Embeddings,
    EmbedFunction,
    GetOp,
    IndexConfig,
    InvalidFilterError,
    InvalidNamespaceError,
    Item,
    ListNamespacesOp,
    MatchCondition,
    NamespaceMatchType,
    NamespacePath,
    NotProvided,
    Op,
    PutOp,
    Result,
    SearchItem,
    SearchOp,
    TTLConfig,
    TtlNotSupportedError,
)
from fastgraph.store.texts import get_text_at_path, tokenize_path

__all__ = [
    "NOT_PROVIDED",
    "BaseStore",
    "EmbedFunction",
    "Embeddings",
    "GetOp",
    "IndexConfig",
    "InvalidFilterError",
    "InvalidNamespaceError",
    "Item",
    "ListNamespacesOp",
    "MatchCondition",
    "NamespaceMatchType",
    "NamespacePath",
    "NotProvided",
    "Op",
    "PutOp",
    "Result",
    "SearchItem",
    "SearchOp",
    "TTLConfig",
    "TtlNotSupportedError",
    "get_text_at_path",
    "tokenize_path",
    "validate_op_namespace",
]

RESERVED_ROOT = "langgraph"


class BaseStore(ABC):
    """A store of values under namespaces. `supports_ttl` says whether `ttl` may be given to `put`."""

    __slots__ = ("__weakref__",)

    supports_ttl: bool = False
    ttl_config: TTLConfig | None = None

    @abstractmethod
    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Carry out operations and return an answer for each, in their order.

        Reads see what was there before the batch; of several puts to one key the last one counts.
        """

    @abstractmethod
    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Do what `batch` does, for async code."""

    def get(self, namespace: tuple[str, ...], key: str, *, refresh_ttl: bool | None = None) -> Item | None:
        """Return an item, or None."""
        return _item(self.batch([self._get_op(namespace, key, refresh_ttl)]))

    def search(
        self,
        namespace_prefix: tuple[str, ...],
        /,
        *,
        query: str | None = None,
        filter: dict[str, Any] | None = None,  # noqa: A002 - LangGraph's name
        limit: int = 10,
        offset: int = 0,
        refresh_ttl: bool | None = None,
    ) -> list[SearchItem]:
        """Return the items in and below a namespace that a filter meets, at most `limit`.

        A filter is `{"field": value}` or `{"field": {"$gt": value}}`, with `$eq $ne $gt $gte $lt $lte`; several fields must
        all be met. `query` orders by likeness where the store has an index. Raises InvalidFilterError.
        """
        op = self._search_op(namespace_prefix, filter, limit, offset, query, refresh_ttl)
        return _found(self.batch([op]))

    def put(
        self,
        namespace: tuple[str, ...],
        key: str,
        value: Mapping[str, Any],
        index: Literal[False] | list[str] | None = None,
        *,
        ttl: float | NotProvided | None = NOT_PROVIDED,
    ) -> None:
        """Keep a value under a key. `ttl` is in minutes; None keeps it for ever. Raises InvalidNamespaceError."""
        self.batch([self._put_op(namespace, key, value, index, ttl)])

    def delete(self, namespace: tuple[str, ...], key: str) -> None:
        """Delete an item; nothing happens where there is none."""
        self.batch([_delete_op(namespace, key)])

    def list_namespaces(
        self,
        *,
        prefix: NamespacePath | None = None,
        suffix: NamespacePath | None = None,
        max_depth: int | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[tuple[str, ...]]:
        """Return the namespaces that hold something, in order; `max_depth` cuts them off after so many labels."""
        return _namespaces(self.batch([_list_op(prefix, suffix, max_depth, limit, offset)]))

    async def aget(
        self, namespace: tuple[str, ...], key: str, *, refresh_ttl: bool | None = None
    ) -> Item | None:
        """Do what `get` does, for async code."""
        return _item(await self.abatch([self._get_op(namespace, key, refresh_ttl)]))

    async def asearch(
        self,
        namespace_prefix: tuple[str, ...],
        /,
        *,
        query: str | None = None,
        filter: dict[str, Any] | None = None,  # noqa: A002 - LangGraph's name
        limit: int = 10,
        offset: int = 0,
        refresh_ttl: bool | None = None,
    ) -> list[SearchItem]:
        """Do what `search` does, for async code."""
        op = self._search_op(namespace_prefix, filter, limit, offset, query, refresh_ttl)
        return _found(await self.abatch([op]))

    async def aput(
        self,
        namespace: tuple[str, ...],
        key: str,
        value: Mapping[str, Any],
        index: Literal[False] | list[str] | None = None,
        *,
        ttl: float | NotProvided | None = NOT_PROVIDED,
    ) -> None:
        """Do what `put` does, for async code."""
        await self.abatch([self._put_op(namespace, key, value, index, ttl)])

    async def adelete(self, namespace: tuple[str, ...], key: str) -> None:
        """Do what `delete` does, for async code."""
        await self.abatch([_delete_op(namespace, key)])

    async def alist_namespaces(
        self,
        *,
        prefix: NamespacePath | None = None,
        suffix: NamespacePath | None = None,
        max_depth: int | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[tuple[str, ...]]:
        """Do what `list_namespaces` does, for async code."""
        return _namespaces(await self.abatch([_list_op(prefix, suffix, max_depth, limit, offset)]))

    def _get_op(self, namespace: tuple[str, ...], key: str, refresh_ttl: bool | None) -> GetOp:
        check_labels(namespace)
        return GetOp(namespace, str(key), self._refreshes(refresh_ttl))

    def _search_op(  # noqa: PLR0917 - the one place that names them all
        self,
        prefix: tuple[str, ...],
        wanted: dict[str, Any] | None,
        limit: int,
        offset: int,
        query: str | None,
        refresh_ttl: bool | None,
    ) -> SearchOp:
        check_labels(prefix)
        return SearchOp(prefix, wanted, limit, offset, query, self._refreshes(refresh_ttl))

    def _put_op(
        self,
        namespace: tuple[str, ...],
        key: str,
        value: Mapping[str, Any],
        index: Literal[False] | list[str] | None,
        ttl: float | NotProvided | None,
    ) -> PutOp:
        _check_place(namespace)
        if isinstance(ttl, NotProvided):
            minutes = self.ttl_config.get("default_ttl") if self.ttl_config else None
        else:
            minutes = ttl
            if minutes is not None and not self.supports_ttl:
                raise TtlNotSupportedError(type(self).__name__)
        return PutOp(namespace, str(key), value, index=index, ttl=minutes)

    def _refreshes(self, refresh_ttl: bool | None) -> bool:
        if refresh_ttl is not None:
            return refresh_ttl
        return self.ttl_config.get("refresh_on_read", True) if self.ttl_config is not None else True


def validate_op_namespace(op: Op) -> None:
    """Check the labels of an operation's namespaces. Raises InvalidNamespaceError."""
    match op:
        case GetOp() | PutOp():
            check_labels(op.namespace)
        case SearchOp():
            check_labels(op.namespace_prefix)
        case ListNamespacesOp():
            for condition in op.match_conditions or ():
                check_labels(condition.path)


def check_labels(namespace: Iterable[Any]) -> None:
    """Check each label of a namespace. Raises InvalidNamespaceError."""
    for label in namespace:
        if not isinstance(label, str):
            wrong = f"is no text but {type(label).__name__}"
        elif not label:
            wrong = "is empty"
        elif "." in label:
            wrong = "has a period"
        elif "\x00" in label:
            wrong = "has a NUL character"
        else:
            continue
        raise InvalidNamespaceError(
            f"Label {label!r} of namespace {namespace!r} {wrong}. Labels are texts without periods and NUL characters."
        )


def _check_place(namespace: tuple[str, ...]) -> None:
    if not namespace:
        raise InvalidNamespaceError("A value was put into no namespace. Give at least one label.")
    check_labels(namespace)
    if namespace[0] == RESERVED_ROOT:
        raise InvalidNamespaceError(
            f"Namespace {namespace!r} begins with {RESERVED_ROOT!r}, which is reserved. Choose another first label."
        )


def _delete_op(namespace: tuple[str, ...], key: str) -> PutOp:
    check_labels(namespace)
    return PutOp(namespace, str(key), None)


def _list_op(
    prefix: NamespacePath | None,
    suffix: NamespacePath | None,
    max_depth: int | None,
    limit: int,
    offset: int,
) -> ListNamespacesOp:
    conditions = []
    if prefix:
        check_labels(prefix)
        conditions.append(MatchCondition("prefix", prefix))
    if suffix:
        check_labels(suffix)
        conditions.append(MatchCondition("suffix", suffix))
    return ListNamespacesOp(tuple(conditions), max_depth, limit, offset)


def _item(results: list[Result]) -> Item | None:
    [found] = results
    assert found is None or isinstance(found, Item), f"a get answered {found!r}"
    return found


def _found(results: list[Result]) -> list[SearchItem]:
    [found] = results
    assert isinstance(found, list), f"a search answered {found!r}"
    return found  # type: ignore[return-value] # a list of SearchItem, as of every search


def _namespaces(results: list[Result]) -> list[tuple[str, ...]]:
    [found] = results
    assert isinstance(found, list), f"a list of namespaces was {found!r}"
    return found  # type: ignore[return-value] # a list of namespaces, as of every listing
