"""Talks to a running FastGraph Server as any client would: over HTTP, by its public routes only."""

from typing import Any, Self

import httpx

from support.waiting import WITHIN_SECONDS, until

ENDED = {"completed", "failed", "cancelled", "quarantined"}


class ServerClient:
    """A client of the server on one port of this machine; use it in a `with` block."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._http = httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str) -> httpx.Response:
        return self._http.get(path)

    def post(self, path: str, body: Any) -> httpx.Response:
        """Send a JSON body; an answer that is an error is raised."""
        return self._http.post(path, json=body).raise_for_status()

    def wait_until_healthy(self, *, within_seconds: float = WITHIN_SECONDS) -> dict[str, Any]:
        """Wait until health answers 200 with status `ok`: the store can be written and a host has workflows."""

        def look() -> dict[str, Any] | None:
            try:
                answer = self.get("/api/monitoring/health")
            except httpx.TransportError:
                return None
            health: dict[str, Any] = answer.json()
            return health if answer.status_code == 200 and health["status"] == "ok" else None

        return until(look, within_seconds=within_seconds, what=f"health of {self.url}")

    def create_run(self, **body: Any) -> str:
        """Create a run (`payload`, `workflow`, … as the API takes them) and answer its id."""
        answer = self._http.post("/api/runs/", json={"name": "test-run", **body})
        assert answer.status_code == 200, answer.text
        run_id: str = answer.json()["run_id"]
        return run_id

    def run(self, run_id: str) -> dict[str, Any]:
        answer = self.get(f"/api/runs/{run_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def events(self, run_id: str) -> list[dict[str, Any]]:
        """All events of a run, over all pages."""
        found: list[dict[str, Any]] = []
        while page := self.get(f"/api/runs/{run_id}/events?after={len(found)}").json():
            found += page
        return found

    def wait_until_ended(self, run_id: str, *, within_seconds: float = WITHIN_SECONDS) -> dict[str, Any]:
        """Wait until a run has ended, in whatever way; answer it."""

        def look() -> dict[str, Any] | None:
            try:
                seen = self.run(run_id)
            except httpx.TransportError:
                return None
            return seen if seen["status"] in ENDED else None

        return until(look, within_seconds=within_seconds, what=f"the end of run {run_id}")
