"""Which hint bus belongs to a store."""

from __future__ import annotations

import asyncio

from sqlalchemy import make_url

from actors.hints.hints import HintBus
from actors.hints.postgres_notify import PostgresHints
from actors.hints.unix_sockets import UnixSocketHints
from fastgraph.settings import Settings

__all__ = ["open_hint_bus"]


def open_hint_bus(settings: Settings, *, boot_id: str, loop: asyncio.AbstractEventLoop) -> HintBus:
    """Make the bus of one process; `start` begins to listen. Processes on PostgreSQL hear each other over the database,
    those on SQLite, which share a machine, over sockets."""
    url = make_url(settings.url)
    if url.get_backend_name() == "postgresql":
        conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
        return PostgresHints(conninfo, name=boot_id, loop=loop)
    return UnixSocketHints(settings.data_dir, name=boot_id, loop=loop)
