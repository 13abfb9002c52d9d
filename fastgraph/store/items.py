"""What goes into a store and comes out of it: items, operations, options, and the errors of a wrong name.

Pure data under LangGraph's names. Minutes are the unit of every time to live here, as there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol, TypedDict

from fastgraph.errors import FastGraphError

__all__ = [
    "NOT_PROVIDED",
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
]

Namespace = tuple[str, ...]
NamespacePath = tuple[str, ...]
"""Labels, of which "*" stands for any one."""
NamespaceMatchType = Literal["prefix", "suffix"]


class InvalidNamespaceError(FastGraphError, ValueError):
    """A namespace has a label that can't be one, or none at all where something is to be kept."""


class InvalidFilterError(FastGraphError, ValueError):
    """A filter names an operator or a field that can't be."""


class TtlNotSupportedError(FastGraphError, NotImplementedError):
    """A time to live was given to a store that keeps none."""

    def __init__(self, store: str) -> None:
        super().__init__(f"{store} keeps no time to live. Leave out `ttl`, or use a store that has one.")


class NotProvided:
    """The type of NOT_PROVIDED: an argument that was left out, where None means something of its own."""

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "NOT_GIVEN"


NOT_PROVIDED = NotProvided()


class Item:
    """A value with its place and times. `created_at` stays when the value is replaced. Equal where all of it is."""

    __slots__ = ("created_at", "key", "namespace", "updated_at", "value")

    def __init__(
        self,
        *,
        value: dict[str, Any],
        key: str,
        namespace: Sequence[str],
        created_at: datetime | str,
        updated_at: datetime | str,
    ) -> None:
        self.value = value
        self.key = key
        self.namespace = tuple(namespace)  # JSON has made a list of it
        self.created_at = _as_datetime(created_at)
        self.updated_at = _as_datetime(updated_at)

    def _facts(self) -> tuple[Any, ...]:
        return self.value, self.key, self.namespace, self.created_at, self.updated_at

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Item) and self._facts() == other._facts()

    def __hash__(self) -> int:
        return hash((self.namespace, self.key))

    def dict(self) -> dict[str, Any]:
        """Return the item as JSON shows it: the namespace as a list, the times as ISO text."""
        return {
            "namespace": list(self.namespace),
            "key": self.key,
            "value": self.value,
            "created_at": self.created_at.isoformat(),
            "updated_at": self.updated_at.isoformat(),
        }

    def __repr__(self) -> str:
        return f"Item({', '.join(f'{name}={value!r}' for name, value in self.dict().items())})"


class SearchItem(Item):
    """An item that a search has found; `score` is its likeness to the query, None where none was measured."""

    __slots__ = ("score",)

    def __init__(  # noqa: PLR0917 - LangGraph's signature
        self,
        namespace: Sequence[str],
        key: str,
        value: dict[str, Any],
        created_at: datetime | str,
        updated_at: datetime | str,
        score: float | None = None,
    ) -> None:
        super().__init__(
            value=value, key=key, namespace=namespace, created_at=created_at, updated_at=updated_at
        )
        self.score = score

    def dict(self) -> dict[str, Any]:
        """Return the item as JSON shows it, with its score."""
        return {**super().dict(), "score": self.score}


class GetOp(NamedTuple):
    """Read one item."""

    namespace: Namespace
    key: str
    refresh_ttl: bool = True


class SearchOp(NamedTuple):
    """Find items below a namespace."""

    namespace_prefix: Namespace
    filter: dict[str, Any] | None = None
    limit: int = 10
    offset: int = 0
    query: str | None = None
    refresh_ttl: bool = True


class PutOp(NamedTuple):
    """Keep a value, or delete it where `value` is None. `ttl` is in minutes."""

    namespace: Namespace
    key: str
    value: Mapping[str, Any] | None
    index: Literal[False] | list[str] | None = None  # type: ignore[assignment] # LangGraph's name hides tuple.index
    ttl: float | None = None


class MatchCondition(NamedTuple):
    """What a namespace must begin or end with."""

    match_type: NamespaceMatchType
    path: NamespacePath


class ListNamespacesOp(NamedTuple):
    """List the namespaces that hold something."""

    match_conditions: tuple[MatchCondition, ...] | None = None
    max_depth: int | None = None
    limit: int = 100
    offset: int = 0


Op = GetOp | SearchOp | PutOp | ListNamespacesOp
Result = Item | list[Item] | list[SearchItem] | list[Namespace] | None


class Embeddings(Protocol):
    """What LangChain calls embeddings: an object of this form may be given as `embed`, without LangChain, too."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]: ...

    def embed_query(self, text: str) -> list[float]: ...


EmbedFunction = Callable[[Sequence[str]], list[list[float]] | Awaitable[list[list[float]]]]
"""Texts -> a vector for each; may be async where only the async methods of a store are used."""


class TTLConfig(TypedDict, total=False):
    """How long items live, in minutes. `refresh_on_read` (True by default) begins their time anew at each read;
    `omit_expired` hides what has expired also before it is swept."""

    refresh_on_read: bool
    omit_expired: bool
    default_ttl: float | None
    sweep_interval_minutes: int | None


class IndexConfig(TypedDict, total=False):
    """Search by likeness. `fields` are paths such as "title", "notes[*].text" or "$" (the whole value, the default)."""

    dims: int
    embed: Embeddings | EmbedFunction
    fields: list[str] | None


def _as_datetime(moment: datetime | str) -> datetime:
    return datetime.fromisoformat(moment) if isinstance(moment, str) else moment
