"""The real application over a real store: called in process, or served by a real uvicorn on a socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from api.main import create_app
from api.services import Services
from fastgraph.settings import Settings
from support.committed_runs import CommittingHost, CommittingRun

__all__ = ["Api", "calling", "served"]


@dataclass
class Api:
    """An application that is up: `http` calls it, `host` commits for it, `url` is where it is served."""

    app: FastAPI
    http: httpx.AsyncClient
    host: CommittingHost
    url: str

    @property
    def services(self) -> Services:
        services: Services = self.app.state.services
        return services

    async def create(self, **facts: Any) -> str:
        """Create a run over HTTP and return its id."""
        answer = await self.http.post("/api/runs/", json={"name": "test-run", **facts})
        assert answer.status_code == 200, answer.text
        run_id: str = answer.json()["run_id"]
        return run_id

    async def begin(self, **facts: Any) -> CommittingRun:
        """Create a run, claim it and commit its `started`."""
        run_id = await self.create(**facts)
        for run in await self.host.claim():
            if run.run_id == run_id:
                await run.start()
                return run
        raise AssertionError(f"run {run_id} could not be claimed")


@asynccontextmanager
async def calling(settings: Settings) -> AsyncIterator[Api]:
    """Run the application's lifespan and call it without a socket."""
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http:
            yield Api(
                app=app, http=http, host=CommittingHost(app.state.services.writer), url=str(http.base_url)
            )


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[Api]:
    """Serve the application as the command line does, on a port of its own."""
    app = create_app(settings)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    config = uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(base_url=url, timeout=10) as http:
            # The listener takes connections from the beginning; the first answer comes when the lifespan is up.
            assert (await http.get("/api/monitoring/health/live")).status_code == 200
            yield Api(app=app, http=http, host=CommittingHost(app.state.services.writer), url=url)
    finally:
        server.should_exit = True
        await serving
