"""What must hold after every death: the oracle of the crash matrix knows the API and what lies outside of the store.

Every accepted run has ended as it must. Each committed result has its effect in the ledger, always under the same
idempotency key. An effect is there twice only where the crash fell between it and its commit: then its result is younger
than the recovery. A sink that knows the key has each effect exactly once. Events are 1 to n, and the last one is the end.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from crash_matrix.scenarios import Expected
from crash_matrix.stage import Play

ENDS = {"completed", "failed", "cancelled", "quarantined"}


def check(play: Play, expected: Iterable[Expected], *, crashes: int) -> int:
    """Raise AssertionError where something does not hold; answer how many effects are there twice."""
    doubles = sum(_check_run(play, run) for run in expected)
    assert doubles <= crashes, f"{doubles} effects are doubled after {crashes} crashes"
    return doubles


def _check_run(play: Play, expected: Expected) -> int:
    run_id = expected.run_id
    if expected.is_deleted:
        answer = play.ask("GET", f"/api/runs/{run_id}")
        assert answer.status_code == 404, f"a deleted run is still there: {answer.text}"
        return _check_effects(play, expected, events=None)
    run = play.run(run_id)
    assert run["status"] == expected.status, (run, play.tail())
    if expected.result is not None:
        assert {key: run["result"].get(key) for key in expected.result} == expected.result, run
    events = play.events(run_id)
    numbers = [event["seq"] for event in events]
    assert numbers == list(range(1, len(numbers) + 1)), numbers
    kinds = [event["event"] for event in events]
    assert kinds[0] == "queued", kinds
    assert kinds.count("started") <= 1, kinds
    assert [kind for kind in kinds if kind in ENDS] == [kinds[-1]] == [expected.status], kinds
    return _check_effects(play, expected, events=events)


def _check_effects(play: Play, expected: Expected, *, events: list[dict[str, Any]] | None) -> int:
    lines = [line.split() for line in _lines(play) if line.startswith(expected.run_id)]
    counts = Counter(word for _, word, _, _ in lines)
    missing = set(expected.words) - set(counts)
    assert not missing, f"committed results of {missing} have no effect: {lines}"
    strange = set(counts) - set(expected.words) - set(expected.may_also)
    assert not strange, f"nobody expected the effects {strange}: {lines}"
    keys = {(word, key) for _, word, key, _ in lines}
    assert len(keys) == len(counts), f"attempts of a task had several idempotency keys: {lines}"
    kept = Counter(path.name.split()[1] for path in play.sink.glob(f"{expected.run_id} *"))
    assert kept == Counter(set(counts)), f"a sink that knows the key has {kept}: {lines}"
    doubled = {word: count for word, count in counts.items() if count > 1}
    if events is not None:
        for word in doubled:
            _check_double(word, events)
    return sum(doubled.values()) - len(doubled)


def _check_double(word: str, events: list[dict[str, Any]]) -> None:
    """A result that was committed before the crash must not have been worked out again."""
    recovered = [event["seq"] for event in events if event["event"] == "recovered"]
    committed = [
        event["seq"]
        for event in events
        if event["event"] == "node_update" and event["node"].split("|")[-1].endswith(word)
    ]
    is_allowed = bool(recovered and committed) and committed[0] > recovered[0]
    assert is_allowed, f"the effect of {word!r} is doubled, and no crash fell before its commit: {events}"


def _lines(play: Play) -> list[str]:
    return play.ledger.read_text().splitlines() if play.ledger.exists() else []
