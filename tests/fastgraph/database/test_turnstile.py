"""The turnstile: one at a time over threads and processes, fair, and free of a holder that is stopped."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from fastgraph.database.holders import Holder, is_stopped, start_time
from fastgraph.database.turnstile import FileTurnstile
from support import store_program
from support.programs import Program, ProgramStarter
from support.waiting import until

PROGRAM = str(Path(store_program.__file__).resolve())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "fastgraph.db"


def start(start_program: ProgramStarter, what: str, path: Path) -> Program:
    return start_program(PROGRAM, what, f"sqlite:///{path}", str(path.parent))


def quick(path: Path, *, stopped_seconds: float = 0.2, slow_seconds: float = 60.0) -> FileTurnstile:
    path.parent.mkdir(exist_ok=True)
    return FileTurnstile(path, stopped_seconds=stopped_seconds, slow_seconds=slow_seconds, watch_seconds=0.05)


def test_one_thread_at_a_time_is_inside(path: Path) -> None:
    path.parent.mkdir()
    turnstiles = [FileTurnstile(path) for _ in range(2)]
    inside: list[int] = []
    seen: list[int] = []

    def work(turnstile: FileTurnstile) -> None:
        for _ in range(50):
            with turnstile.hold("commit"):
                inside.append(1)
                seen.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work, args=(turnstile,)) for turnstile in turnstiles * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for turnstile in turnstiles:
        turnstile.close()
    assert seen == [1] * 200


def test_closing_one_turnstile_does_not_open_another_of_the_same_process(
    path: Path, start_program: ProgramStarter
) -> None:
    """A record lock goes when any descriptor of its file is closed by the process: so there is one descriptor only."""
    first, second = quick(path), quick(path)
    with first.hold("commit"):
        second.close()
        waiting = start(start_program, "queue", path)
        waiting.wait_for_line("queueing")
        with pytest.raises(AssertionError):
            waiting.wait_for_line("held", within_seconds=0.5)
    waiting.wait_for_line("held")
    first.close()


def test_a_killed_holder_gives_everything_back_at_once(path: Path, start_program: ProgramStarter) -> None:
    holder = start(start_program, "turn", path)
    holder.wait_for_line("held")
    holder.kill()
    turnstile = quick(path)
    began = time.monotonic()
    with turnstile.hold("commit"):
        assert time.monotonic() - began < 5
    assert (turnstile.killed_stopped, turnstile.killed_slow) == (0, 0)
    turnstile.close()


def test_a_stopped_holder_is_killed_by_who_waits(path: Path, start_program: ProgramStarter) -> None:
    holder = start(start_program, "turn", path)
    holder.wait_for_line("held")
    holder.signal(signal.SIGSTOP)
    turnstile = quick(path)
    with turnstile.hold("commit"):
        assert turnstile.killed_stopped == 1
    assert holder.wait_for_exit() == -signal.SIGKILL
    turnstile.close()


def test_a_process_that_was_stopped_while_it_queued_is_killed_when_its_turn_comes(
    path: Path, start_program: ProgramStarter
) -> None:
    """The system hands it the lock although it can not say so: nothing in the holder's file names it."""
    turnstile = quick(path)
    with turnstile.hold("commit"):
        queued = start(start_program, "queue", path)
        queued.wait_for_line("queueing")
        until(lambda: _waits_for_a_lock(queued.pid), what="the process to queue")
        queued.signal(signal.SIGSTOP)
        until(lambda: is_stopped(queued.pid), what="the process to stop")
    with turnstile.hold("commit"):
        assert turnstile.killed_stopped == 1
    turnstile.close()


def test_a_slow_holder_is_killed_after_longer(path: Path, start_program: ProgramStarter) -> None:
    holder = start(start_program, "turn", path)
    holder.wait_for_line("held")
    turnstile = quick(path, slow_seconds=0.3)
    with turnstile.hold("commit"):
        assert (turnstile.killed_stopped, turnstile.killed_slow) == (0, 1)
    turnstile.close()


def test_a_slow_holder_is_killed_unless_it_is_patient_or_somebody_else(path: Path) -> None:
    turnstile = quick(path, slow_seconds=1.0)
    child = os.fork()
    if child == 0:
        signal.pause()
        os._exit(0)
    started = start_time(child)
    for purpose in ("migration", "backup"):
        turnstile._judge(Holder(child, started, 1, purpose), 1_000.0)
    turnstile._judge(Holder(child, started + "1", 1, "commit"), 1_000.0)
    turnstile._judge(Holder(child, started, 1, "commit"), 0.9)
    assert turnstile.killed_slow == 0
    turnstile._judge(Holder(child, started, 1, "commit"), 1.0)
    assert turnstile.killed_slow == 1
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    turnstile.close()


def test_a_holder_is_named_while_it_holds(path: Path) -> None:
    turnstile = quick(path)
    with turnstile.hold("backup"):
        said = turnstile._lock.holder.read()
        assert said is not None
        assert (said.pid, said.started, said.purpose) == (os.getpid(), start_time(os.getpid()), "backup")
        assert turnstile._turn.holder.read() is None
    assert turnstile._lock.holder.read() is None
    turnstile.close()


def test_a_second_process_gets_its_turn_beside_one_that_never_pauses(
    path: Path, start_program: ProgramStarter
) -> None:
    """Without the turnstile SQLite's busy handler starved it: 2 to 34 turns a second, p99 over a second."""
    busy = quick(path)
    is_over = threading.Event()

    def hog() -> None:
        while not is_over.is_set():
            with busy.hold("commit"):
                is_over.wait(0.002)

    thread = threading.Thread(target=hog)
    thread.start()
    waits = []
    try:
        for _ in range(5):
            began = time.monotonic()
            other = start(start_program, "turn", path)
            other.wait_for_line("held")
            waits.append(time.monotonic() - began)
            other.kill()
    finally:
        is_over.set()
        thread.join()
        busy.close()
    assert max(waits) < 15, waits


def _waits_for_a_lock(pid: int) -> bool:
    """A process that is blocked in fcntl says so in /proc."""
    return "->" in "".join(
        line for line in Path("/proc/locks").read_text().splitlines() if f" {pid} " in line
    )
