"""What `fastgraph workflows check` and `migrate` share: descriptions of a TARGET's graphs, and places as they are typed.

The API process never imports user code, and neither does the command line: a host program describes the TARGET and ends.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from api.cli.failures import UsageError
from api.cli.host import BOOT_FILE

if TYPE_CHECKING:
    from api.cli.client import Client

__all__ = ["check_versions", "describe_check", "read_places"]


def check_versions(client: Client, name: str | None, targets: Sequence[str]) -> list[dict[str, Any]]:
    """Ask the server about the published versions, or about those of a TARGET. Raises UsageError where a TARGET can't be
    loaded or does not have the workflow."""
    if not targets:
        names = [name] if name else [entry["name"] for entry in client.get("/api/workflows")]
        return [client.get(f"/api/workflows/{quote(each, safe='')}/check") for each in names]
    described = [entry for entry in _describe(targets) if name in (None, entry["name"])]
    if not described:
        raise UsageError(f"Workflow {name!r} is not among those of {', '.join(targets)}.")
    return [
        client.post(
            f"/api/workflows/{quote(entry['name'], safe='')}/check",
            {key: entry[key] for key in ("graph_hash", "nodes", "keys")},
        )
        for entry in described
    ]


def describe_check(found: dict[str, Any]) -> str:
    """Put a check into lines for a person."""
    runs = found["runs"]
    head = f"{found['workflow']} {found['graph_hash']}: "
    if not runs:
        return head + "no run stands on another version."
    lines = [head + f"{found['breaking']} of {len(runs)} runs on other versions would break."]
    for run in runs:
        word = "breaks" if run["breaks"] else "fits"
        lines.append(f"  {run['run_id']}  {run['status']}  {word}  {' '.join(run['problems'])}".rstrip())
    return "\n".join(lines)


def read_places(typed: Iterable[str] | None) -> dict[str, str | None]:
    """Read OLD=NEW pairs; an empty NEW is None. Raises UsageError."""
    places: dict[str, str | None] = {}
    for pair in typed or ():
        old, equals, new = pair.partition("=")
        if not equals or not old:
            raise UsageError(f"{pair!r} should look like old=new, or old= to drop it.")
        places[old] = new or None
    return places


def _describe(targets: Sequence[str]) -> list[dict[str, Any]]:
    command = [sys.executable, "-P", str(BOOT_FILE), "--describe", *targets]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own boot file
    if done.returncode:
        raise UsageError(done.stderr.strip().removeprefix("fastgraph host: "))
    described: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return described
