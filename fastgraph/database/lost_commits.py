"""Transactions whose commit was lost and could not be asked for at once: asked for again before anything else is written.

What turns out to be written is remembered for whoever hands in the same operation again, so that it is answered and not
written twice. Those who do not come again (a client that was told 503) are forgotten after a while.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from fastgraph.database.transaction import Transaction
from fastgraph.database.unknown_commit import was_committed
from fastgraph.errors import CommitUnknownError

__all__ = ["LostCommits"]

REMEMBERED = 1_000
ASK_SECONDS = 1.0

Written = tuple[object, object]


@dataclass(frozen=True, slots=True)
class _Lost:
    tx: Transaction
    written: Sequence[Written]


class LostCommits:
    """Used by the Writer's thread only."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lost: list[_Lost] = []
        # By identity; the operation is kept too, so that no other one gets its id meanwhile.
        self._found: dict[int, Written] = {}

    def add(self, tx: Transaction, written: Sequence[Written]) -> None:
        """Remember a transaction; `written` are its operations and what they are answered if it was committed."""
        self._lost.append(_Lost(tx, written))

    def settle(self) -> None:
        """Ask for what is not known yet. Raises CommitUnknownError where there is still no answer: then nothing can be
        written either."""
        while self._lost:
            lost = self._lost[0]
            is_kept = was_committed(self._engine, lost.tx, ask_seconds=ASK_SECONDS)
            if is_kept is None:
                raise CommitUnknownError("the store can't be asked yet what became of it")
            if is_kept:
                self._found.update(
                    (id(operation), (operation, outcome)) for operation, outcome in lost.written
                )
            del self._lost[0]
        while len(self._found) > REMEMBERED:
            del self._found[next(iter(self._found))]

    def answer(self, operations: Sequence[object], answers: list[Any], indexes: list[int]) -> list[int]:
        """Answer the operations that turned out to be written, and return the indexes of the others."""
        if not self._found:
            return indexes
        left = []
        for index in indexes:
            found = self._found.pop(id(operations[index]), None)
            if found is None:
                left.append(index)
            else:
                answers[index] = found[1]
        return left
