"""What ends a command early: one sentence for stderr and an exit code.

CommandError                one sentence and its exit code
├── UsageError              the input or an option is wrong
├── NoServerError           nobody answers at the URL
├── LostServerError         a server answered and then was gone for too long
├── RefusedError            the server's problem document, as one sentence
├── CannotStartError        port or rights
└── StoppedFollowingError   Ctrl-C while a run was watched
"""

from __future__ import annotations

from typing import Any

from api.cli.exit_codes import ExitCode
from fastgraph.errors import FastGraphError

__all__ = [
    "CannotStartError",
    "CommandError",
    "LostServerError",
    "NoServerError",
    "RefusedError",
    "StoppedFollowingError",
    "UsageError",
]


class CommandError(FastGraphError):
    """A command can't go on; `exit_code` is what the process ends with."""

    exit_code = ExitCode.FAILED


class UsageError(CommandError):
    """What was typed is wrong; the sentence says what would be right."""

    exit_code = ExitCode.USAGE


class NoServerError(CommandError):
    """Nobody listens at the URL, or what listens is no FastGraph server."""

    exit_code = ExitCode.NO_SERVER

    def __init__(self, url: str, seen: str) -> None:
        self.url = url
        self.seen = seen
        super().__init__(
            f"No FastGraph server answers at {url} ({seen}). Start one with `fastgraph serve`, "
            "or name another one with --url or FASTGRAPH_URL."
        )


class LostServerError(CommandError):
    """The server went away while a run was followed, and did not come back in time."""

    exit_code = ExitCode.NO_SERVER

    def __init__(self, run_id: str, url: str, after: int, waited_seconds: float) -> None:
        self.run_id = run_id
        self.after = after
        super().__init__(
            f"The server at {url} has been gone for {waited_seconds:.0f} s. The run is kept; go on with: "
            f"fastgraph runs events {run_id} --follow --after {after}"
        )


class RefusedError(CommandError):
    """The server said no; `status` is the HTTP status and `problem` its problem document."""

    exit_code = ExitCode.REFUSED

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.problem = problem
        sentence = str(problem.get("detail") or problem.get("title") or f"The server answered {status}.")
        faults = [
            f"{fault.get('field', '?')}: {fault.get('message', '?')}"
            for fault in problem.get("errors") or ()
            if isinstance(fault, dict)
        ]
        unsaid = [fault for fault in faults if fault not in sentence]
        super().__init__(" ".join([sentence, "; ".join(unsaid)]).strip())


class CannotStartError(CommandError):
    """The server can't begin; nothing was started."""

    exit_code = ExitCode.CANNOT_START


class StoppedFollowingError(CommandError):
    """Ctrl-C while watching: the run goes on, and so can the watching."""

    exit_code = ExitCode.STOPPED

    def __init__(self, run_id: str, after: int) -> None:
        self.run_id = run_id
        self.after = after
        super().__init__(
            f"Stopped watching; the run goes on. Watch it again with: fastgraph runs events {run_id} --follow "
            f"--after {after} (end it with: fastgraph runs cancel {run_id})"
        )
