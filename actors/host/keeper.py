"""The keeper: starts each host as a child process and never gives up on it.

It lives in `fastgraph serve` (and in the application that uvicorn serves). A host that dies is started again after 0.2 s,
doubling to 5 s, and from 0.2 s again once a host has committed something; deaths of hosts never end the server. Each host
holds the reading end of a pipe of the keeper's: when the keeper is gone, whatever killed it, the host reads its end and
ends itself within 5 s, so a killed server leaves no orphan.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from fastgraph.settings import Settings

__all__ = ["HostReport", "Keeper", "host_command", "host_environment"]

BACKOFF_FIRST_SECONDS = 0.2
BACKOFF_LAST_SECONDS = 5.0
STOP_MARGIN_SECONDS = 3.0
BOOT_FILE = Path(__file__).with_name("boot.py")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReport:
    """What the keeper knows of one host: `state` is starting, ready, backoff or stopped."""

    index: int
    state: str
    pid: int | None
    restarts: int
    last_exit: int | None


@dataclass(eq=False)
class _Kept:
    index: int
    process: asyncio.subprocess.Process | None = None
    state: str = "starting"
    restarts: int = 0
    last_exit: int | None = None
    backoff_seconds: float = BACKOFF_FIRST_SECONDS
    ready: asyncio.Event = field(default_factory=asyncio.Event)


def host_command(*arguments: str) -> list[str]:
    """The command line of a host process."""
    return [sys.executable, "-P", str(BOOT_FILE), *arguments]


def host_environment(settings: Settings) -> dict[str, str]:
    """This process's environment with every setting spelled out, so that a host sees the same as its keeper.

    The API keys are left out: user code has no use for them. An empty value keeps `.env` from naming them again."""
    values: Mapping[str, Any] = settings.model_dump(mode="json", exclude={"api_keys"})
    named = {f"FASTGRAPH_{name.upper()}": str(value) for name, value in values.items() if value is not None}
    return {**os.environ, **named, "FASTGRAPH_API_KEYS": ""}


class Keeper:
    """Keeps `count` host processes running. All methods belong to the loop that called `start`."""

    def __init__(self, settings: Settings, count: int) -> None:
        self._settings = settings
        self._kept = [_Kept(index=index) for index in range(count)]
        self._tasks: list[asyncio.Task[None]] = []
        self._is_stopping = False

    async def start(self) -> None:
        """Start all hosts; returns at once, `wait_ready` waits for them."""
        self._tasks = [
            asyncio.create_task(self._keep(kept), name=f"keeper-{kept.index}") for kept in self._kept
        ]

    async def wait_ready(self, timeout_seconds: float) -> bool:
        """Wait until every host has published its workflows; False where that took too long."""
        waits = [asyncio.ensure_future(kept.ready.wait()) for kept in self._kept]
        if not waits:
            return True
        _, late = await asyncio.wait(waits, timeout=timeout_seconds)
        for wait in late:
            wait.cancel()
        return not late

    async def restart(self) -> None:
        """End all hosts in order and let the keeper start them anew; their runs go on where they were."""
        for kept in self._kept:
            kept.ready.clear()
            kept.backoff_seconds = BACKOFF_FIRST_SECONDS
        await asyncio.gather(*(self._end(kept) for kept in self._kept))

    async def stop(self) -> None:
        """End all hosts, each with SIGTERM and, past its drain time, SIGKILL."""
        self._is_stopping = True
        await asyncio.gather(*(self._end(kept) for kept in self._kept))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def reports(self) -> list[HostReport]:
        """Tell how each host does."""
        return [
            HostReport(
                index=kept.index,
                state=kept.state,
                pid=kept.process.pid if kept.process and kept.process.returncode is None else None,
                restarts=kept.restarts,
                last_exit=kept.last_exit,
            )
            for kept in self._kept
        ]

    async def _end(self, kept: _Kept) -> None:
        process = kept.process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), self._settings.drain_seconds + STOP_MARGIN_SECONDS)
        except TimeoutError:
            log.warning("host did not end in time and is killed", pid=process.pid)
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _keep(self, kept: _Kept) -> None:
        while True:
            try:
                await self._run_once(kept)
            except OSError as error:
                log.warning("host could not be started", error=str(error))
            if self._is_stopping:
                break
            kept.state = "backoff"
            kept.ready.clear()
            kept.restarts += 1
            await asyncio.sleep(kept.backoff_seconds)
            kept.backoff_seconds = min(kept.backoff_seconds * 2, BACKOFF_LAST_SECONDS)
        kept.state = "stopped"

    async def _run_once(self, kept: _Kept) -> None:
        lifeline, our_end = os.pipe()
        news, their_news = os.pipe()
        try:
            kept.state = "starting"
            kept.process = await asyncio.create_subprocess_exec(
                *host_command("--lifeline-fd", str(lifeline), "--news-fd", str(their_news)),
                env=host_environment(self._settings),
                pass_fds=(lifeline, their_news),
                start_new_session=True,
            )
        except BaseException:
            os.close(our_end)
            os.close(news)
            raise
        finally:
            os.close(lifeline)
            os.close(their_news)
        # A process that user code forked may hold the news pipe open, so it is the exit that counts and not the pipe's end.
        hearing = asyncio.create_task(self._hear(kept, news))
        try:
            kept.last_exit = await kept.process.wait()
        finally:
            os.close(our_end)
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)
        if not self._is_stopping:
            log.warning("host ended", pid=kept.process.pid, exit_code=kept.last_exit)

    async def _hear(self, kept: _Kept, news: int) -> None:
        """Read what the host tells through its pipe until the pipe ends, which it does when the host does."""
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(news, "rb", buffering=0)
        )
        try:
            while line := await reader.readline():
                if line == b"ready\n":
                    kept.state = "ready"
                    kept.ready.set()
                elif line == b"committed\n":
                    kept.backoff_seconds = BACKOFF_FIRST_SECONDS
        finally:
            transport.close()
