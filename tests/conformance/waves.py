"""Flows side by side on one server whose host is killed while they run.

The killer passes the product's own turnstile in front of SQLite's write lock, so it stands between any two commits: while
it is inside nobody commits, and what it reads is exactly what a host will find that begins again. A kill there hits every
flow of the wave in the gap between two of its events.
"""

import os
import random
import signal
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import make_url

from conformance.program import Flow
from conformance.seen_in_process import Outcome
from conformance.through_server import Conversation
from fastgraph.database.turnstile import Turnstile, make_turnstile
from support.serving import Serving
from support.waiting import until

__all__ = ["Gap", "Killer", "Place", "Run", "run_wave"]

HOLD_SECONDS = 0.002
BEGIN_SECONDS = 0.2
RESTART_SECONDS = 90.0
IN_THE_MIDDLE = frozenset({"running", "interrupted"})
PLACES = """
    SELECT threads.thread_id, runs.key, runs.seq, runs.status
    FROM runs JOIN threads ON threads.key = runs.thread_key ORDER BY runs.key
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a thread is: events of all its runs, and the status of the newest one."""

    events: int
    status: str

    @property
    def is_in_the_middle(self) -> bool:
        """Its newest run has begun and has not ended."""
        return self.status in IN_THE_MIDDLE

    @property
    def is_open(self) -> bool:
        """Its newest run has not ended; it may not have begun either."""
        return self.is_in_the_middle or self.status == "queued"


Gap = dict[str, Place]
"""What lies between two commits: the place of each flow by its name."""


@dataclass(slots=True, kw_only=True)
class Run:
    """One flow in a wave; `killed_at` is its place when the host was killed, None where it was not open then."""

    flow: Flow
    outcomes: list[Outcome] | BaseException
    killed_at: Place | None = None


@dataclass(slots=True)
class Killer:
    """Stands between the commits of one server's host and kills it there, `kills` times so far."""

    serving: Serving
    folder: Path
    randomness: random.Random
    kills: int = 0
    _turnstile: Turnstile = field(init=False)

    def __post_init__(self) -> None:
        self._database = self.folder / "data" / "fastgraph.db"
        self._turnstile = make_turnstile(make_url(f"sqlite:///{self._database}"))

    _database: Path = field(init=False)

    def close(self) -> None:
        """Give up the turnstile."""
        self._turnstile.close()

    def hold(self) -> AbstractContextManager[None]:
        """Let nobody commit for the length of a `with` block."""
        return self._turnstile.hold("test")

    def watch(
        self,
        pid: int,
        threads: dict[str, str],
        is_moment: Callable[[Gap], bool],
        is_over: Callable[[], bool],
    ) -> Gap | None:
        """Look into each gap until `is_moment` says of one that the host (`pid`) is to die there; return that one, or None
        where all `is_over` before. `threads` are the names of flows by the ids of their threads."""
        pause = threading.Event()
        with closing(sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)) as reader:
            while not is_over():
                with self.hold():
                    pause.wait(HOLD_SECONDS)  # what is ready queues up, so that all go on in step
                    gap = _look(reader, threads)
                    if is_moment(gap):
                        self._kill(pid)
                        return gap
        return None

    def _kill(self, pid: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self.kills += 1

    def wait_for_host(self, *, other_than: int) -> None:
        """Wait until another host is alive."""
        try:
            until(
                lambda: self.serving.host_pid() != other_than,
                within_seconds=RESTART_SECONDS,
                what="a host after a kill",
            )
        except AssertionError as late:
            raise AssertionError(f"{late}\n{self.serving.program.tail()}") from late


def run_wave(killer: Killer, flows: Sequence[Flow], is_moment: Callable[[Gap], bool] | None) -> list[Run]:
    """Run flows side by side; with `is_moment` the host is killed once, in the first gap of which that is true."""
    url = killer.serving.client.url
    threads: dict[str, str] = {}

    def converse(conversation: Conversation) -> list[Outcome]:
        with conversation:
            return conversation.perform_all()

    with ThreadPoolExecutor(max_workers=len(flows)) as pool:
        conversations = [Conversation(url, flow) for flow in flows]
        threads = {talk.thread_id: flow.name for talk, flow in zip(conversations, flows, strict=True)}
        pid = killer.serving.host_pid()
        with killer.hold():  # all begin at once
            futures = [pool.submit(converse, talk) for talk in conversations]
            threading.Event().wait(BEGIN_SECONDS)
        gap = None
        if is_moment is not None:
            gap = killer.watch(pid, threads, is_moment, lambda: all(future.done() for future in futures))
        if gap is not None:
            killer.wait_for_host(other_than=pid)
        return [
            Run(flow=flow, outcomes=_outcomes(future), killed_at=_killed_at(gap, flow))
            for flow, future in zip(flows, futures, strict=True)
        ]


def _outcomes(future: Future[list[Outcome]]) -> list[Outcome] | BaseException:
    error = future.exception()
    return future.result() if error is None else error


def _killed_at(gap: Gap | None, flow: Flow) -> Place | None:
    place = gap.get(flow.name) if gap is not None else None
    return place if place is not None and place.is_open else None


def _look(reader: sqlite3.Connection, threads: dict[str, str]) -> Gap:
    places: Gap = {}
    for thread_id, _, seq, status in reader.execute(PLACES):
        name = threads.get(thread_id)
        if name is not None:
            before = places[name].events if name in places else 0
            places[name] = Place(events=before + seq, status=status)
    return places
