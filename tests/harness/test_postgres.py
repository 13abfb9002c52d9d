"""The PostgreSQL of the tests is a real server: separate databases, survives a crash, leaves nothing behind."""

import textwrap
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text

from support.postgres import PostgresServer, running_server
from support.process_tree import is_alive
from support.programs import ProgramStarter
from support.waiting import until


def test_a_store_is_empty_and_can_be_written(store_url: str) -> None:
    engine = create_engine(store_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE seen (id INTEGER)"))
        connection.execute(text("INSERT INTO seen VALUES (7)"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT id FROM seen")).scalar() == 7
    engine.dispose()


def test_databases_are_apart_and_are_dropped(postgres_server: PostgresServer) -> None:
    name = postgres_server.create_database()
    copy = postgres_server.create_database(template=name)
    assert name != copy
    postgres_server.drop_database(name)
    postgres_server.drop_database(copy)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        postgres_server.connect(name)


@pytest.mark.postgres
def test_a_durable_server_keeps_what_was_committed_when_it_is_killed() -> None:
    with running_server(durable=True) as server:
        with server.connect() as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS id")
        server.kill()
        server.start()
        with server.connect() as connection:
            assert connection.execute("SELECT id FROM kept").fetchone() == (1,)
            assert connection.execute("SHOW fsync").fetchone() == ("on",)
    assert not server.folder.exists()


@pytest.mark.postgres
def test_the_server_ends_when_the_tests_are_killed(start_program: ProgramStarter) -> None:
    code = """
        import signal
        from support.postgres import running_server
        with running_server() as server:
            print("folder", server.folder, flush=True)
            signal.pause()
    """
    tests = Path(__file__).parents[1]
    program = start_program("-c", textwrap.dedent(code), environment={"PYTHONPATH": str(tests)})
    folder = Path(program.wait_for_line("folder (.+)", within_seconds=60)[1])
    postmaster = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    program.kill()
    until(lambda: not is_alive(postmaster), what="the end of the server")
    until(lambda: not folder.exists(), what="the end of its folder")
