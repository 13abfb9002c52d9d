"""FastAPI with nothing behind it, under uvicorn with our settings: an empty POST, and a loop of `send_text`."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from pydantic import BaseModel

app = FastAPI()
sockets: set[WebSocket] = set()


class NewRun(BaseModel):
    """The body of our POST."""

    name: str
    payload: dict[str, Any] = {}
    workflow: str | None = None


class RunCreated(BaseModel):
    """The answer of our POST."""

    run_id: str


class Burst(BaseModel):
    """What to send to every socket, and how often."""

    text: str
    count: int


@app.post("/api/runs/")
async def create_run(_run: NewRun) -> RunCreated:
    return RunCreated(run_id="0198c0de-0000-7000-8000-000000000001")


@app.websocket("/api/ws/{run_id}")
async def feed(websocket: WebSocket, run_id: str) -> None:  # noqa: ARG001 - as our route has it
    await websocket.accept()
    sockets.add(websocket)
    try:
        await websocket.receive_text()
    except WebSocketDisconnect:
        sockets.discard(websocket)


@app.post("/burst")
async def burst(order: Burst) -> dict[str, int]:
    for _ in range(order.count):
        for websocket in list(sockets):
            await websocket.send_text(order.text)
        await asyncio.sleep(0)
    return {"sent": order.count * len(sockets)}


def main() -> None:
    """Serve on a free port and say where."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    print(f"serves on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        access_log=False,
        log_level="error",
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
