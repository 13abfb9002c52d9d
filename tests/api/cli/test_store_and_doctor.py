"""`fastgraph db` and `fastgraph doctor`, on real files, a real PostgreSQL and real ports."""

import json
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.ports import free_port
from support.small_server import SmallServer

Fastgraph = Callable[..., subprocess.CompletedProcess[str]]


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, tuple[str, str]]:
    return {entry["subject"]: (entry["level"], entry["seen"]) for entry in json.loads(done.stdout)}


def test_a_store_is_made_upgraded_and_found_current(fastgraph: Fastgraph, store_url: str) -> None:
    before = fastgraph("db", "check", "--database-url", store_url)
    assert before.returncode == 1
    assert before.stderr
    assert fastgraph("db", "upgrade", "--database-url", store_url).returncode == 0
    after = fastgraph("db", "check", "--json", "--database-url", store_url)
    assert (after.returncode, json.loads(after.stdout)["is_current"]) == (0, True)
    assert fastgraph("db", "upgrade", "--database-url", store_url).returncode == 0


def test_looking_at_a_store_makes_no_file(fastgraph: Fastgraph, tmp_path: Path) -> None:
    fastgraph("db", "check")
    fastgraph("doctor")
    assert list(tmp_path.iterdir()) == []


def test_a_store_of_a_newer_program_is_left_alone(fastgraph: Fastgraph, tmp_path: Path) -> None:
    assert fastgraph("db", "upgrade").returncode == 0
    connection = sqlite3.connect(tmp_path / "data" / "fastgraph.db")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    check = fastgraph("db", "check")
    assert (check.returncode, "9999" in check.stdout, "newer program" in check.stderr) == (1, True, True)
    upgrade = fastgraph("db", "upgrade")
    assert (upgrade.returncode, upgrade.stderr.count("\n"), "9999" in upgrade.stderr) == (6, 1, True)
    assert findings(fastgraph("doctor", "--json"))["store"][0] == "fail"


@pytest.mark.parametrize("verb", ["check", "upgrade"])
def test_a_database_that_does_not_answer_is_one_sentence(fastgraph: Fastgraph, verb: str) -> None:
    url = f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/nowhere"
    done = fastgraph("db", verb, "--database-url", url)
    assert done.returncode == {"check": 1, "upgrade": 6}[verb]
    assert "FASTGRAPH_DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_setting_that_is_wrong_is_named(fastgraph: Fastgraph) -> None:
    done = fastgraph("db", "check", FASTGRAPH_PORT="seventy", FASTGRAPH_LOG_LEVEL="loud")
    assert done.returncode == 2
    assert "FASTGRAPH_PORT" in done.stderr
    assert "FASTGRAPH_LOG_LEVEL" in done.stderr


def test_the_doctor_without_a_server_is_content_with_a_free_port(fastgraph: Fastgraph) -> None:
    done = fastgraph(
        "doctor", "--json", "--port", str(free_port()), "--url", f"http://127.0.0.1:{free_port()}"
    )
    seen = findings(done)
    assert done.returncode == 0
    assert seen["python"][0] == seen["packages"][0] == seen["names"][0] == seen["data folder"][0] == "ok"
    assert seen["port"][0] == "ok"
    assert seen["server"][0] == "warn"


def test_the_doctor_names_a_port_that_is_taken(fastgraph: Fastgraph) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = fastgraph("doctor", "--port", str(port), "--url", f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 1
    assert f"Port {port} on 127.0.0.1 is taken" in done.stdout
    assert "--port" in done.stdout


def test_the_doctor_sees_a_server_without_hosts(fastgraph: Fastgraph, server: SmallServer) -> None:
    server.health = {"status": "failing", "hosts": []}
    seen = findings(fastgraph("doctor", "--json", "--url", server.url))
    assert seen["hosts"][0] == "fail"
    server.health = {"status": "ok", "hosts": [{"is_alive": True, "active_runs": 3}]}
    seen = findings(fastgraph("doctor", "--json", "--url", server.url))
    assert seen["hosts"] == ("ok", "1 alive with 3 runs in hand")
    assert seen["workflows"] == ("ok", "text-report")


def test_the_doctor_names_a_data_folder_that_is_a_file(fastgraph: Fastgraph, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    done = fastgraph("doctor", "--json")
    assert (done.returncode, findings(done)["data folder"][0]) == (1, "fail")
