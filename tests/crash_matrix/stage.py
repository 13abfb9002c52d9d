"""Where cases are played: one store, one api process, and the hosts of each case, all of them real processes.

Whatever dies is started again at once, without a fault the second time, as a keeper does. Cases follow one another on the
same store, so that what one leaves behind is what the next begins with.
"""

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from crash_matrix.cases import Case, Store
from support.nursery import Child, Nursery
from support.ports import free_port
from support.waiting import until

FLOWS = Path(__file__).parents[1] / "support" / "crash_flows.py"
WITHIN_SECONDS = 60.0
LOOK_SECONDS = 0.04
SETTINGS = {
    "TARGETS": str(FLOWS),
    "LOG_LEVEL": "warning",
    "POLL_SECONDS": "0.2",
    "SPILL_BYTES": "1024",
    "CANCEL_GRACE_SECONDS": "0.2",
}


class Kept:
    """A process that is started again whenever it ends; `start` is told how many came before."""

    def __init__(self, start: Callable[[int], Child]) -> None:
        self.children: list[Child] = [start(0)]
        self.died_at: float | None = None
        self._start = start
        self._is_stopping = False
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._thread.start()

    @property
    def first(self) -> Child:
        return self.children[0]

    def stop(self) -> None:
        """Kill it for good."""
        self._is_stopping = True
        while self._thread.is_alive():
            self.children[-1].signal_kill()
            self._thread.join(0.05)

    def _keep(self) -> None:
        while True:
            self.children[-1].has_ended.wait()
            self.died_at = self.died_at or time.monotonic()
            if self._is_stopping:
                return
            self.children.append(self._start(len(self.children)))


class Stage:
    """One store with its api process. `plays` are the cases so far."""

    def __init__(self, store: Store, folder: Path, url: str | None, hosts: Nursery, apis: Nursery) -> None:
        self.store = store
        self.folder = folder
        self.port = free_port()
        self.hosts = hosts
        self.apis = apis
        self.counts: dict[tuple[str, str], dict[str, int]] = {}
        self._api: Kept | None = None
        self._plays = 0
        self._url = url
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30, trust_env=False)

    def environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        """The variables of every process of this store."""
        named = {**SETTINGS, "DATA_DIR": str(self.folder / "data"), **extra}
        if self._url:
            named["DATABASE_URL"] = self._url
        return {f"FASTGRAPH_{name}": value for name, value in named.items()}

    def start_api(self, extra: Mapping[str, str] | None = None) -> Kept:
        """Start the api process, with a fault plan the first time; the one before is gone then."""
        if self._api is not None:
            self._api.stop()

        def start(number: int) -> Child:
            variables = self.environment(extra if extra and number == 0 else {})
            return self.apis.born("api", "--port", str(self.port), environment=variables)

        self._api = Kept(start)
        return self._api

    @contextmanager
    def play(self, case: Case | None, plan: str) -> "Iterator[Play]":
        """Play one case; its hosts are gone afterwards."""
        self._plays += 1
        play = Play(self, case, plan, self.folder / f"case-{self._plays}")
        try:
            yield play
        finally:
            play.end()

    def restore_api(self) -> None:
        """See to it that an api process without a fault is there."""
        if self._api is None:
            self.start_api()

    def close(self) -> None:
        if self._api is not None:
            self._api.stop()
        self.http.close()


class Play:
    """One case: its folder, its plan, its processes."""

    def __init__(self, stage: Stage, case: Case | None, plan: str, folder: Path) -> None:
        self.stage = stage
        self.folder = folder
        self.gate = folder / "gate"
        self.sink = folder / "sink"
        self.ledger = folder / "ledger.txt"
        self.log = folder / "faults.txt"
        for made in (self.gate, self.sink):
            made.mkdir(parents=True)
        self.is_of_api = case is not None and case.moment.process == "api"
        self.settings: dict[str, str] = {}
        self._plan = plan
        self._helpers: list[Child] = []
        self.host: Kept | None = None
        self.api: Kept | None = None

    # Processes.

    def begin(self) -> None:
        """Start the process that will die; in a case of the api, a host without a fault as well."""
        if self.is_of_api:
            self.api = self.stage.start_api(self._faults())
        else:
            self.stage.restore_api()
        self.begin_host()

    def begin_host(self) -> None:
        """Start the host alone."""
        self.host = Kept(self._start_host)

    def help(self) -> Child:
        """Start one more host, without a fault."""
        child = self.stage.hosts.born(environment=self.stage.environment(self._own()))
        self._helpers.append(child)
        return child

    @property
    def victim(self) -> Kept:
        """The process of this case with all that came after it."""
        found = self.api if self.is_of_api else self.host
        assert found is not None, "the scenario has begun"
        return found

    def end(self) -> None:
        for helper in self._helpers:
            helper.kill()
        if self.host is not None:
            self.host.stop()

    def _start_host(self, number: int) -> Child:
        faults = self._faults() if number == 0 and not self.is_of_api else {}
        return self.stage.hosts.born(environment=self.stage.environment({**self._own(), **faults}))

    def _own(self) -> dict[str, str]:
        return {"TEST_LEDGER": str(self.ledger), "TEST_SINK": str(self.sink), **self.settings}

    def _faults(self) -> dict[str, str]:
        return {"FAULTS": self._plan, "ALLOW_FAULTS": "1", "FAULTS_LOG": str(self.log)}

    # What the faults told.

    def told(self, word: str) -> list[str]:
        """The places that were met (`met`) or hit (`hit`), in order."""
        if not self.log.exists():
            return []
        lines = (line.split() for line in self.log.read_text().splitlines())
        return [line[1] for line in lines if line[0] == word]

    # The client: it asks again until it is answered, as clients do.

    def ask(self, method: str, path: str, *, key: str | None = None, **body: Any) -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}

        def look() -> httpx.Response | None:
            try:
                answer = self.stage.http.request(method, path, headers=headers, **body)
            except httpx.TransportError:
                return None
            return None if answer.status_code in {429, 503, 507} else answer

        return until(look, within_seconds=WITHIN_SECONDS, what=f"an answer to {method} {path}")

    def ask_health(self) -> dict[str, Any]:
        """Health as it is, also where it is failing."""

        def look() -> dict[str, Any] | None:
            try:
                health: dict[str, Any] = self.stage.http.get("/api/monitoring/health").json()
            except httpx.TransportError:
                return None
            return health

        return until(look, within_seconds=WITHIN_SECONDS, what="an answer of health")

    def wait_well(self) -> None:
        """Wait until a host has published its workflows."""
        until(
            lambda: self.ask_health()["status"] == "ok",
            within_seconds=WITHIN_SECONDS,
            what="a server that is well",
        )

    def tail(self) -> str:
        """The last output of the victim and of what came after it."""
        parts: list[str] = []
        for kept in (self.host, self.api):
            parts += [
                f"--- {child.pid} ended with {child.code}\n{child.tail()}"
                for child in (kept.children[-2:] if kept else [])
            ]
        return "\n".join(parts)

    def create(self, workflow: str, **payload: Any) -> str:
        body = {"name": "crash", "workflow": workflow, "payload": payload}
        answer = self.ask("POST", "/api/runs/", key=uuid.uuid4().hex, json=body)
        assert answer.status_code == 200, answer.text
        run_id: str = answer.json()["run_id"]
        return run_id

    def run(self, run_id: str) -> dict[str, Any]:
        answer = self.ask("GET", f"/api/runs/{run_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def events(self, run_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("GET", f"/api/runs/{run_id}/events?limit=1000").json()
        return found

    def wait_status(self, run_id: str, *statuses: str, updates: int = 0) -> dict[str, Any]:
        """Wait until a run has one of these statuses, and so many nodes behind it."""

        def look() -> dict[str, Any] | None:
            # the nodes first: a status that is read before them may be older than they are
            done = sum(event["event"] == "node_update" for event in self.events(run_id)) if updates else 0
            run = self.run(run_id)
            return run if done >= updates and run["status"] in statuses else None

        return until(
            look, within_seconds=WITHIN_SECONDS, what=f"{statuses} with {updates} updates of {run_id}"
        )

    def wait_ended(self, run_id: str) -> dict[str, Any]:
        return self.wait_status(run_id, "completed", "failed", "cancelled", "quarantined")
