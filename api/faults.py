"""What the outside did wrong, before anything of ours was asked: errors of the HTTP layer.

Each holds its facts and builds its own sentence; `problems.py` says which status each becomes. A fault names a field by
its path (`payload.items[3].price`), so that a form can show it where it belongs.
"""

from __future__ import annotations

from typing import NamedTuple

from fastgraph.errors import FastGraphError

__all__ = [
    "BodyTooLargeError",
    "Fault",
    "ForeignCallerError",
    "InvalidRequestError",
    "NothingPublishedError",
    "TooManyRequestsError",
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


class ForeignCallerError(FastGraphError):
    """A request came under a name, or from a page, that this server does not serve."""

    def __init__(self, header: str, seen: str) -> None:
        self.header = header
        self.seen = seen
        super().__init__(
            f"{header} {seen!r} is not served here. Use the server's own address, or add the name to "
            "FASTGRAPH_ALLOWED_HOSTS."
        )


class TooManyRequestsError(FastGraphError):
    """A client is over its rate; it may come again in `retry_after_seconds`."""

    def __init__(self, rate: str, retry_after_seconds: int) -> None:
        self.rate = rate
        self.retry_after_seconds = retry_after_seconds
        super().__init__(f"More than {rate} came from this address. Try again in {retry_after_seconds} s.")


class NothingPublishedError(FastGraphError):
    """No host has ever published a workflow to this store, so there is nothing to run yet."""

    def __init__(self) -> None:
        super().__init__(
            "No host has published its workflows to this store yet. Wait until /api/monitoring/health is ok, "
            "or start one: `fastgraph host`."
        )
