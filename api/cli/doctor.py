"""`fastgraph doctor`: is this machine ready, is the server well, and what is to be done where not."""

from __future__ import annotations

import typer

from api.cli.options import DEFAULT_URL, AsJson, DatabaseUrl, DataDir, Host, Port, Url

__all__ = ["doctor"]

_MARKS = {"ok": ("ok  ", "green"), "warn": ("warn", "yellow"), "fail": ("fail", "red")}


def doctor(
    *,
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Check Python, packages, data folder, store, dashboard, port, hosts and workflows; end with 1 where one fails."""
    from dataclasses import asdict

    from api.cli.checks import Level, check_all
    from api.cli.exit_codes import ExitCode
    from api.cli.output import print_json
    from api.cli.serve import settings_of

    settings = settings_of(None, host=host, port=port, data_dir=data_dir, database_url=database_url)
    findings = []
    for finding in check_all(settings, url):
        findings.append(finding)
        if not as_json:
            mark, color = _MARKS[finding.level]
            typer.secho(mark, fg=color, nl=False)
            print(f"  {finding.subject:<12}  {finding.seen}", flush=True)
            if finding.remedy:
                print(f"{'':<20}{finding.remedy}", flush=True)
    if as_json:
        print_json([asdict(finding) for finding in findings])
    if any(finding.level is Level.FAIL for finding in findings):
        raise typer.Exit(ExitCode.FAILED)
