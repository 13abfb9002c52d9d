"""Probation: a run that two hosts in a row died of runs alone, in a child host of its own.

A kill from outside costs an innocent run a restart and never its life; a run that takes its process with it costs nobody
else anything any more, and at its third death it is quarantined by whoever frees the dead child.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from functools import partial

import structlog

from actors.host.keeper import host_command, host_environment
from actors.host.tools import HostTools
from fastgraph.database.suspects import list_suspects

__all__ = ["PROBATION_DEATHS", "Probation"]

PROBATION_DEATHS = 2
CHILDREN_AT_ONCE = 2

log = structlog.get_logger(__name__)


class Probation:
    """Belongs to one host and its loop; `look` is called about once a second."""

    def __init__(self, tools: HostTools) -> None:
        self._tools = tools
        self._children: dict[str, asyncio.Task[None]] = {}
        self._search: asyncio.Task[None] | None = None
        self._is_stopping = False

    def look(self) -> None:
        """Look for suspects in the background, unless that is going on or all places are taken."""
        if (self._search is None or self._search.done()) and self._may_start():
            self._search = asyncio.get_running_loop().create_task(self._look())

    async def stop(self, within_seconds: float) -> None:
        """End all children, and start none any more; their runs go on in whichever host claims them next. One that takes
        longer hears of this host's end by its lifeline."""
        self._is_stopping = True
        for task in self._children.values():
            task.cancel()
        if self._children:
            await asyncio.wait(self._children.values(), timeout=within_seconds)

    async def _look(self) -> None:
        try:
            async with self._tools.store.readers.connect() as connection:
                suspects = await list_suspects(
                    connection,
                    workflows=tuple(self._tools.workflows),
                    min_deaths=PROBATION_DEATHS,
                    limit=CHILDREN_AT_ONCE,
                )
        except Exception as error:  # noqa: BLE001 - a boundary: the next look tries again, health shows the run
            log.warning("suspects could not be looked for", error=str(error))
            return
        for run_id in suspects:
            if run_id not in self._children and self._may_start():
                task = asyncio.get_running_loop().create_task(self._run_alone(run_id))
                self._children[run_id] = task
                task.add_done_callback(partial(self._forget, run_id))

    def _may_start(self) -> bool:
        return not self._is_stopping and len(self._children) < CHILDREN_AT_ONCE

    def _forget(self, run_id: str, _: asyncio.Task[None]) -> None:
        self._children.pop(run_id, None)

    async def _run_alone(self, run_id: str) -> None:
        log.warning("run goes on in a host of its own", run_id=run_id)
        lifeline, our_end = os.pipe()
        try:
            process = await self._start(run_id, lifeline)
            try:
                code = await process.wait()
                log.info("host of its own ended", run_id=run_id, exit_code=code)
            except asyncio.CancelledError:
                with suppress(ProcessLookupError):
                    process.send_signal(signal.SIGTERM)
                await process.wait()
                raise
        except OSError as error:
            log.warning("a host of its own could not be started", run_id=run_id, error=str(error))
        finally:
            os.close(our_end)

    async def _start(self, run_id: str, lifeline: int) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                *host_command("--only", run_id, "--lifeline-fd", str(lifeline)),
                env=host_environment(self._tools.settings),
                pass_fds=(lifeline,),
                start_new_session=True,
            )
        finally:
            os.close(lifeline)
