"""Which role a request needs: one table, asked before any route is.

What is not named here is refused the more: an unknown GET needs `read`, anything else unknown `operate`. Only the
liveness of the process is open; pages and their files hold nothing that is anybody's.
"""

from __future__ import annotations

import re

from starlette.types import Scope

from api.security.callers import Role

__all__ = ["is_artifact", "own_path", "required_role"]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_OPEN = frozenset({"/api/monitoring/health/live"})

# POSTs that only look.
_READS = re.compile(
    r"/api/(store/items/search|store/namespaces|workflows/[^/]+/check|artifacts/[^/]+/link)", re.ASCII
)
# What somebody does who runs workflows.
_RUNS = re.compile(
    r"""/api/(
        runs
      | runs/[^/]+/(cancel|resume|pause|unpause|retry|fork|discard)
      | runs/[^/]+/signals/[^/]+
      | threads/[^/]+/state
      | artifacts
      | store/items
    )""",
    re.VERBOSE | re.ASCII,
)
_OPERATED_GETS = frozenset({"/api/keys"})
_ARTIFACT = re.compile(r"/api/artifacts/([^/]+)")


def required_role(method: str, path: str) -> Role | None:
    """Return the role that a request needs, None where anybody may. `path` is the application's own, as of `own_path`."""
    if path in _OPEN or not (path == "/api" or path.startswith("/api/") or path == "/metrics"):
        return None
    if path in _OPERATED_GETS:
        return Role.OPERATE
    if method in _SAFE or (method == "POST" and _READS.fullmatch(path)):
        return Role.READ
    if _RUNS.fullmatch(path):
        # Deleting a run or an artifact is no part of running them; an item of the store is a node's own business.
        return Role.OPERATE if method == "DELETE" and path != "/api/store/items" else Role.RUN
    return Role.OPERATE


def own_path(scope: Scope) -> str:
    """Return a request's path without the root path and trailing slashes, as the routes will see it: the `$` of a route's
    pattern lets one line feed follow."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    own = path.removeprefix(root) if root else path
    return own.rstrip("/").removesuffix("\n") or "/"


def is_artifact(path: str) -> str | None:
    """Return the id of the artifact whose bytes are at a path."""
    match = _ARTIFACT.fullmatch(path)
    return match[1] if match else None
