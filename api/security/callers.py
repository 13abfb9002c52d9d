"""Who asks, and what they may do: the one answer that routes, logs and the audit read.

The key check (`api.middleware.keys`) puts the caller into the scope of every request that it lets through. Where no
keys exist only loopback is served, and whoever asks from there may do everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from starlette.requests import HTTPConnection
from starlette.types import Scope

__all__ = ["LOOPBACK", "Caller", "Role", "caller_of", "set_caller"]

_IN_SCOPE = "fastgraph.caller"


class Role(StrEnum):
    """What a key allows. A higher role includes the lower ones: operate > run > read."""

    READ = "read"
    RUN = "run"
    OPERATE = "operate"

    def with_lower(self) -> frozenset[Role]:
        """Return this role and all that it includes."""
        ordered = list(Role)
        return frozenset(ordered[: ordered.index(self) + 1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks: the name of their key, or `loopback`, and every role they have."""

    name: str
    roles: frozenset[Role]

    def may(self, role: Role) -> bool:
        """Say whether this caller has a role."""
        return role in self.roles


LOOPBACK = Caller(name="loopback", roles=frozenset(Role))
"""Whoever asks where no keys exist."""


def caller_of(source: HTTPConnection | Scope) -> Caller:
    """Return who sent a request; `source` is the request, the WebSocket or its scope."""
    scope = source.scope if isinstance(source, HTTPConnection) else source
    return cast("Caller", scope.get(_IN_SCOPE, LOOPBACK))


def set_caller(scope: Scope, caller: Caller) -> None:
    """Write down who sent a request."""
    scope[_IN_SCOPE] = caller
