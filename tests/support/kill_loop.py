"""The kill -9 loop: hosts that are killed at random moments under runs of six kinds, and what is checked in the end.

The moments and victims come from a seed. The oracle is the ledger, which the nodes write outside of the store, and the
log of each run. `Outcome.faults` must be empty; the rest are figures.
"""

from __future__ import annotations

import os
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from support.hosts import Hosts, pause
from support.server import ENDED

KINDS = ("fan-out", "retry", "timer", "signal", "child", "cancel")
AT_ONCE = 16
PAUSE_SECONDS = (0.3, 2.0)
END_SECONDS = 120.0
MOST_TIMES = 2  # on a busy machine it takes longer to do as much
USUAL_BOOT_SECONDS = 1.5


@dataclass
class Outcome:
    """What a loop has shown."""

    seed: int
    seconds: float
    kills: int = 0
    hits: int = 0
    runs: int = 0
    children: int = 0
    executions: int = 0
    slowness: float = 1.0
    doubled: int = 0
    recoveries: list[float] = field(default_factory=list)
    suspects: int = 0
    recoveries_of_others: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        p50, p99 = percentile(self.recoveries, 0.5), percentile(self.recoveries, 0.99)
        others = percentile(self.recoveries_of_others, 0.99)
        return (
            f"seed {self.seed}: {self.seconds:.0f} s, {self.kills} kills of which {self.hits} hit executing runs, "
            f"{self.runs} runs and {self.children} children, all ended: {not self.faults}; {self.executions} tasks "
            f"executed, {self.doubled} of them twice; recovery of {len(self.recoveries)} hit runs: "
            f"p50 {p50:.2f} s, p99 {p99:.2f} s, most {max(self.recoveries, default=0.0):.2f} s; p99 {others:.2f} s without "
            f"the {self.suspects} that two deaths in a row made suspects; the machine was {self.slowness:.1f} times "
            "slower than usual"
        )


def percentile(values: Sequence[float], share: float) -> float:
    """Return what this share of the values does not exceed; 0 where there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class KillLoop:
    """Keeps AT_ONCE runs going, and kills, until `seconds` are over, `runs` were created and `hits` kills have hit.

    The pauses between kills are those of PAUSE_SECONDS where a host boots within USUAL_BOOT_SECONDS, and longer in
    proportion on a machine that has more to do: a test that kills hosts before they are up tests nothing.
    """

    def __init__(self, hosts: Hosts, *, seed: int, seconds: float, runs: int, hits: int) -> None:
        self._hosts = hosts
        self._chance = random.Random(seed)
        self._seconds = seconds
        self._wanted = runs
        self._wanted_hits = hits
        self._runs: dict[str, str] = {}
        self._going: set[str] = set()
        self._asked: set[str] = set()
        self.outcome = Outcome(seed=seed, seconds=seconds)

    def run(self) -> Outcome:
        """Run the whole loop; takes `seconds` and what the last runs need."""
        begun = time.monotonic()
        next_kill = begun + self._chance.uniform(*PAUSE_SECONDS)
        while not self._has_enough(time.monotonic() - begun):
            self._feed()
            ready = self._hosts.ready()
            if ready and time.monotonic() >= next_kill:
                self._hosts.kill(self._chance.choice(ready))
                next_kill = time.monotonic() + self._chance.uniform(*PAUSE_SECONDS) * self._slowness()
            self._look()
            pause(0.05)
        deadline = time.monotonic() + END_SECONDS
        while self._going and time.monotonic() < deadline:
            self._look()
            pause(0.1)
        self.outcome.seconds = time.monotonic() - begun
        self._judge()
        return self.outcome

    def _has_enough(self, seconds: float) -> bool:
        hits = sum(bool(kill.runs) for kill in self._hosts.kills)
        is_done = len(self._runs) >= self._wanted and hits >= self._wanted_hits
        return seconds >= self._seconds and (is_done or seconds >= MOST_TIMES * self._seconds)

    def _slowness(self) -> float:
        """How many times longer than usual hosts took to boot lately, or what work waits for each core; the larger one."""
        lately = self._hosts.boot_seconds[-2 * self._hosts.count :]
        boots = sum(lately) / len(lately) / USUAL_BOOT_SECONDS if lately else 1.0
        self.outcome.slowness = max(1.0, boots, os.getloadavg()[0] / (os.cpu_count() or 1))
        return self.outcome.slowness

    def _feed(self) -> None:
        """Keep AT_ONCE runs going, of all kinds in turn."""
        while len(self._going) < AT_ONCE:
            kind = KINDS[len(self._runs) % len(KINDS)]
            run_id = self._hosts.client.create_run(workflow=kind)
            self._runs[run_id] = kind
            self._going.add(run_id)

    def _look(self) -> None:
        for run_id in sorted(self._going):
            row = self._hosts.row(run_id)
            if row.status in ENDED:
                self._going.discard(run_id)
            elif run_id not in self._asked and self._runs[run_id] == "signal" and row.status == "waiting":
                self._post(f"/api/runs/{run_id}/signals/go?dedup_id={run_id}", 7)
                self._asked.add(run_id)
            elif run_id not in self._asked and self._runs[run_id] == "cancel" and row.seq > 20:
                self._post(f"/api/runs/{run_id}/cancel", {"reason": "enough"})
                self._asked.add(run_id)

    def _post(self, path: str, body: Any) -> None:
        answer = httpx.post(f"{self._hosts.client.url}{path}", json=body, timeout=30, trust_env=False)
        if answer.status_code != 202:
            self.outcome.faults.append(f"{path} was answered {answer.status_code}: {answer.text}")

    def _judge(self) -> None:
        outcome, faults = self.outcome, self.outcome.faults
        outcome.kills, outcome.runs = len(self._hosts.kills), len(self._runs)
        kinds = dict(self._runs)
        logs: dict[str, list[dict[str, Any]]] = {}
        for run_id, kind in self._runs.items():
            run = self._hosts.client.run(run_id)
            wanted = "cancelled" if kind == "cancel" else "completed"
            if run["status"] != wanted:
                faults.append(f"{kind} run {run_id} is {run['status']}: {run['error']} {run['waiting_for']}")
            for child in run.get("children") or ():
                kinds[child] = "fan-out"
        outcome.children = len(kinds) - len(self._runs)
        for run_id in kinds:
            logs[run_id] = self._hosts.client.events(run_id)
            seqs = [event["seq"] for event in logs[run_id]]
            if seqs != list(range(1, len(seqs) + 1)):
                faults.append(f"run {run_id} has events {seqs}")
            ends = [event["event"] for event in logs[run_id] if event["event"] in ENDED]
            if len(ends) != 1:
                faults.append(f"run {run_id} has ends {ends}")
        self._judge_ledger(logs)
        self._measure(logs)

    def _judge_ledger(self, logs: dict[str, list[dict[str, Any]]]) -> None:
        """A task is executed again only where the process of its last execution was killed; and whatever the log tells
        of was executed."""
        executions: dict[tuple[str, ...], list[int]] = defaultdict(list)
        nodes: dict[str, int] = defaultdict(int)
        for run_id, word, key, attempt, pid in self._hosts.ledger_lines():
            executions[run_id, word, key, attempt].append(int(pid))
        for (run_id, word, key, attempt), pids in executions.items():
            nodes[run_id] += 1
            self.outcome.executions += 1
            self.outcome.doubled += len(pids) > 1
            alive = [pid for pid in pids[:-1] if pid not in self._hosts.killed_pids]
            if alive or len(set(pids)) != len(pids):
                self.outcome.faults.append(f"{word} {key} {attempt} of {run_id} was executed by {pids}")
        for run_id, log in logs.items():
            told = sum(event["event"] == "node_update" for event in log)
            if nodes[run_id] < told:
                self.outcome.faults.append(
                    f"run {run_id} tells of {told} results, the ledger of {nodes[run_id]}"
                )

    def _measure(self, logs: dict[str, list[dict[str, Any]]]) -> None:
        """From each kill to the first event of each run that was executing in the killed host."""
        for kill in self._hosts.kills:
            hit = [run_id for run_id in kill.runs if run_id in logs]
            recovered = [
                event
                for log in logs.values()
                for event in log
                if event["event"] == "recovered" and event["data"]["from_host"] == kill.boot_id
            ]
            self.outcome.hits += bool(recovered)
            for run_id in hit:
                moments = [datetime.fromisoformat(event["at"]) for event in logs[run_id]]
                later = [moment for moment in moments if moment > kill.at]
                if not later:
                    continue
                before = logs[run_id][: len(moments) - len(later)]
                self.outcome.recoveries.append((later[0] - kill.at).total_seconds())
                if _had_just_lost_its_host(before):
                    self.outcome.suspects += 1
                else:
                    self.outcome.recoveries_of_others.append(self.outcome.recoveries[-1])


def _had_just_lost_its_host(log: list[dict[str, Any]]) -> bool:
    """Whether a run had been taken up and had recorded nothing since: at the next death it is a suspect, and goes on in a
    host of its own, which has to boot first."""
    kinds = [event["event"] for event in log if event["event"] in {"recovered", "node_update", "started"}]
    return kinds[-1:] == ["recovered"]
