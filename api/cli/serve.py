"""`fastgraph serve` and `fastgraph api`: the server, with or without hosts of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.cli.options import DatabaseUrl, DataDir, Host, Hosts, Paused, Port, Targets
from api.cli.quiet_imports import quiet_imports

if TYPE_CHECKING:
    from fastgraph.settings import Settings

__all__ = ["api", "serve", "settings_of"]


def settings_of(targets: list[str] | None, **flags: Any) -> Settings:
    """Read the settings; what was typed wins over variables and `.env`. Raises SettingsError."""
    from fastgraph.settings import Settings
    from fastgraph.targets import join_targets

    return Settings.read(targets=join_targets(targets) if targets else None, **flags)


def serve(
    targets: Targets = None,
    *,
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    hosts: Hosts = None,
    paused: Paused = False,
) -> None:
    """Serve workflows: the API, the dashboard and the host processes, in one command."""
    with quiet_imports():
        from api.cli.server import run_app

    run_app(
        settings_of(
            targets,
            host=host,
            port=port,
            data_dir=data_dir,
            database_url=database_url,
            hosts=hosts,
            paused=paused or None,
        )
    )


def api(
    *, host: Host = None, port: Port = None, data_dir: DataDir = None, database_url: DatabaseUrl = None
) -> None:
    """Serve the API and the dashboard alone; hosts are started elsewhere (`fastgraph host`)."""
    with quiet_imports():
        from api.cli.server import run_app

    run_app(settings_of(None, host=host, port=port, data_dir=data_dir, database_url=database_url, hosts=0))
