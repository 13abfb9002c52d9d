"""The Writer: takes all that waits in its inbox, writes it in one transaction, then answers the whole group.

The only writer of its process. A thread with a sync engine is twice as fast as the async engine for a single run, and
grouping makes fifty runs six times as fast as a commit each (`docs/performance.md`). What was accepted is written or
answered with an error, also at the stop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pykka
import structlog

from actors.runtime.messages import DownKind, DownReason
from actors.writer.inbox import WriterInbox
from actors.writer.messages import WriteOperation, WriteRequest

__all__ = ["GROUP_BYTES", "GROUP_OPERATIONS", "Writer"]

GROUP_OPERATIONS = 500
GROUP_BYTES = 4 * 1024**2

log = structlog.get_logger(__name__)

WriteGroup = Callable[[Sequence[Any]], Sequence[Any]]


class Writer(pykka.ThreadingActor):
    """Thread: its own. `write_group` gives an answer or an error for each operation; `on_committed` gets the answers."""

    use_daemon_thread = True
    actor_inbox: WriterInbox

    def __init__(self, *, write_group: WriteGroup, on_committed: Callable[[Sequence[object]], None]) -> None:
        super().__init__()
        self._write_group = write_group
        self._on_committed = on_committed
        self._reason = DownReason(kind=DownKind.STOPPED)

    @staticmethod
    def _create_actor_inbox() -> WriterInbox:
        return WriterInbox()

    def on_receive(self, message: Any) -> None:
        """Write the request with all that wait behind it."""
        assert isinstance(message, WriteRequest), f"the Writer is told to write and nothing else, not {message!r}"
        self.actor_inbox.is_busy = True
        group = self.actor_inbox.take_requests(message, most=GROUP_OPERATIONS, most_bytes=GROUP_BYTES)
        self._write([request.operation for request in group], group)
        self.actor_inbox.processed += len(group)
        self.actor_inbox.is_busy = False

    def _write(self, operations: list[WriteOperation], group: list[WriteRequest]) -> None:
        try:
            answers: Sequence[Any] = self._write_group(operations)
        except BaseException as error:  # noqa: BLE001 - every waiting caller gets it; the Writer goes on with the next group
            log.exception("a group could not be written", operations=len(operations))
            answers = [error] * len(operations)
        for request, answer in zip(group, answers, strict=True):
            if isinstance(answer, BaseException):
                request.deliver(None, answer)
            else:
                request.deliver(answer, None)
        committed = [answer for answer in answers if not isinstance(answer, BaseException)]
        if committed:
            try:
                self._on_committed(committed)
            except Exception:  # a hint that is not sent costs a second; a Writer that dies costs the process
                log.exception("hints of a commit failed")

    def on_stop(self) -> None:
        """Write what was accepted before the stop was handled; refuse what comes later."""
        left = [envelope.message for envelope in self.actor_inbox.close()]
        requests = [message for message in left if isinstance(message, WriteRequest)]
        for start in range(0, len(requests), GROUP_OPERATIONS):
            group = requests[start : start + GROUP_OPERATIONS]
            self._write([request.operation for request in group], group)

    def on_failure(self, _kind: Any, error: BaseException | None, _traceback: Any) -> None:
        self._reason = DownReason(kind=DownKind.FAILED, error=error)

    def _actor_loop_teardown(self) -> None:
        super()._actor_loop_teardown()
        for envelope in self.actor_inbox.close():
            if isinstance(envelope.message, WriteRequest):
                envelope.message.deliver(None, pykka.ActorDeadError("The Writer died before it wrote this."))
        self.actor_inbox.lifeline.cut(self._reason)
