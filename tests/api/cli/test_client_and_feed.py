"""The client and the feed's follower, against a real server that cuts, doubles, refuses and goes away."""

import threading
from typing import Any

import pytest

from api.cli.client import Client
from api.cli.failures import LostServerError, NoServerError, RefusedError, UsageError
from api.cli.follow import follow
from support.ports import free_port
from support.small_server import RUN, SmallServer, events_of

KINDS = ("queued", "started", "node_started:parse", "node_update:parse", "node_started:report", "completed")


def seqs(events: list[dict[str, Any]]) -> list[int]:
    return [event["seq"] for event in events]


def test_a_feed_is_followed_to_its_last_event(server: SmallServer) -> None:
    server.events = events_of(*KINDS)
    with Client(server.url) as client:
        assert list(follow(client, RUN)) == server.events


def test_a_feed_that_is_cut_goes_on_where_it_was_without_hole_or_double(server: SmallServer) -> None:
    server.events = events_of(*KINDS)
    server.cut_after = 2
    with Client(server.url) as client:
        assert seqs(list(follow(client, RUN))) == [1, 2, 3, 4, 5, 6]
    assert server.feeds_opened_after == [0, 2, 4]


def test_an_event_that_is_sent_twice_is_seen_once(server: SmallServer) -> None:
    server.events = events_of(*KINDS)
    server.cut_after = 2
    server.doubles = True
    with Client(server.url) as client:
        assert seqs(list(follow(client, RUN))) == [1, 2, 3, 4, 5, 6]


def test_following_starts_after_the_number_that_is_asked_for(server: SmallServer) -> None:
    server.events = events_of(*KINDS)
    with Client(server.url) as client:
        assert seqs(list(follow(client, RUN, after=4))) == [5, 6]


def test_following_an_ended_run_after_its_last_event_ends_at_once(server: SmallServer) -> None:
    server.events = events_of(*KINDS)
    with Client(server.url) as client:
        assert list(follow(client, RUN, after=6)) == []


def test_a_server_that_is_restarted_on_the_same_port_is_followed_again() -> None:
    port = free_port()
    first = SmallServer(port)
    first.events = events_of(*KINDS[:3])
    first.status = "running"
    seen: list[int] = []
    told: list[str] = []
    three_seen = threading.Event()

    def watch() -> None:
        with Client(first.url) as client:
            for event in follow(client, RUN, on_lost=told.append):
                seen.append(event["seq"])
                if len(seen) == 3:
                    three_seen.set()

    watcher = threading.Thread(target=watch)
    watcher.start()
    assert three_seen.wait(10)
    first.close()
    second = SmallServer(port)
    try:
        second.answers_503 = 1
        second.events = events_of(*KINDS)
        watcher.join(20)
        assert seen == [1, 2, 3, 4, 5, 6]
        assert set(second.feeds_opened_after) == {3}
    finally:
        second.close()


def test_a_server_that_stays_away_is_given_up_with_the_way_to_go_on(server: SmallServer) -> None:
    server.events = events_of(*KINDS)
    server.cut_after = 2
    with Client(server.url) as client:
        feed = follow(client, RUN, patience_seconds=0.2)
        assert next(feed)["seq"] == 1
        server.close()
        with pytest.raises(LostServerError, match=f"fastgraph runs events {RUN} --follow --after 2"):
            list(feed)


def test_a_run_that_does_not_exist_is_refused_at_once(server: SmallServer) -> None:
    with Client(server.url) as client, pytest.raises(RefusedError) as refused:
        list(follow(client, "0198c0de-0000-7000-8000-00000000ffff"))
    assert refused.value.status == 404


def test_nobody_at_the_url_is_said_with_the_remedy() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with Client(url) as client, pytest.raises(NoServerError, match=r"connection refused.*fastgraph serve"):
        client.get("/api/runs/")
    with Client(url) as client, pytest.raises(NoServerError):
        list(follow(client, RUN))


def test_a_page_that_is_no_json_is_no_fastgraph_server(server: SmallServer) -> None:
    server.is_html = True
    with Client(server.url) as client, pytest.raises(NoServerError, match="text/html"):
        client.get("/api/runs/")


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://here", "http://", "http://[::1"])
def test_a_url_that_is_none_is_a_fault_of_use(url: str) -> None:
    with pytest.raises(UsageError, match="--url"):
        Client(url)


def test_a_problem_document_becomes_one_sentence_with_its_fields(server: SmallServer) -> None:
    with Client(server.url) as client, pytest.raises(RefusedError) as refused:
        client.create_run({"workflow": "text-report", "payload": {"bad": 1}}, idempotency_key="k")
    assert str(refused.value) == "The payload does not fit. payload.bad: is not known"


def test_a_page_says_how_many_there_are_in_all(server: SmallServer) -> None:
    with Client(server.url) as client:
        page = client.get_page("/api/runs/", {"limit": 1, "workflow": None})
    assert (len(page.items), page.total) == (1, 7)
    assert server.requests[-1][1] == "/api/runs/?limit=1"
