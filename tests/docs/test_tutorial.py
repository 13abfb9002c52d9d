"""The tutorial works as it is typed: its file grows, its server is started anew, its host is killed, its run ends well."""

from itertools import chain
from pathlib import Path

import pytest

from support.pages import BLOCK, type_command
from support.programs import ProgramStarter
from support.serving import Serving
from support.sources import text
from support.waiting import until

PAGE = Path("docs/tutorial.md")
# What a reader waits for before typing on.
STATUS_AFTER = {"fastgraph run ": "interrupted", "runs resume": "waiting", "runs signal": "completed"}


@pytest.mark.slow
def test_the_commands_of_the_tutorial_work_in_order(start_program: ProgramStarter, tmp_path: Path) -> None:
    reader = Reader(start_program, tmp_path)
    with reader.serving.client as client:
        for kind, source in BLOCK.findall(text(PAGE)):
            if kind == "python":
                reader.add_to_file(source)
            else:
                for line in source.splitlines():
                    reader.type(line.removeprefix("$ "))
        events = client.events(reader.run_id)
        assert client.run(reader.run_id)["result"]["shop"] == "Pulp Friction"
    kinds = [event["event"] for event in events]
    assert kinds[-1] == "completed"
    assert [kinds.count(kind) for kind in ("interrupted", "signal", "artifact")] == [1, 1, 1]
    finished = [event["node"] for event in events if event["event"] == "node_update"]
    assert finished == [*["collect"] * 3, "compare", "approve", "order", "await_parcels", "keep_record"]
    assert any("record.md" in line for line in chain.from_iterable(reader.printed))


class Reader:
    """Somebody with the page before them."""

    def __init__(self, start_program: ProgramStarter, folder: Path) -> None:
        self._start_program = start_program
        self._file = folder / "flows.py"
        self.serving = Serving(start_program, folder, flows=self._file)
        self.run_id = ""
        self.printed: list[list[str]] = []

    def add_to_file(self, source: str) -> None:
        with self._file.open("a") as file:
            file.write(source + "\n")

    def type(self, line: str) -> None:
        if line.startswith("fastgraph serve"):
            if hasattr(self.serving, "program"):
                self.serving.program.terminate()
            self.serving.start()
        elif line.startswith("kill -9"):
            self.serving.kill_host()
        else:
            self._type_command(line)

    def _type_command(self, line: str) -> None:
        if "$THREAD_ID" in line:
            line = line.replace("$THREAD_ID", self.serving.client.run(self.run_id)["thread_id"])
        typed = type_command(self._start_program, line.replace("$RUN_ID", self.run_id), self.serving.port)
        self.printed.append(typed.lines)
        if "--follow" in line:
            return
        if line.startswith("fastgraph run "):
            self.run_id = typed.lines[-1].split()[0]
        status = next((status for words, status in STATUS_AFTER.items() if words in line), None)
        if status is not None:
            until(lambda: self.serving.client.run(self.run_id)["status"] == status, what=status)
