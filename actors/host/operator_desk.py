"""Where operators are served: the host looks here at each beat for commands to it, and for watches of its actors.

Two indexed reads a beat while nobody asks for anything. What came of a command is written before an action that may
end who carries it out, and each command is carried out once at most. A watch is answered at each beat until it expires.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pykka
import structlog

from actors.host.report import HostReporter
from actors.host.stacks import stack_of_actor, stack_of_host
from actors.host.tools import HostTools
from actors.runs.supervisor import RunSupervisor
from actors.runtime.ask import ref_kill
from fastgraph.database.operator_records import FinishHostCommand, ReportActors
from fastgraph.database.operators import HostCommandView, list_open_commands, list_watches

__all__ = ["OperatorDesk"]

REPLACEABLE = "timekeeper"  # the one actor that every host has and that can be replaced alone

log = structlog.get_logger(__name__)

Action = Callable[[], object]


class OperatorDesk:
    """One a host, on its actors' loop. `find_actor` knows the actors that every host has, `drain` ends the host in order."""

    def __init__(
        self,
        tools: HostTools,
        reporter: HostReporter,
        supervisor: RunSupervisor,
        *,
        find_actor: Callable[[str], pykka.ActorRef[Any] | None],
        drain: Callable[[str], None],
    ) -> None:
        self._tools = tools
        self._reporter = reporter
        self._supervisor = supervisor
        self._find_actor = find_actor
        self._drain = drain

    async def serve(self) -> None:
        """Carry out what was asked and answer who looks. Raises what the store raises; the next beat goes on."""
        tools = self._tools
        async with tools.store.readers.connect() as connection:
            commands = await list_open_commands(connection, boot_id=tools.boot_id)
            watches = await list_watches(connection, boot_id=tools.boot_id)
        for watch in watches:
            report = self._reporter.full(watch.subtree, watch.first)
            await tools.writer.write(
                ReportActors(
                    boot_id=tools.boot_id,
                    subtree=watch.subtree,
                    first=watch.first,
                    report=orjson.dumps(report),
                )
            )
        for command in commands:
            await self._carry_out(command)

    async def _carry_out(self, command: HostCommandView) -> None:
        outcome, answer, action = self._decide(command)
        is_mine = await self._tools.writer.write(
            FinishHostCommand(
                command_id=command.command_id, outcome=outcome, answer=answer, now=self._tools.clock.now()
            )
        )
        log.info("operator's command", kind=command.kind, subject=command.subject, outcome=outcome)
        if is_mine and action is not None:
            action()

    def _decide(self, command: HostCommandView) -> tuple[str, str, Action | None]:
        """Return the outcome, what is answered, and what is to be done once that is written."""
        subject, by = command.subject, command.requested_by
        match command.kind:
            case "drain":
                reason = f"{by} asked for it" + (f": {command.reason}" if command.reason else "")
                return "done", "It drains and ends; its keeper starts another.", lambda: self._drain(reason)
            case "dump_stack":
                return self._dump(subject)
            case "restart":
                return self._restart(subject)
            case "stop":
                return self._stop(subject)
            case unknown:
                return (
                    "refused",
                    f"This host does not know how to {unknown}; it may be older than the server.",
                    None,
                )

    def _dump(self, subject: str) -> tuple[str, str, Action | None]:
        if not subject:
            return "done", stack_of_host(), None
        ref = self._find_actor(subject) or self._run(subject)
        if ref is None:
            return "refused", self._unknown(subject), None
        return "done", stack_of_actor(ref), None

    def _restart(self, subject: str) -> tuple[str, str, Action | None]:
        ref = self._find_actor(subject)
        if subject == REPLACEABLE and ref is not None:
            return "done", "It is ended where it stands, and started again.", lambda: ref_kill(ref)
        if ref is not None or not subject:
            return "refused", self._irreplaceable(subject), None
        if self._run(subject) is None:
            return "refused", self._unknown(subject), None
        answer = "It is ended where it stands; the run goes on from its last checkpoint."
        return "done", answer, lambda: self._supervisor.restart_run(subject)

    def _stop(self, subject: str) -> tuple[str, str, Action | None]:
        ref = self._find_actor(subject)
        if subject == REPLACEABLE and ref is not None:
            answer = "It ends after this message, and its supervisor starts it again."
            return "done", answer, lambda: ref.stop(block=False)
        if ref is not None or not subject:
            return "refused", self._irreplaceable(subject), None
        if self._run(subject) is None:
            return "refused", self._unknown(subject), None
        answer = (
            "It finishes what it executes and gives its run back; this host does not take it for a minute."
        )
        return "done", answer, lambda: self._supervisor.stop_run(subject)

    def _run(self, run_id: str) -> pykka.ActorRef[Any] | None:
        looks = self._supervisor.looks()
        return next((look.ref for look in looks if look.claimed.run_id == run_id), None)

    def _irreplaceable(self, subject: str) -> str:
        what = f"The {subject}" if subject else "A host"
        return f"{what} can't be replaced alone. Replace the whole host: fastgraph hosts drain {self._tools.boot_id}"

    def _unknown(self, subject: str) -> str:
        return f"There is no actor {subject!r} here now; its run has ended, waits, or is another host's."
