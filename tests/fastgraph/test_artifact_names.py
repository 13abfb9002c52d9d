"""Names of artifacts: whatever somebody calls a file, it leads nowhere."""

from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastgraph.artifact_names import MAX_FILE_NAME_BYTES, checked_name, file_name

HOSTILE = [
    "../../etc/passwd",
    "..\\..\\boot.ini",
    "/etc/passwd",
    "\\\\server\\share\\file",
    "C:\\boot.ini",
    "c:boot.ini",
    "a/../../b",
    "..",
    ".",
    "a\x00.txt",
    "a\r\nSet-Cookie: x",
    "CON",
    "nul.txt",
    "com1",
    "LPT9.tar.gz",
    "COM\u00b9",
    "\uff0e\uff0e\uff0fetc",
    "\u2024\u2024/etc",
    "\u2025/etc",
    "..\u2215..\u2215etc",
    "..\uff3cetc",
    "invoice\u202efdp.exe",
    "a\u200b.txt",
    "a\u2028b",
    "\ud800",
    "",
    "x" * 256,
]
FRIENDLY = [
    "report.md",
    "reports/2026/a b.csv",
    "Übung.txt",
    "日本語.pdf",
    "a..b",
    "...x",
    "console.log",
    "①.txt",
    "12%.txt",
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_name_that_is_made_to_lead_somewhere_is_refused(name: str) -> None:
    assert checked_name(name) is not None


@pytest.mark.parametrize("name", FRIENDLY, ids=range(len(FRIENDLY)))
def test_a_label_is_kept_as_it_is(name: str) -> None:
    assert checked_name(name) is None
    assert file_name(name, "fallback") == name.rsplit("/", 1)[-1]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_name_becomes_a_file_of_the_folder_at_hand(name: str, tmp_path: Path) -> None:
    _check(file_name(name, "fallback"), tmp_path)


@given(
    name=st.text(max_size=400)
    | st.text(alphabet="./\\:\u2024\u2025\uff0f\uff0e\u2215 conulpt1\u00b9\x00\u202e", max_size=30)
)
def test_any_name_becomes_a_file_of_the_folder_at_hand(name: str) -> None:
    _check(file_name(name, "fallback"), Path("/somewhere"))


def _check(name: str, folder: Path) -> None:
    assert name
    assert len(name.encode()) <= MAX_FILE_NAME_BYTES + 1
    assert (folder / name).parent == folder
    assert (folder / name).resolve().parent == folder.resolve()
    windows = PureWindowsPath("C:\\somewhere") / name
    assert windows.parent == PureWindowsPath("C:\\somewhere")
    assert not PureWindowsPath(name).is_reserved()
    assert name == name.rstrip(". ")
    assert name.isprintable() or " " in name or not name.isascii()
    assert checked_name(name) is None or len(name) > 255 or ":" in name
