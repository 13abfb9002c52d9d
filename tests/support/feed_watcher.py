"""A watcher of one run: a WebSocket client that resumes with `?after` whenever its connection ends."""

import json
import threading

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

TERMINAL = {"completed", "failed", "cancelled", "quarantined"}


class FeedWatcher:
    """Collects every event of a run in a thread, across kills of the server."""

    def __init__(self, port: int, run_id: str) -> None:
        self.events: list[dict[str, object]] = []
        self.connections = 0
        self._port = port
        self._run_id = run_id
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"watcher of {run_id}", daemon=True)
        self._thread.start()

    @property
    def seqs(self) -> list[int]:
        return [int(str(event["seq"])) for event in self.events]

    def wait_for_end(self, within_seconds: float) -> None:
        """Wait until the terminal event was seen."""
        assert self._is_over.wait(within_seconds), f"no end of {self._run_id} after {len(self.events)} events"

    def _watch(self) -> None:
        while not self._is_over.is_set():
            after = self.seqs[-1] if self.events else 0
            url = f"ws://127.0.0.1:{self._port}/api/ws/{self._run_id}?after={after}"
            try:
                with connect(url, open_timeout=5, close_timeout=1, proxy=None) as socket:
                    self.connections += 1
                    for message in socket:
                        self._take(json.loads(message))
            except (OSError, WebSocketException):
                self._is_over.wait(0.1)

    def _take(self, event: dict[str, object]) -> None:
        if "seq" not in event:
            return
        self.events.append(event)
        if event["event"] in TERMINAL:
            self._is_over.set()
