"""Orders from the command line: to runs, to workflows and to the whole server; and who ordered what.

Each takes a reason and an idempotency key. Orders that differ in nothing but their word are made of a table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from api.cli.options import DEFAULT_URL, AsJson, Limit, Reason, RequestKey, RunIdArgument, Url

__all__ = ["add_control"]

Workflow = Annotated[str, typer.Argument(metavar="WORKFLOW")]
Update = Annotated[
    str | None,
    typer.Option("--update", "-u", metavar="JSON|@FILE|-", help="Keys of the state to change first."),
]


_ORDERS_OF_RUNS = {
    "cancel": "Ask a run to end; it does within seconds, also where its node hangs.",
    "pause": "Let a run start nothing more; tasks that run end, and what comes for it is kept.",
    "unpause": "Let a paused run go on where it was.",
    "terminate": "End a run at once, without any time to clean up. `cancel` is the gentle way.",
    "discard": "Note that nobody need look at a failed or quarantined run any more.",
    "quarantine": "End a run as quarantined, at once and whoever owns it.",
    "release": "Take a run from its host, living or not; the next one takes it up from its last checkpoint.",
}
_ORDERS_OF_WORKFLOWS = {
    "pause": "Let no run of a workflow start anything more; new runs are accepted and wait.",
    "unpause": "Let the runs of a workflow go on.",
}


def add_control(app: typer.Typer, runs: typer.Typer, workflows: typer.Typer) -> None:
    """Register the orders where they belong."""
    for action, text in _ORDERS_OF_RUNS.items():
        runs.command(action, help=text)(_order_of_runs(action))
    for action, text in _ORDERS_OF_WORKFLOWS.items():
        workflows.command(action, help=text)(_order_of_workflows(action))
    for command in (retry, fork):
        runs.command()(command)
    for order in (pause, unpause, audit):
        app.command()(order)


def _order_of_runs(action: str) -> Callable[..., None]:
    """Return the command that gives an order to a run."""

    def order(
        run_id: RunIdArgument,
        *,
        reason: Reason = None,
        key: RequestKey = None,
        url: Url = DEFAULT_URL,
        as_json: AsJson = False,
    ) -> None:
        run = _post(f"/api/runs/{run_id}/{action}", {"reason": reason}, key, url)
        _print(run, f"{run['run_id']} {run['status']}", as_json=as_json)

    return order


def _order_of_workflows(action: str) -> Callable[..., None]:
    """Return the command that pauses a workflow, or lets it go on."""

    def order(
        name: Workflow,
        *,
        reason: Reason = None,
        key: RequestKey = None,
        url: Url = DEFAULT_URL,
        as_json: AsJson = False,
    ) -> None:
        from urllib.parse import quote

        path = f"/api/workflows/{quote(name, safe='')}/{action}"
        _set_pause(path, f"Workflow {name}", reason, key, url, as_json=as_json)

    return order


def retry(
    run_id: RunIdArgument,
    *,
    update: Update = None,
    reason: Reason = None,
    key: RequestKey = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Try a failed, cancelled or quarantined run again, from its last checkpoint; prints the new run's id."""
    body = {"reason": reason} | _update(update)
    _begin(f"/api/runs/{run_id}/retry", body, key, url, as_json=as_json)


def fork(
    run_id: RunIdArgument,
    *,
    checkpoint: Annotated[
        str | None,
        typer.Option("--checkpoint", metavar="ID", help="Begin there; default the run's last one."),
    ] = None,
    update: Update = None,
    as_node: Annotated[
        str | None, typer.Option("--as-node", metavar="NODE", help="As if this node had returned the update.")
    ] = None,
    reason: Reason = None,
    key: RequestKey = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Begin a new run at a checkpoint of a run's thread; prints the new run's id."""
    body = {"reason": reason, "checkpoint_id": checkpoint, "as_node": as_node} | _update(update)
    _begin(f"/api/runs/{run_id}/fork", body, key, url, as_json=as_json)


def pause(
    *, reason: Reason = None, key: RequestKey = None, url: Url = DEFAULT_URL, as_json: AsJson = False
) -> None:
    """Pause the whole server: no run starts anything more, on any host, also after a restart."""
    _set_pause("/api/monitoring/pause", "The server", reason, key, url, as_json=as_json)


def unpause(
    *, reason: Reason = None, key: RequestKey = None, url: Url = DEFAULT_URL, as_json: AsJson = False
) -> None:
    """Let the server's runs go on."""
    _set_pause("/api/monitoring/unpause", "The server", reason, key, url, as_json=as_json)


def audit(
    *,
    subject: Annotated[
        str | None,
        typer.Option("--subject", help="Only of this one: `run ID`, `workflow NAME`, `thread ID`, `server`."),
    ] = None,
    limit: Limit = 50,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Show who ordered what, when, why, and what came of it; the newest first."""
    from api.cli.client import Client
    from api.cli.output import print_json, print_table, say

    with Client(url) as client:
        page = client.get_page("/api/monitoring/audit", {"subject": subject, "limit": limit})
    if as_json:
        print_json(page.items)
        return
    names = ("at", "who", "action", "subject", "outcome", "reason")
    rows = [tuple(entry.get(name) for name in names) for entry in page.items]
    print_table(names, rows, empty="Nobody has ordered anything yet.")
    if page.total is not None and page.total > len(rows):
        say(f"{len(rows)} of {page.total}; --limit shows more.")


def _begin(path: str, body: dict[str, Any], key: str | None, url: str, *, as_json: bool) -> None:
    begun = _post(path, body, key, url)
    _print(begun, begun["run_id"], as_json=as_json)


def _set_pause(path: str, what: str, reason: str | None, key: str | None, url: str, *, as_json: bool) -> None:
    stands = _post(path, {"reason": reason}, key, url)
    how = "paused" if stands["is_paused"] else "not paused"
    before = "" if stands["has_changed"] else ", as before"
    _print(stands, f"{what} is {how}{before}.", as_json=as_json)


def _post(path: str, body: dict[str, Any], key: str | None, url: str) -> Any:
    from api.cli.client import Client

    given = {name: value for name, value in body.items() if value is not None}
    with Client(url) as client:
        return client.post(path, given, idempotency_key=key)


def _print(answer: Any, line: str, *, as_json: bool) -> None:
    from api.cli.output import print_json

    print_json(answer) if as_json else print(line)


def _update(text: str | None) -> dict[str, Any]:
    from api.cli.inputs import read_value

    return {} if text is None else {"update": read_value(text, option="--update")}
