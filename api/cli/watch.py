"""Watching a run until it ends: a live display on a terminal, plain lines into a pipe, JSON lines where
asked.

Ctrl-C stops the watching and never the run; the sentence that follows says how to go on.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from api.cli.client import Client
from api.cli.exit_codes import ExitCode, exit_code_of
from api.cli.failures import StoppedFollowingError
from api.cli.follow import follow
from api.cli.interrupts import prompt_interrupts
from api.cli.lines import brief, event_line, waiting_hint
from api.cli.output import say

__all__ = ["RESULT_LETTERS", "watch_run"]

RESULT_LETTERS = 2000

Event = dict[str, Any]


class Screen(Protocol):
    """Where events are shown."""

    def show(self, event: Event) -> None:
        """Show one more event."""
        ...

    def tell(self, text: str) -> None:
        """Say something that is no event."""
        ...


class JsonLines:
    """One event a line, as the server gave it; for programs."""

    def show(self, event: Event) -> None:
        print(json.dumps(event, ensure_ascii=False), flush=True)

    def tell(self, text: str) -> None:
        say(text)


class PlainLines:
    """One event a line, for people and log files."""

    def show(self, event: Event) -> None:
        print(event_line(event), flush=True)
        if event["event"] == "interrupted":
            say(waiting_hint(event["run_id"]))

    def tell(self, text: str) -> None:
        say(text)


def watch_run(client: Client, run_id: str, *, after: int = 0, as_json: bool = False) -> ExitCode:
    """Show the run's events after `after` until it ends; return the code of how it ended."""
    seen = after
    try:
        with prompt_interrupts(), _screen(run_id, as_json=as_json) as screen:
            for event in follow(
                client, run_id, after=after, on_lost=lambda reason: screen.tell(_lost(reason))
            ):
                screen.show(event)
                seen = event["seq"]
    except KeyboardInterrupt:
        raise StoppedFollowingError(run_id, seen) from None
    run = client.get(f"/api/runs/{run_id}")
    if not as_json:
        _print_ending(run)
    return exit_code_of(run["status"])


@contextmanager
def _screen(run_id: str, *, as_json: bool) -> Iterator[Screen]:
    if as_json:
        yield JsonLines()
    elif sys.stdout.isatty():
        from api.cli.live_display import LiveDisplay

        with LiveDisplay(run_id) as display:
            yield display
    else:
        yield PlainLines()


def _lost(reason: str) -> str:
    return f"The server is away ({reason}); the run is kept, and watching goes on when it is back."


def _print_ending(run: dict[str, Any]) -> None:
    error, result = run.get("error"), run.get("result")
    if error:
        place = f" in node {error['node']}" if error.get("node") else ""
        say(f"Run {run['run_id']} is {run['status']}{place}: {error.get('type')}: {error.get('message')}")
    else:
        say(f"Run {run['run_id']} is {run['status']}.")
    if result is not None and sys.stdout.isatty():
        print(brief(result, RESULT_LETTERS))
