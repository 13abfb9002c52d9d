"""A real `fastgraph serve` that asks for keys, and clients that hold one, or none."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from support.ports import free_port
from support.programs import Program, ProgramStarter
from support.waiting import until

READ, RUN, OPERATE = "key-that-reads-0123456789", "key-that-runs-0123456789", "key-that-operates-0123456789"
FLOWS = Path(__file__).with_name("secret_flows.py")
START_SECONDS = 60.0


class KeyedServer:
    """A server with three keys of its settings: one a role."""

    def __init__(self, starter: ProgramStarter, folder: Path, **variables: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = folder / "data"
        environment = {
            "FASTGRAPH_DATA_DIR": str(self.data),
            "FASTGRAPH_API_KEYS": f"read:{READ},run:{RUN},{OPERATE}",
            **variables,
        }
        command = [sys.executable, "-m", "api.cli.main", "serve", str(FLOWS), "--port", str(self.port)]
        self.program: Program = starter.command(command, cwd=folder, environment=environment)

    def client(self, key: str | None = None, **headers: str) -> httpx.Client:
        """Return a client that sends `key` with each request."""
        sent = {**headers, **({"Authorization": f"Bearer {key}"} if key else {})}
        return httpx.Client(base_url=self.url, headers=sent, timeout=30, trust_env=False)

    def wait_until_well(self) -> None:
        """Wait until the host has published its workflow."""

        def look() -> bool:
            with suppress(httpx.TransportError), self.client(READ) as client:
                return bool(client.get("/api/monitoring/health").json().get("status") == "ok")
            return False

        try:
            until(look, within_seconds=START_SECONDS, what=f"health of {self.url}")
        except AssertionError as late:
            raise AssertionError(f"{late}\n{self.program.tail()}") from late

    def run_to_end(self, payload: dict[str, Any]) -> str:
        """Run the workflow on a payload, and return its id when it has ended."""
        with self.client(RUN) as client:
            answer = client.post("/api/runs/", json={"name": "login", "payload": payload})
            assert answer.status_code == 200, answer.text
            run_id: str = answer.json()["run_id"]
            until(
                lambda: client.get(f"/api/runs/{run_id}").json()["status"] in {"completed", "failed"},
                within_seconds=START_SECONDS,
                what=f"the end of run {run_id}",
            )
        return run_id
