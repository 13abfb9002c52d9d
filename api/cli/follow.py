"""Follows one run's events, each exactly once, across restarts of the server.

Keeps the promise "one order" at the client's end: whatever breaks, the feed is opened again after the last
number that was handed out, and a number that was seen is never handed out again. Ends with the run's last
event.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from api.cli.client import Client
from api.cli.failures import LostServerError, NoServerError, RefusedError
from api.cli.sse import read_messages
from fastgraph.events import TERMINAL
from fastgraph.status import ENDED

__all__ = ["PATIENCE_SECONDS", "follow"]

PATIENCE_SECONDS = 60.0  # for a server that is away; a restart takes a few
SILENCE_SECONDS = 45.0  # a feed that says nothing for so long, not even a comment, is opened again
FIRST_PAUSE_SECONDS = 0.1
LAST_PAUSE_SECONDS = 2.0
TELL_SECONDS = 1.0  # a gap shorter than this is no news for a person
AWAY = frozenset({429, 500, 502, 503, 504})  # statuses of a server (or a proxy before it) that will be back

Event = dict[str, Any]


def follow(
    client: Client,
    run_id: str,
    *,
    after: int = 0,
    patience_seconds: float = PATIENCE_SECONDS,
    on_lost: Callable[[str], None] = lambda _reason: None,
) -> Iterator[Event]:
    """Yield the run's events after number `after` until its last one.

    `on_lost` is told why when the server is away for more than a moment. Raises RefusedError (unknown run) at once,
    NoServerError where the first try finds nobody, LostServerError when the server stays away for `patience_seconds`.
    """
    feed = _Feed(client, run_id, after)
    pause, was_told = FIRST_PAUSE_SECONDS, False
    while True:
        before = feed.after
        try:
            yield from feed.read()
            if feed.has_ended:
                return
            reason = "the feed ended before the run"
        except (httpx.TransportError, NoServerError) as error:
            reason = str(error) or type(error).__name__
            if feed.last_contact is None:
                raise (
                    error if isinstance(error, NoServerError) else NoServerError(client.url, reason)
                ) from error
        except RefusedError as error:
            if error.status not in AWAY:
                raise
            reason = str(error)
        if feed.after > before:
            pause, was_told = FIRST_PAUSE_SECONDS, False
        waited = feed.waited_seconds()
        if waited > patience_seconds:
            raise LostServerError(run_id, client.url, feed.after, waited)
        if waited > TELL_SECONDS and not was_told:
            was_told = True
            on_lost(reason)
        time.sleep(pause)
        pause = min(pause * 2, LAST_PAUSE_SECONDS)


class _Feed:
    """One run's feed from where it stands: the last number handed out, and when the server was last there."""

    def __init__(self, client: Client, run_id: str, after: int) -> None:
        self._client = client
        self._run_id = run_id
        self._opened_at = time.monotonic()
        self.after = after
        self.has_ended = False
        self.last_contact: float | None = None

    def read(self) -> Iterator[Event]:
        """Open the feed and yield what is new until it ends; `has_ended` then says whether the run did."""
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(self.after)}
        path = f"/api/runs/{self._run_id}/events"
        with self._client.stream(
            path, headers=headers, silence_seconds=SILENCE_SECONDS, after=self.after
        ) as answer:
            self.last_contact = time.monotonic()
            for message in read_messages(answer.iter_lines()):
                self.last_contact = time.monotonic()
                event = json.loads(message.data)
                seq = event.get("seq")
                if seq is None or seq <= self.after:
                    continue  # a heartbeat has no number; a number that was seen is a double
                self.after = seq
                self.has_ended = event["event"] in TERMINAL
                yield event
                if self.has_ended:
                    return
        run = self._client.get(f"/api/runs/{self._run_id}")
        self.has_ended = run["status"] in ENDED and run["last_seq"] <= self.after

    def waited_seconds(self) -> float:
        """How long the server has been silent."""
        return time.monotonic() - (self.last_contact or self._opened_at)
