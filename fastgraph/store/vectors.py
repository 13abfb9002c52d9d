"""Search by likeness: what is embedded, by whom, and how alike two vectors are.

numpy is used where it is installed and not asked for otherwise. Nothing here stores anything.
"""

from __future__ import annotations

import asyncio
import inspect
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from fastgraph.errors import ConfigError
from fastgraph.store.items import IndexConfig, PutOp
from fastgraph.store.texts import get_text_at_path

__all__ = ["Embedder", "Scored", "cosine_scores", "open_index", "rank", "texts_to_embed"]

Vector = list[float]
Scored = tuple[float | None, Any]


class Embedder:
    """Calls what was given as `embed`: a function, sync or async, or an object with `embed_documents`."""

    def __init__(self, config: IndexConfig) -> None:
        embed = config.get("embed")
        if not callable(embed) and not hasattr(embed, "embed_documents"):
            raise ConfigError(
                f"index['embed'] is {embed!r}; expected a function of texts to vectors, or an object with "
                "`embed_documents`. Names of providers are not looked up."
            )
        self._embed: Any = embed
        self._dims = config.get("dims")
        self.fields: tuple[str, ...] = tuple(config.get("fields") or ("$",))

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Return a vector for each text. A function that is async gets a loop of its own: not where one runs."""
        found = self._call(texts)
        return self._checked(asyncio.run(_wait(found)) if inspect.isawaitable(found) else found)

    async def aembed(self, texts: Sequence[str]) -> list[Vector]:
        """Return a vector for each text; a sync function is called in a thread."""
        if hasattr(self._embed, "aembed_documents"):
            found = await self._embed.aembed_documents(list(texts))
        elif inspect.iscoroutinefunction(self._embed) or inspect.iscoroutinefunction(
            getattr(self._embed, "__call__", None)  # noqa: B004 - asks what kind it is
        ):
            found = await self._embed(list(texts))
        else:
            found = await asyncio.to_thread(self._call, texts)
            found = await found if inspect.isawaitable(found) else found
        return self._checked(found)

    def _call(self, texts: Sequence[str]) -> Any:
        embed = getattr(self._embed, "embed_documents", self._embed)
        return embed(list(texts))

    def _checked(self, found: Iterable[Sequence[float]]) -> list[Vector]:
        vectors = [[float(number) for number in vector] for vector in found]
        odd = next((len(vector) for vector in vectors if self._dims and len(vector) != self._dims), None)
        if odd is not None:
            raise ConfigError(f"index['dims'] is {self._dims} and `embed` made a vector of {odd} numbers.")
        return vectors


async def _wait(found: Any) -> Any:
    return await found


def open_index(config: IndexConfig | None) -> Embedder | None:
    """Return the embedder of an index; None without one. Raises ConfigError."""
    return None if config is None else Embedder(config)


@dataclass(frozen=True, slots=True)
class TextToEmbed:
    """One text of one item; `path` says where in the value it stood."""

    namespace: tuple[str, ...]
    key: str
    path: str
    text: str


def texts_to_embed(puts: Iterable[PutOp], fields: Sequence[str]) -> list[TextToEmbed]:
    """Return the texts that new values bring along: of their own `index`, else of the store's fields."""
    found: list[TextToEmbed] = []
    for op in puts:
        if op.value is None or op.index is False:
            continue
        for path in fields if op.index is None else op.index:
            texts = get_text_at_path(op.value, path)
            for number, text in enumerate(texts):
                place = path if len(texts) == 1 else f"{path}.{number}"
                found.append(TextToEmbed(op.namespace, op.key, place, text))
    return found


def cosine_scores(query: Vector, vectors: Sequence[Vector]) -> list[float]:
    """Return the cosine of the angle between the query and each vector; 0 where one of them is zero."""
    if vectors and find_spec("numpy"):
        return _numpy_scores(query, vectors)
    length = math.hypot(*query)
    scores = []
    for vector in vectors:
        product = length * math.hypot(*vector)
        scores.append(sum(a * b for a, b in zip(query, vector, strict=True)) / product if product else 0.0)
    return scores


def _numpy_scores(query: Vector, vectors: Sequence[Vector]) -> list[float]:
    np: Any = import_module("numpy")

    matrix, wanted = np.asarray(vectors, dtype=float), np.asarray(query, dtype=float)
    lengths = np.linalg.norm(matrix, axis=1) * np.linalg.norm(wanted)
    products = matrix @ wanted
    return [
        float(score)
        for score in np.divide(products, lengths, out=np.zeros_like(products), where=lengths != 0)
    ]


def rank(
    query: Vector,
    items: Sequence[Any],
    vectors: Mapping[int, Sequence[Vector]],
    *,
    limit: int,
    offset: int,
) -> list[Scored]:
    """Return a page of items by falling likeness, each with its best vector's score; those without a vector come last.

    `vectors` are those of each item, by its position in `items`.
    """
    owners = [position for position, own in vectors.items() for _ in own]
    scores = cosine_scores(query, [vector for own in vectors.values() for vector in own])
    best: dict[int, float] = {}
    for position, score in zip(owners, scores, strict=True):
        best[position] = max(score, best.get(position, score))
    order = sorted(best, key=lambda position: best[position], reverse=True)
    page: list[Scored] = [(best[position], items[position]) for position in order[offset : offset + limit]]
    silent = [(None, item) for position, item in enumerate(items) if position not in best]
    return [*page, *silent[: limit - len(page)]]
