"""`fastgraph actors`, `hosts` and `stuck`: who works for whom, what stands still, and what to do about it.

`actors` draws the tree again and again on a terminal, until Ctrl-C; anywhere else, and with `--once`, it prints it once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from api.cli.options import DEFAULT_URL, AsJson, Reason, RequestKey, Url

__all__ = ["actors_app", "hosts_app", "stuck"]

SECONDS_A_PICTURE = 1.0
FIRST_REPORT_SECONDS = 3.0

actors_app = typer.Typer(
    invoke_without_command=True,
    help="Look at the actors of all processes, restart or stop one, see its stack.",
)
hosts_app = typer.Typer(invoke_without_command=True, help="Look at hosts, and drain one.")

ActorIdArgument = Annotated[
    str, typer.Argument(metavar="ACTOR_ID", help="The actor, as `fastgraph actors --json` names it.")
]
BootIdArgument = Annotated[
    str, typer.Argument(metavar="BOOT_ID", help="The host, as `fastgraph hosts` names it.")
]


_ORDERS_OF_ACTORS = {
    "restart": "End an actor where it stands; another takes its place, a run's from its last checkpoint.",
    "stop": "End an actor in order: a run's finishes what it executes and leaves the run to other hosts.",
    "dump-stack": "Print where an actor and its tasks stand; of a host, all of its threads.",
}


@actors_app.callback()
def actors(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Print the tree once and end.")] = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Show the tree of actors, live on a terminal."""
    if context.invoked_subcommand is not None:
        return
    from api.cli.actors_display import COLUMNS, actor_rows
    from api.cli.client import Client
    from api.cli.output import print_json, print_table

    with Client(url) as client:
        tree = client.get("/api/monitoring/actors", wait_seconds=str(FIRST_REPORT_SECONDS))
        if as_json:
            print_json(tree)
        elif once or not sys.stdout.isatty():
            print_table(COLUMNS, actor_rows(tree), empty="There is no actor.")
        else:
            _watch(client, tree)


def _watch(client: Any, tree: dict[str, Any]) -> None:
    """Draw the tree until Ctrl-C; a server that is away is waited for."""
    import time

    from rich.console import Console
    from rich.live import Live

    from api.cli.actors_display import picture
    from api.cli.failures import NoServerError

    try:
        with Live(picture(tree), console=Console(), auto_refresh=False, screen=False) as live:
            while True:
                time.sleep(SECONDS_A_PICTURE)
                try:
                    tree = client.get("/api/monitoring/actors")
                except NoServerError as error:
                    live.update(picture(tree, notice=str(error)), refresh=True)
                else:
                    live.update(picture(tree), refresh=True)
    except KeyboardInterrupt:
        return


def _order_of_actors(action: str) -> Callable[..., None]:
    """Return the command that asks a host for something with one of its actors."""

    def order(
        actor_id: ActorIdArgument,
        *,
        reason: Reason = None,
        key: RequestKey = None,
        url: Url = DEFAULT_URL,
        as_json: AsJson = False,
    ) -> None:
        _ask(url, f"actors/{actor_id}/{action}", reason, key, as_json=as_json)

    return order


for _action, _text in _ORDERS_OF_ACTORS.items():
    actors_app.command(_action, help=_text)(_order_of_actors(_action))


@hosts_app.callback()
def hosts(
    context: typer.Context,
    with_ended: Annotated[bool, typer.Option("--with-ended", help="Those that are over, too.")] = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List hosts, the living ones first."""
    if context.invoked_subcommand is not None:
        return
    from api.cli.client import Client
    from api.cli.output import age, bytes_text, print_json, print_table

    with Client(url) as client:
        found = client.get("/api/monitoring/hosts", with_ended=str(with_ended).lower())
    if as_json:
        print_json(found)
        return
    rows = [
        (
            host["boot_id"],
            "alive" if host["is_alive"] else "ended" if host["ended_at"] else "lapsed",
            host["pid"],
            age(host["started_at"]),
            host["active_runs"],
            host["figures"].get("running_tasks"),
            _lag(host["figures"].get("loop_lag_max_seconds")),
            bytes_text(host["figures"]["rss_bytes"]) if host["figures"].get("rss_bytes") else None,
            host["figures"].get("abandoned_threads"),
            host["ended_reason"],
        )
        for host in found
    ]
    columns = (
        "host",
        "state",
        "pid",
        "started",
        "runs",
        "tasks",
        "lag",
        "memory",
        "abandoned",
        "ended because",
    )
    print_table(columns, rows, empty="No host is alive; `fastgraph stuck` says how to start one.")


@hosts_app.command("drain")
def drain_host(
    boot_id: BootIdArgument,
    *,
    reason: Reason = None,
    key: RequestKey = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Let a host finish its steps, give its runs back and end; whoever keeps it starts another."""
    _ask(url, f"hosts/{boot_id}/drain", reason, key, as_json=as_json)


def stuck(url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List what does not go on by itself, with the command that mends it; end with 1 where runs are stranded."""
    from api.cli.client import Client
    from api.cli.exit_codes import ExitCode
    from api.cli.output import print_json, say

    with Client(url) as client:
        found = client.get("/api/monitoring/stuck")
    if as_json:
        print_json(found)
    else:
        for thing in found["things"]:
            subject = thing["run_id"] or thing["host"] or ""
            print(f"{thing['kind']}  {subject}\n  {thing['reason']}\n  {thing['command']}")
        if not found["things"]:
            say("Nothing is stuck.")
    if found["is_red"]:
        raise typer.Exit(ExitCode.FAILED)


def _ask(url: str, path: str, reason: str | None, key: str | None, *, as_json: bool) -> None:
    """Ask a host for something, and print what came of it; end with 4 where it refused, as where the server does."""
    from api.cli.client import Client
    from api.cli.exit_codes import ExitCode
    from api.cli.output import print_json, say

    with Client(url) as client:
        command = client.post(f"/api/monitoring/{path}", {"reason": reason}, idempotency_key=key)
    outcome = command["outcome"]
    if as_json:
        print_json(command)
    elif outcome == "done":
        print(command["answer"] or "done")
    else:
        say(
            command["answer"]
            or f"It is {outcome}: GET /api/monitoring/commands/{command['command_id']} says more."
        )
    if outcome in {"refused", "lost"}:
        raise typer.Exit(ExitCode.REFUSED)


def _lag(seconds: float | None) -> str | None:
    return None if seconds is None else f"{seconds * 1000:.0f} ms"
