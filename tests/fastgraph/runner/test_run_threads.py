"""The threads of one run."""

import threading
import time
from contextvars import ContextVar
from functools import partial

from fastgraph.in_process.threads import RunThreads

WHERE: ContextVar[str] = ContextVar("where", default="")


def test_work_that_waits_for_other_work_runs_beside_it() -> None:
    threads = RunThreads(limit=40, at_once=3)
    met = threading.Event()
    meeting = threading.Barrier(40, action=met.set)
    for _ in range(40):
        threads.submit(lambda: meeting.wait(30))
    ends_at = time.monotonic() + 30
    while not met.wait(threads.grow() or 1.0) and time.monotonic() < ends_at:
        pass
    threads.close()
    assert met.is_set()


def test_no_thread_is_added_while_work_is_finished() -> None:
    threads = RunThreads(limit=40, at_once=1)
    gate, done = threading.Event(), threading.Semaphore(0)

    def work() -> None:
        gate.wait(10)
        done.release()

    for _ in range(3):
        threads.submit(work)
    assert threads.grow() is not None, "work waits"
    gate.set()
    for _ in range(3):
        assert done.acquire(timeout=10)
    assert threads.grow() is None, "none waits"
    threads.close()
    assert len(threads._threads) == 1


def test_all_work_is_done_and_by_no_more_threads_than_the_limit() -> None:
    threads = RunThreads(limit=3)
    names: list[str] = []
    done = threading.Semaphore(0)

    def work() -> None:
        names.append(threading.current_thread().name)
        done.release()

    for _ in range(200):
        threads.submit(work)
    for _ in range(200):
        assert done.acquire(timeout=10)
    threads.close()
    assert set(names) <= {"fastgraph-node_0", "fastgraph-node_1", "fastgraph-node_2"}


def test_a_thread_that_is_free_is_used_again() -> None:
    threads = RunThreads(limit=9)
    idents: set[int] = set()

    def work(done: threading.Event) -> None:
        idents.add(threading.get_ident())
        done.set()

    for _ in range(20):
        done = threading.Event()
        threads.submit(partial(work, done))
        assert done.wait(10)
    threads.close()
    # one that is about to be free may be overtaken
    assert len(idents) <= 3


def test_each_piece_of_work_has_the_context_that_it_was_handed_in_with() -> None:
    threads = RunThreads(limit=1)
    seen: list[str] = []
    done = threading.Semaphore(0)

    def work() -> None:
        seen.append(WHERE.get())
        WHERE.set("elsewhere")
        done.release()

    for name in ("one", "two", ""):
        token = WHERE.set(name)
        threads.submit(work)
        WHERE.reset(token)
    for _ in range(3):
        assert done.acquire(timeout=10)
    threads.close()
    assert seen == ["one", "two", ""]


def test_closing_waits_for_what_has_begun_and_gives_up_the_rest() -> None:
    threads = RunThreads(limit=1)
    begun, may_end = threading.Event(), threading.Event()
    ended: list[int] = []

    def first() -> None:
        begun.set()
        may_end.wait(10)
        ended.append(1)

    threads.submit(first)
    threads.submit(lambda: ended.append(2))
    assert begun.wait(10)
    closing = threading.Thread(target=threads.close)
    closing.start()
    may_end.set()
    closing.join(10)
    assert ended in ([1], [1, 2])
