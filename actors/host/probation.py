"""Probation: a run that two hosts in a row died of runs alone, in a child host of its own.

A kill from outside costs an innocent run a restart and never its life; a run that takes its process with it costs nobody
else anything any more, and at its third death it is quarantined by whoever frees the dead child. Where the child did not die
alone (a machine lost its power, somebody ended all of it) the run is hardly accused of that: `actors.timekeeper.dead_hosts`.

Many runs are suspects at once where hosts with much work are killed. They may not wait for one another: a child that is
young takes a place, because starting costs a core, and one that has lived for a while takes none, because its task may take
hours.
"""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import structlog

from actors.host.keeper import host_command, host_environment
from actors.host.tools import HostTools
from fastgraph.database.suspects import list_suspects

__all__ = ["PROBATION_DEATHS", "Probation"]

PROBATION_DEATHS = 2
YOUNG_AT_ONCE = 2
YOUNG_SECONDS = 10.0
CHILDREN_AT_ONCE = 8  # each takes about 80 MB, and connections to the store
SUSPECTS_LOOKED_AT = 64

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Child:
    task: asyncio.Task[None]
    started_at: float


class Probation:
    """Belongs to one host and its loop; `look` is called about once a second."""

    def __init__(self, tools: HostTools) -> None:
        self._tools = tools
        self._children: dict[str, _Child] = {}
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
        tasks = [child.task for child in self._children.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=within_seconds)

    async def _look(self) -> None:
        try:
            async with self._tools.store.readers.connect() as connection:
                suspects = await list_suspects(
                    connection,
                    workflows=tuple(self._tools.workflows),
                    min_deaths=PROBATION_DEATHS,
                    limit=SUSPECTS_LOOKED_AT,
                )
        except Exception as error:  # noqa: BLE001 - a boundary: the next look tries again, health shows the run
            log.warning("suspects could not be looked for", error=str(error))
            return
        self._tools.random.shuffle(suspects)  # or every host would start children for the same few
        for run_id in suspects:
            if run_id not in self._children and self._may_start():
                task = asyncio.get_running_loop().create_task(self._run_alone(run_id))
                self._children[run_id] = _Child(task, self._tools.clock.monotonic())
                task.add_done_callback(partial(self._forget, run_id))

    def _may_start(self) -> bool:
        if self._is_stopping or len(self._children) >= CHILDREN_AT_ONCE:
            return False
        grown_before = self._tools.clock.monotonic() - YOUNG_SECONDS
        young = sum(child.started_at > grown_before for child in self._children.values())
        return young < YOUNG_AT_ONCE

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
                *host_command(
                    "--only", run_id, "--parent", self._tools.boot_id, "--lifeline-fd", str(lifeline)
                ),
                env=host_environment(self._tools.settings),
                pass_fds=(lifeline,),
                start_new_session=True,
            )
        finally:
            os.close(lifeline)
