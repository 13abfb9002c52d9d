"""What runs while a process dies: each scenario has three or more moments of its kind, and says what must come of it.

A scenario is a client and nothing more: it goes by what the API answers, and asks again where nobody does. It does not know
when the process dies.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from crash_matrix.stage import WITHIN_SECONDS, Play
from support.crash_flows import BIG
from support.waiting import until

WORDS = ("one", "two", "three")
WALK = (*WORDS, "four", "five")
SHORT_LEASE_SECONDS = "2.4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What must become of a run: its end, the nodes whose effects it has, its result where that is known before."""

    run_id: str
    status: str = "completed"
    words: tuple[str, ...] = WORDS
    result: dict[str, Any] | None = None
    may_also: tuple[str, ...] = field(default=())  # effects of tasks that were abandoned
    is_deleted: bool = False


Scenario = Callable[[Play], list[Expected]]


def _upper(words: tuple[str, ...]) -> dict[str, Any]:
    return {word: word.upper() for word in words}


def _one_run(workflow: str, words: tuple[str, ...] = WORDS, result: dict[str, Any] | None = None) -> Scenario:
    def scenario(play: Play) -> list[Expected]:
        play.begin()
        run_id = play.create(workflow)
        play.wait_ended(run_id)
        return [Expected(run_id=run_id, words=words, result=result or _upper(words))]

    return scenario


def singles(play: Play) -> list[Expected]:
    """Three runs, one after the other."""
    play.begin()
    expected = []
    for _ in WORDS:
        run_id = play.create("single")
        play.wait_ended(run_id)
        expected.append(Expected(run_id=run_id, words=("one",), result=_upper(("one",))))
    return expected


def accepts(play: Play) -> list[Expected]:
    """Three runs at once."""
    play.begin()
    accepted = [play.create("single") for _ in WORDS]
    return [_ended_single(play, run_id) for run_id in accepted]


def _ended_single(play: Play, run_id: str) -> Expected:
    play.wait_ended(run_id)
    return Expected(run_id=run_id, words=("one",), result=_upper(("one",)))


def files(play: Play) -> list[Expected]:
    """A run that saves an artifact and a large value in each node."""
    play.begin()
    run_id = play.create("files")
    play.wait_ended(run_id)
    saved = play.ask("GET", f"/api/runs/{run_id}/artifacts").json()
    named = {artifact["name"]: artifact["artifact_id"] for artifact in saved}
    values = play.ask("GET", f"/api/runs/{run_id}/state").json()["values"]
    for word in WORDS:
        artifact_id, text = values[word]
        assert artifact_id == named[f"{word}.txt"], (values, saved)
        content = play.ask("GET", f"/api/artifacts/{artifact_id}").text
        assert content == f"{word} of {run_id}"
        assert text == run_id + word[0] * BIG
    assert len(saved) == len(WORDS), saved
    return [Expected(run_id=run_id)]


def signals(play: Play) -> list[Expected]:
    """A run that waits for three signals, one after the other."""
    play.begin()
    return [_signalled(play, play.create("signals"))]


def _signalled(play: Play, run_id: str) -> Expected:
    for number, word in enumerate(WORDS):
        play.wait_status(run_id, "waiting", updates=number)
        answer = play.ask("POST", f"/api/runs/{run_id}/signals/go", key=f"{run_id} {word}", json=word)
        # whoever sends the last one again after a lost answer may hear that the run has ended
        assert answer.status_code == 202 or (play.is_of_api and word == WORDS[-1]), answer.text
    play.wait_ended(run_id)
    return Expected(run_id=run_id, result={word: word for word in WORDS})


def asks(play: Play) -> list[Expected]:
    """A run that asks three questions, one after the other."""
    play.begin()
    return [_answered(play, play.create("asks"))]


def _answered(play: Play, run_id: str) -> Expected:
    for number, word in enumerate(WORDS):
        play.wait_status(run_id, "interrupted", updates=number)
        asked = play.ask("GET", f"/api/runs/{run_id}/state").json()["interrupts"]
        # by the question's id: sent again after a lost answer, a bare `resume` would meet the next question
        answers = {question["id"]: word for question in asked}
        answer = play.ask("POST", f"/api/runs/{run_id}/resume", json={"answers": answers})
        # whoever asks again after a lost answer may hear that the question is answered
        assert answer.status_code in {202, 409}, answer.text
    play.wait_ended(run_id)
    return Expected(run_id=run_id, result={word: word for word in WORDS})


def cancels(play: Play) -> list[Expected]:
    """Three runs that are cancelled while a task of theirs executes."""
    play.begin()
    expected = []
    for _ in WORDS:
        run_id = play.create("holds", gate=str(play.gate))
        _wait_held(play, run_id)
        answer = play.ask("POST", f"/api/runs/{run_id}/cancel", json={"reason": "enough"})
        assert answer.status_code in {202, 409}, answer.text
        play.wait_ended(run_id)
        expected.append(Expected(run_id=run_id, status="cancelled", words=(), may_also=("one",)))
    return expected


def _wait_held(play: Play, run_id: str) -> None:
    until((play.gate / run_id).exists, within_seconds=WITHIN_SECONDS, what=f"a held task of {run_id}")


def migrates(play: Play) -> list[Expected]:
    """A host is the first to see an empty store."""
    play.begin_host()
    until(lambda: play.told("hit"), within_seconds=WITHIN_SECONDS, what="the migration of this case")
    play.stage.restore_api()
    play.wait_well()
    return [_ended_single(play, play.create("single"))]


def graves(play: Play) -> list[Expected]:
    """Three hosts are dead when the fourth starts."""
    play.stage.restore_api()
    helpers = [play.help() for _ in WORDS]
    wanted = {helper.pid for helper in helpers}

    def all_live() -> bool:
        health = play.ask_health()
        return wanted <= {host["pid"] for host in health["hosts"] if host["is_alive"]}

    until(all_live, within_seconds=WITHIN_SECONDS, what="three living hosts")
    for helper in helpers:
        helper.kill()
    play.begin()
    return [_ended_single(play, play.create("single"))]


def orphans(play: Play) -> list[Expected]:
    """A host is dead that had three runs."""
    play.stage.restore_api()
    helper = play.help()
    runs = [play.create("holds", gate=str(play.gate)) for _ in WORDS]
    for run_id in runs:
        _wait_held(play, run_id)
    helper.kill()
    play.begin()
    (play.gate / "open").touch()
    expected = []
    for run_id in runs:
        play.wait_ended(run_id)
        expected.append(Expected(run_id=run_id, words=("one",), result=None))
    return expected


def renews(play: Play) -> list[Expected]:
    """A host renews its lease while a run waits."""
    play.settings["LEASE_SECONDS"] = SHORT_LEASE_SECONDS
    play.begin()
    run_id = play.create("signals")
    until(lambda: play.told("hit"), within_seconds=WITHIN_SECONDS, what="the renewal of this case")
    return [_signalled(play, run_id)]


def retires(play: Play) -> list[Expected]:
    """A host is told to end while a run waits for answers."""
    play.begin()
    run_id = play.create("asks")
    play.wait_status(run_id, "interrupted")
    play.victim.first.terminate()
    play.victim.first.wait()
    return [_answered(play, run_id)]


def uploads(play: Play) -> list[Expected]:
    """Three files are sent in."""
    play.begin()
    for word in WORDS:
        content = f"{word} in {play.folder}".encode()
        answer = play.ask("POST", f"/api/artifacts?name={word}.txt", content=content)
        assert answer.status_code == 200, answer.text
        stored = play.ask("GET", f"/api/artifacts/{answer.json()['artifact_id']}")
        assert stored.content == content, stored.content
    return [_ended_single(play, play.create("single"))]


def deletes(play: Play) -> list[Expected]:
    """Three runs that have ended are deleted, and one is not."""
    play.begin()
    runs = [play.create("single") for _ in WORDS]
    kept = _ended_single(play, play.create("single"))
    for run_id in runs:
        play.wait_ended(run_id)
        answer = play.ask("DELETE", f"/api/runs/{run_id}")
        # whoever asks again after a lost answer may hear that there is no such run any more
        assert answer.status_code in {204, 404}, answer.text
    return [kept, *(Expected(run_id=run_id, words=("one",), is_deleted=True) for run_id in runs)]


SCENARIOS: dict[str, Scenario] = {
    "accepts": accepts,
    "asks": asks,
    "cancels": cancels,
    "deletes": deletes,
    "family": _one_run("family", result=dict.fromkeys(WORDS, "ONE")),
    "files": files,
    "graves": graves,
    "items": _one_run("items"),
    "migrates": migrates,
    "naps": _one_run("naps"),
    "nest": _one_run("nest"),
    "orphans": orphans,
    "records": _one_run("records"),
    "renews": renews,
    "retires": retires,
    "retries": _one_run("retries", ("one",)),
    "signals": signals,
    "singles": singles,
    "uploads": uploads,
    "walk": _one_run("walk", WALK),
}
