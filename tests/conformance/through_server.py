"""Performs a flow's calls on a server, by its public routes only.

    a new input          POST /api/runs/ with the payload and the thread
    going on             POST /api/runs/{id}/resume at a breakpoint, else POST /api/runs/ with payload null
    an answer            POST /api/runs/{id}/resume
                         (where no run waits for one, a run that goes on is begun first, and asks)
    an old checkpoint    `checkpoint_id` of the POST, found in /api/threads/{id}/history by what was next there
    a change             POST /api/threads/{id}/state

The host may die at any time: whoever waits for a run only looks again.
"""

import uuid
from typing import Any, Self

import httpx

from conformance.calls import Call
from conformance.program import Flow
from conformance.seen_in_process import Outcome, sorted_as_text
from support.waiting import until

__all__ = ["Conversation"]

SETTLED = frozenset({"completed", "failed", "cancelled", "quarantined", "interrupted"})
WITHIN_SECONDS = 90.0
LOOK_EVERY_SECONDS = 0.1
IN_CONFIG = ("interrupt_before", "interrupt_after")


class Conversation:
    """One flow's calls on a thread of its own; `run_id` is the newest run. Use it in a `with` block."""

    def __init__(self, url: str, flow: Flow) -> None:
        self.thread_id = str(uuid.uuid4())
        self._flow = flow
        self._http = httpx.Client(base_url=url, timeout=60, trust_env=False, verify=False)  # plain HTTP
        self._run_id: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def perform_all(self) -> list[Outcome]:
        """Perform all calls of the flow."""
        return [self.perform(call) for call in self._flow.calls]

    def perform(self, call: Call) -> Outcome:
        """Perform one call, wait until the run has settled and look at the thread."""
        if call.kind == "update":
            return self._update(call)
        if call.kind == "start":
            run = self._begin(call, payload=call.value)
        elif call.kind == "proceed":
            is_held = call.at is None and self._is_at_breakpoint()
            run = self._resume({"resume": True}) if is_held else self._begin(call, payload=None)
        elif call.kind == "answer":
            run = self._answer(call)
        else:
            assert call.kind == "answer_each", call.kind
            ids = {question["value"]: question["id"] for question in self._questions()}
            run = self._resume({"answers": {ids[asked]: value for asked, value in call.value.items()}})
        return self._look(run["status"], (run["error"] or {}).get("type"))

    def _begin(self, call: Call, *, payload: Any) -> Any:
        options = dict(call.options)
        config = {key: options[key] for key in IN_CONFIG if key in options} | options.get("config", {})
        body = {
            "name": self._flow.name,
            "workflow": self._flow.name,
            "payload": payload,
            "thread_id": self.thread_id,
            "config": config or None,
            "context": options.get("context"),
            "checkpoint_id": self._find_checkpoint(call),
        }
        self._run_id = self._post("/api/runs/", body)["run_id"]
        return self._wait(after=0)

    def _answer(self, call: Call) -> Any:
        run = None
        if call.at is not None or not self._questions():
            run = self._begin(call, payload=None)
        return self._resume({"resume": call.value}) if self._questions() else run

    def _resume(self, body: dict[str, Any]) -> Any:
        before = self._get(f"/api/runs/{self._run_id}")["last_seq"]
        answer = self._http.post(f"/api/runs/{self._run_id}/resume", json=body)
        if answer.status_code == 422:  # it does not fit, and the question stands
            return {"status": "failed", "error": {"type": "ValidationError"}}
        assert answer.is_success, f"{self._flow.name}: resume answered {answer.status_code}: {answer.text}"
        return self._wait(after=before)

    def _update(self, call: Call) -> Outcome:
        body = {"workflow": self._flow.name, "checkpoint_id": self._find_checkpoint(call), **call.value}
        answer = self._http.post(f"/api/threads/{self.thread_id}/state", json=body)
        if answer.status_code == 422:
            return self._look("failed", "InvalidUpdateError")
        self._run_id = answer.raise_for_status().json()["run_id"]
        run = self._wait(after=0)  # 202 where the host was down for longer than the request waits
        return self._look(run["status"], (run["error"] or {}).get("type"))

    def _wait(self, *, after: int) -> Any:
        """Wait until the run has settled again after event number `after`."""

        def look() -> Any:
            run = self._get(f"/api/runs/{self._run_id}")
            return run if run["status"] in SETTLED and run["last_seq"] > after else None

        what = f"{self._flow.name} (run {self._run_id}) to settle"
        return until(look, within_seconds=WITHIN_SECONDS, every_seconds=LOOK_EVERY_SECONDS, what=what)

    def _look(self, status: str, error: str | None) -> Outcome:
        state = self._get(f"/api/threads/{self.thread_id}/state")
        questions = self._questions(state)
        if status == "interrupted" and not state["next"] and not questions:
            status = "completed"  # a breakpoint after the last node: nothing is left to do
        return Outcome(
            status=status,
            error=error,
            values=state["values"],
            next=sorted(state["next"]),
            questions=sorted_as_text(question["value"] for question in questions),
        )

    def _questions(self, state: Any = None) -> list[Any]:
        shown = state or self._get(f"/api/threads/{self.thread_id}/state")
        return [question for question in shown["interrupts"] if not _is_breakpoint(question)]

    def _is_at_breakpoint(self) -> bool:
        if self._run_id is None:
            return False
        state = self._get(f"/api/threads/{self.thread_id}/state")
        return any(map(_is_breakpoint, state["interrupts"]))

    def _find_checkpoint(self, call: Call) -> str | None:
        if call.at is None:
            return None
        history = self._get(f"/api/threads/{self.thread_id}/history?limit=200")
        found = (kept["checkpoint_id"] for kept in history if tuple(kept["next"]) == call.at)
        checkpoint_id: str = next(found)
        return checkpoint_id

    def _get(self, path: str) -> Any:
        return self._http.get(path).raise_for_status().json()

    def _post(self, path: str, body: Any) -> Any:
        answer = self._http.post(path, json=body)
        assert answer.is_success, f"{self._flow.name}: {path} answered {answer.status_code}: {answer.text}"
        return answer.json()


def _is_breakpoint(question: Any) -> bool:
    return isinstance(question["value"], dict) and set(question["value"]) == {"breakpoint"}
