"""Files by content: whole or not there, once for the same content, and swept only when nothing names them."""

import hashlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastgraph.blobs.blobs import BlobMissingError, Blobs, BlobTooLargeError
from fastgraph.blobs.files import FileBlobs

HOUR = 3_600


@pytest.fixture
def blobs(tmp_path: Path) -> FileBlobs:
    kept: Blobs = FileBlobs(tmp_path / "artifacts")  # the class keeps the promises of the protocol
    assert isinstance(kept, FileBlobs)
    return kept


def files(blobs: FileBlobs) -> list[str]:
    return sorted(path.name for path in blobs.folder.rglob("*") if path.is_file())


def make_old(blobs: FileBlobs, sha256: str) -> None:
    moment = time.time() - 2 * HOUR
    os.utime(blobs.path(sha256), (moment, moment))


def keep_none(_hashes: list[str]) -> set[str]:
    return set()


def test_content_is_named_by_its_hash_and_comes_back(blobs: FileBlobs, tmp_path: Path) -> None:
    data = b"hello" * 1_000_000
    (tmp_path / "given").write_bytes(data)
    expected = hashlib.sha256(data).hexdigest()
    kept = [
        blobs.put(data),
        blobs.put_file(tmp_path / "given"),
        blobs.put_stream(iter([data[:10], b"", data[10:]])),
    ]
    assert {(blob.sha256, blob.size) for blob in kept} == {(expected, len(data))}
    assert blobs.read(expected) == data
    with blobs.open(expected) as file:
        assert file.read(5) == b"hello"
    assert files(blobs) == [expected]


@given(parts=st.lists(st.binary(max_size=50), max_size=5))
def test_any_split_of_a_stream_is_the_same_content(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]
) -> None:
    blobs = FileBlobs(tmp_path_factory.mktemp("blobs"))
    blob = blobs.put_stream(parts)
    assert blob == blobs.put(b"".join(parts))
    assert blobs.read(blob.sha256) == b"".join(parts)


def test_more_than_the_limit_is_refused_and_leaves_nothing(blobs: FileBlobs) -> None:
    asked = []

    def chunks() -> Iterator[bytes]:
        for number in range(100):
            asked.append(number)
            yield b"x" * 10

    with pytest.raises(BlobTooLargeError, match="35 bytes"):
        blobs.put_stream(chunks(), limit_bytes=35)
    assert asked == [0, 1, 2, 3]
    assert files(blobs) == []
    assert blobs.put_stream([b"x" * 35], limit_bytes=35).size == 35


def test_a_stream_that_breaks_leaves_nothing(blobs: FileBlobs) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        blobs.put_stream(broken())
    with blobs.receive() as receiver:
        receiver.write(b"never finished")
    assert files(blobs) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "\n", ""])
def test_what_is_no_hash_names_no_file(blobs: FileBlobs, name: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        blobs.path(name)


def test_missing_content_is_named(blobs: FileBlobs) -> None:
    with pytest.raises(BlobMissingError, match="0000"):
        blobs.read("0" * 64)


def test_only_old_content_that_nothing_names_is_swept(blobs: FileBlobs) -> None:
    young, old, named = (blobs.put(word).sha256 for word in (b"young", b"old", b"named"))
    make_old(blobs, old)
    make_old(blobs, named)
    assert blobs.sweep(lambda hashes: {named} & set(hashes)) == 1
    assert files(blobs) == sorted((young, named))


def test_content_that_is_put_again_is_young(blobs: FileBlobs) -> None:
    sha256 = blobs.put(b"again").sha256
    make_old(blobs, sha256)
    blobs.put(b"again")
    assert blobs.sweep(keep_none) == 0


def test_content_that_is_put_while_it_is_being_swept_survives(blobs: FileBlobs) -> None:
    """It is old when the sweep looks, and a writer puts it again before the sweep deletes it."""
    sha256 = blobs.put(b"again").sha256
    make_old(blobs, sha256)

    def put_meanwhile(hashes: list[str]) -> set[str]:
        assert hashes == [sha256]
        blobs.put(b"again")
        return set()

    assert blobs.sweep(put_meanwhile) == 0
    assert blobs.read(sha256) == b"again"


def test_content_that_is_swept_between_its_finding_and_its_touch_is_written_anew(
    blobs: FileBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """utimensat finds the file and then sets the time of what it found; here the sweep comes in between."""
    sha256 = blobs.put(b"again").sha256
    make_old(blobs, sha256)

    def swept_before_it_is_touched(path: Path) -> None:
        assert path.exists()
        assert blobs.sweep(keep_none) == 1

    monkeypatch.setattr(os, "utime", swept_before_it_is_touched)
    assert blobs.put(b"again").sha256 == sha256
    assert blobs.read(sha256) == b"again"


def test_content_that_a_sweep_has_in_its_hands_can_be_read(blobs: FileBlobs) -> None:
    sha256 = blobs.put(b"held").sha256
    blobs.path(sha256).rename(blobs.folder / "new" / f"swept-{sha256}")
    assert blobs.read(sha256) == b"held"


def test_a_writer_beside_a_sweeper_never_loses_what_it_put(blobs: FileBlobs) -> None:
    lost: list[int] = []
    is_over = threading.Event()

    def sweep() -> None:
        while not is_over.is_set():
            blobs.sweep(keep_none, older_than_seconds=HOUR)

    sweeper = threading.Thread(target=sweep)
    sweeper.start()
    for number in range(300):
        sha256 = blobs.put(b"same").sha256
        try:
            blobs.read(sha256)
        except BlobMissingError:
            lost.append(number)
        try:
            make_old(blobs, sha256)
        except FileNotFoundError:
            continue
    is_over.set()
    sweeper.join()
    assert lost == []


def test_a_sweep_that_was_killed_gives_back_what_it_held(blobs: FileBlobs) -> None:
    sha256 = blobs.put(b"held").sha256
    blobs.path(sha256).rename(blobs.folder / "new" / f"swept-{sha256}")
    assert blobs.sweep(keep_none) == 0
    assert blobs.read(sha256) == b"held"


def test_old_temporary_files_are_swept(blobs: FileBlobs) -> None:
    left = blobs.folder / "new" / "018f0000-0000-7000-8000-000000000000"
    left.write_bytes(b"of a process that was killed")
    assert blobs.sweep(keep_none) == 0
    moment = time.time() - 2 * HOUR
    os.utime(left, (moment, moment))
    assert blobs.sweep(keep_none) == 1
    assert files(blobs) == []
