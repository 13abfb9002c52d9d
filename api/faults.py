"""What the outside did wrong, before anything of ours was asked: errors of the HTTP layer.

Each holds its facts and builds its own sentence; `problems.py` says which status each becomes. A fault names a field by
its path (`payload.items[3].price`), so that a form can show it where it belongs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Self

from fastgraph.errors import FastGraphError

__all__ = [
    "BacklogFullError",
    "BodyTooLargeError",
    "ComeAgainError",
    "Fault",
    "ForbiddenError",
    "ForeignCallerError",
    "HeadersTooLargeError",
    "InvalidRequestError",
    "KeyNeededError",
    "NothingPublishedError",
    "TooManyRequestsError",
    "WorkflowBacklogFullError",
]


class Fault(NamedTuple):
    """One thing that is wrong with a request, and where."""

    field: str
    message: str


class InvalidRequestError(FastGraphError, ValueError):
    """A request is understood and not acceptable; every fault is named."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("; ".join(f"{fault.field}: {fault.message}" for fault in faults))


class BodyTooLargeError(FastGraphError):
    """A request's body is over its limit; it was not read to its end."""

    def __init__(self, limit_bytes: int, setting: str) -> None:
        self.limit_bytes = limit_bytes
        self.setting = setting
        super().__init__(
            f"The body is larger than {limit_bytes} bytes, the limit here. Send less, or raise {setting} on the server."
        )


class HeadersTooLargeError(FastGraphError):
    """The headers of a request, or its target, are over their limit."""

    def __init__(self, limit_bytes: int, limit_count: int) -> None:
        self.limit_bytes = limit_bytes
        self.limit_count = limit_count
        super().__init__(
            f"The headers and the target of a request may have {limit_bytes} bytes together and {limit_count} headers. "
            "Send what is large in the body."
        )


class KeyNeededError(FastGraphError):
    """A request came without an API key, or with one that is not known."""

    @classmethod
    def for_a_request(cls) -> Self:
        return cls(
            "This server asks for an API key. Send it in the header `Authorization: Bearer KEY`; "
            "`fastgraph` takes --api-key or FASTGRAPH_API_KEY."
        )

    @classmethod
    def for_a_socket(cls) -> Self:
        return cls(
            "This server asks for an API key. Send it as a subprotocol, or in the first message: "
            '{"type": "authenticate", "key": "…"}.'
        )

    @classmethod
    def for_an_unknown_key(cls) -> Self:
        return cls(
            "The API key is not known here, or was revoked. `fastgraph keys list` shows those that exist."
        )

    @classmethod
    def for_an_ended_link(cls) -> Self:
        return cls(
            "This link has ended, or was changed on its way. Ask for a new one: POST /api/artifacts/{id}/link."
        )

    @classmethod
    def for_lack_of_keys(cls) -> Self:
        return cls(
            "This server has no API keys, so it serves its own machine only. Make one there with `fastgraph keys "
            "create`, or set FASTGRAPH_API_KEYS and start it again."
        )


class ForbiddenError(FastGraphError):
    """A key is known and may not do what was asked; `role` is the one that would do."""

    def __init__(self, name: str, role: str, roles: Iterable[str]) -> None:
        self.name = name
        self.role = role
        self.roles = tuple(roles)
        super().__init__(
            f"The API key {name!r} has the roles {', '.join(sorted(self.roles))}; this needs {role}. Ask whoever runs the "
            "server for a key that has it."
        )


class ForeignCallerError(FastGraphError):
    """A request came under a name, or from a page, that this server does not serve."""

    def __init__(self, header: str, seen: str) -> None:
        self.header = header
        self.seen = seen
        super().__init__(
            f"{header} {seen!r} is not served here. Use the server's own address, or add the name to "
            "FASTGRAPH_ALLOWED_HOSTS."
        )


class ComeAgainError(FastGraphError):
    """Nothing is wrong with the request but its moment; it may come again in `retry_after_seconds`."""

    def __init__(self, sentence: str, retry_after_seconds: int) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(sentence)


class BacklogFullError(ComeAgainError):
    """So many runs wait for a host that no more are taken."""

    def __init__(self, most: int, retry_after_seconds: int) -> None:
        self.most = most
        super().__init__(
            f"{most} runs wait for a host already, the most that this server takes. The run was not accepted; send it again "
            f"in {retry_after_seconds} s, start more hosts, or raise FASTGRAPH_MAX_BACKLOG.",
            retry_after_seconds,
        )


class WorkflowBacklogFullError(ComeAgainError):
    """So many runs of one workflow wait for a host that no more of it are taken."""

    def __init__(self, workflow: str, most: int, retry_after_seconds: int) -> None:
        self.workflow = workflow
        self.most = most
        super().__init__(
            f"{most} runs of workflow {workflow!r} wait for a host already, the most of it that this server takes. The run "
            f"was not accepted; send it again in {retry_after_seconds} s, or raise it in FASTGRAPH_WORKFLOW_BACKLOGS.",
            retry_after_seconds,
        )


class TooManyRequestsError(ComeAgainError):
    """A client is over its rate; it may come again in `retry_after_seconds`."""

    def __init__(self, rate: str, retry_after_seconds: int) -> None:
        self.rate = rate
        super().__init__(
            f"More than {rate} came from this address. Try again in {retry_after_seconds} s.",
            retry_after_seconds,
        )


class NothingPublishedError(FastGraphError):
    """No host has ever published a workflow to this store, so there is nothing to run yet."""

    def __init__(self) -> None:
        super().__init__(
            "No host has published its workflows to this store yet. Wait until /api/monitoring/health is ok, "
            "or start one: `fastgraph host`."
        )
