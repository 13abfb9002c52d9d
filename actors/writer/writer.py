"""The Writer: takes all that waits in its inbox, writes it in one transaction, then answers the whole group.

The only writer of its process, on a thread of its own. A thread with a sync engine is twice as fast as the async engine
for a single run, and grouping makes fifty runs six times as fast as a commit each. What was accepted is answered: with
what the store said, with the error of its group, or, if the Writer itself dies, with that. A stop writes what was
accepted before it.

It knows no tables and no SQL: `write_group` is handed in, and is the store's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pykka
import structlog
from pykka import ActorRegistry

from actors.runtime.errors import ActorGoneError
from actors.runtime.messages import DownKind, DownReason
from actors.runtime.reply import ActorFuture
from actors.writer.answering import answer_group
from actors.writer.inbox import WriterInbox
from actors.writer.messages import WriteRequest
from fastgraph.errors import FastGraphError

__all__ = ["GROUP_BYTES", "GROUP_OPERATIONS", "OnCommitted", "UnansweredGroupError", "WriteGroup", "Writer"]

GROUP_OPERATIONS = 500
GROUP_BYTES = 4 * 1024**2

log = structlog.get_logger(__name__)

WriteGroup = Callable[[Sequence[Any]], Sequence[Any]]
"""Writes operations in one transaction; answers, in their order, with an outcome or an exception for each."""

OnCommitted = Callable[[Sequence[object]], None]
"""Hears the outcomes of a group that are no errors, after they were answered; what it raises is logged."""


class UnansweredGroupError(FastGraphError):
    """`write_group` broke its promise to answer each operation; what was written is not known."""

    def __init__(self, operations: int, answers: int) -> None:
        self.operations = operations
        self.answers = answers
        super().__init__(
            f"write_group answered {answers} of {operations} operations; it must answer each, in order. "
            "What was written is not known: read the store before you repeat."
        )


class Writer(pykka.ThreadingActor):
    """Started with `Writer.start(write_group=…, on_committed=…)`; both are called on its thread alone."""

    use_daemon_thread = True  # a store that never answers must not keep the process alive
    actor_inbox: WriterInbox

    def __init__(self, *, write_group: WriteGroup, on_committed: OnCommitted) -> None:
        super().__init__()
        self._write_group = write_group
        self._on_committed = on_committed
        self._in_hand: list[WriteRequest] = []
        self._reason = DownReason(kind=DownKind.STOPPED)

    @staticmethod
    def _create_actor_inbox() -> WriterInbox:
        return WriterInbox()

    @staticmethod
    def _create_future() -> ActorFuture[Any]:
        return ActorFuture()

    def _actor_loop_running(self) -> None:
        inbox = self.actor_inbox
        try:
            while group := inbox.take_group(most=GROUP_OPERATIONS, most_bytes=GROUP_BYTES):
                self._in_hand = group
                answers = self._answers([request.operation for request in group])
                answer_group(group, answers)
                self._in_hand = []
                inbox.count_group(len(group))
                self._tell_committed(answers)
        except (
            BaseException
        ) as error:  # the boundary of the actor: Pykka would stop every actor of the process
            self._reason = DownReason(kind=DownKind.FAILED, error=error)
            log.exception("the Writer failed")

    def _answers(self, operations: list[Any]) -> Sequence[Any]:
        """Write a group. Where that raises, or gives no answer to some, every operation gets that error."""
        try:
            answers = self._write_group(operations)
        except (
            BaseException
        ) as error:  # all who wait get it, and the next group is tried: the store may be back
            log.exception("a group could not be written", operations=len(operations))
            return [error] * len(operations)
        if len(answers) != len(operations):
            fault = UnansweredGroupError(len(operations), len(answers))
            log.error("a group was not answered", error=str(fault))
            return [fault] * len(operations)
        return answers

    def _tell_committed(self, answers: Sequence[Any]) -> None:
        committed = [answer for answer in answers if not isinstance(answer, BaseException)]
        if not committed:
            return
        try:
            self._on_committed(committed)
        except BaseException:  # a hint that is not sent costs a second; a Writer that dies costs the process
            log.exception("telling of a commit failed", answers=len(committed))

    def _actor_loop_teardown(self) -> None:
        """Answer all that is left, then those who asked for the stop, then the watchers."""
        ActorRegistry.unregister(self.actor_ref)
        self.actor_stopped.set()
        left, stops = self.actor_inbox.close()
        unwritten = [*self._in_hand, *left]
        # Those in hand may have been written before it failed, and may already have their answer, which stays.
        answer_group(unwritten, [ActorGoneError("Writer", f"died ({self._reason})") for _ in unwritten])
        self._run_last_hook()
        for envelope in stops:
            if envelope.reply_to is not None:
                envelope.reply_to.set(None)
        self.actor_inbox.lifeline.cut(self._reason)

    def _run_last_hook(self) -> None:
        error = self._reason.error
        try:
            if error is None:
                self.on_stop()
            else:
                self.on_failure(type(error), error, error.__traceback__)
        except (
            BaseException
        ):  # a boundary: the Writer is ending anyway, and whoever waits for that must hear of it
            log.exception("the last hook of the Writer failed")
