"""Content-addressed files in a folder: `ab/abcdef…`.

Write to a temporary name, fsync, rename, fsync the folder: a name that exists has all its bytes, also after a power
cut. Content that is there already gets a new mtime before its row is committed, so the sweeper, which asks for an
age, can't take it away in between (DESIGN section 5, "Sweeping").
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import uuid_utils

from fastgraph import fault_points
from fastgraph.blobs.blobs import Blob, BlobMissingError, BlobTooLargeError
from fastgraph.blobs.disk import DiskWatch

__all__ = ["SWEEP_AGE_SECONDS", "FileBlobs"]

CHUNK_BYTES = 1024 * 1024
SWEEP_AGE_SECONDS = 3_600.0
PROBE_BYTES = 64 * 1024
SWEEP_BATCH = 500  # files that are asked for in one transaction
_TEMPORARY = "new"
_SWEPT = "swept-"
_HASH = re.compile(r"[0-9a-f]{64}")
_CONTENT = "A file's content"


class FileBlobs:
    """A folder of blobs. Any number of threads and processes may use it at once.

    What stores raises DiskFullError where the disk takes no more, and notes it in `disk`.
    """

    def __init__(self, folder: Path, disk: DiskWatch | None = None) -> None:
        self.folder = folder
        self._disk = disk or DiskWatch()
        (folder / _TEMPORARY).mkdir(parents=True, exist_ok=True)

    def put(self, data: bytes) -> Blob:
        """Keep bytes; durable when it returns."""
        sha256 = hashlib.sha256(data).hexdigest()
        if not self._touch(sha256):
            with self._disk.storing(_CONTENT), self._temporary() as path:
                fault_points.reach(fault_points.ARTIFACT_TMP_WRITTEN)
                _write(path, [data])
                fault_points.passed(fault_points.ARTIFACT_TMP_WRITTEN)
                self._name(path, sha256)
        return Blob(sha256=sha256, size=len(data))

    def put_file(self, path: Path, *, limit_bytes: int | None = None) -> Blob:
        """Keep a copy of a file. Raises BlobTooLargeError."""
        with path.open("rb") as file:
            return self.put_stream(iter(lambda: file.read(CHUNK_BYTES), b""), limit_bytes=limit_bytes)

    def put_stream(self, chunks: Iterable[bytes], *, limit_bytes: int | None = None) -> Blob:
        """Keep what a stream yields, without holding it in memory. Raises BlobTooLargeError, and whatever the stream
        raises; nothing is kept then."""
        with self.receive(limit_bytes=limit_bytes) as receiver:
            for chunk in chunks:
                receiver.write(chunk)
            return receiver.finish()

    @contextlib.contextmanager
    def receive(self, *, limit_bytes: int | None = None) -> Iterator[Receiver]:
        """Take content in pieces, for callers that are handed them one by one; without `finish` nothing is kept."""
        with self._disk.storing(_CONTENT), self._temporary() as path:
            file = path.open("xb")
            try:
                yield Receiver(self, path, file, limit_bytes)
                file.close()
            finally:
                # What could not be written is thrown away; a second complaint about it would hide the first.
                with contextlib.suppress(OSError):
                    file.close()

    def open(self, sha256: str) -> BinaryIO:
        """Open content for reading; the caller closes it. Raises BlobMissingError."""
        path = self.path(sha256)
        # A sweep may have it in its hands, and put it back meanwhile.
        for place in (path, self._swept(sha256), path):
            with contextlib.suppress(FileNotFoundError):
                return place.open("rb")
        raise BlobMissingError(sha256)

    def read(self, sha256: str) -> bytes:
        """Return content. Raises BlobMissingError."""
        with self.open(sha256) as file:
            return file.read()

    def path(self, sha256: str) -> Path:
        """Return where content of this hash lies or would lie; ValueError for what is no hash, so no name from outside
        leads out of the folder."""
        if not _HASH.fullmatch(sha256):
            raise ValueError(f"{sha256!r} is no SHA-256 in lower case hexadecimal digits")
        return self.folder / sha256[:2] / sha256

    def probe(self) -> None:
        """Write a little and throw it away. Raises DiskFullError where the disk takes no more."""
        with self._disk.storing("A probe"), self._temporary() as path:
            _write(path, [bytes(PROBE_BYTES)])

    def sweep(
        self,
        find_referenced: Callable[[list[str]], set[str]],
        *,
        older_than_seconds: float = SWEEP_AGE_SECONDS,
    ) -> int:
        """Delete files that are old and that nothing refers to, and left-over temporary ones; return how many.

        `find_referenced` is asked in batches and returns which of the hashes it was given must stay.
        """
        oldest = time.time() - older_than_seconds
        self._restore()
        old = [path.name for path in self._files() if _is_older(path, oldest)]
        swept = 0
        for start in range(0, len(old), SWEEP_BATCH):
            batch = old[start : start + SWEEP_BATCH]
            swept += sum(self._discard(sha256, oldest) for sha256 in set(batch) - find_referenced(batch))
        for path in (self.folder / _TEMPORARY).iterdir():
            if not path.name.startswith(_SWEPT) and _is_older(path, oldest):
                path.unlink(missing_ok=True)
                swept += 1
        return swept

    def _discard(self, sha256: str, oldest: float) -> bool:
        """Delete a file unless somebody has put the same content since we looked.

        It is renamed first: whoever puts it from here on finds nothing and writes it anew, and whoever did so before has
        made it young, which is seen now. Between a look at the age and a delete there would be a gap.
        """
        path = self.path(sha256)
        swept = self._swept(sha256)
        try:
            path.rename(swept)
        except FileNotFoundError:
            return False
        if _is_older(swept, oldest):
            swept.unlink(missing_ok=True)
            return True
        with contextlib.suppress(
            FileNotFoundError
        ):  # another sweep that began just now has put it back already
            swept.replace(path)
        return False

    def _swept(self, sha256: str) -> Path:
        return self.folder / _TEMPORARY / f"{_SWEPT}{sha256}"

    def _restore(self) -> None:
        """Put back what a sweep had in its hands when its process was killed."""
        for swept in (self.folder / _TEMPORARY).glob(f"{_SWEPT}*"):
            with contextlib.suppress(FileNotFoundError):  # the sweep lives, and was quicker
                swept.replace(self.path(swept.name.removeprefix(_SWEPT)))

    def name_file(self, path: Path, sha256: str) -> None:
        """Give a complete temporary file its name, unless the content is there already."""
        if self._touch(sha256):
            path.unlink()
        else:
            self._name(path, sha256)

    def _name(self, path: Path, sha256: str) -> None:
        final = self.path(sha256)
        is_new_folder = not final.parent.exists()
        final.parent.mkdir(exist_ok=True)
        fault_points.reach(fault_points.ARTIFACT_RENAMED)
        path.replace(final)
        _sync_folder(final.parent)
        if is_new_folder:
            _sync_folder(self.folder)
        fault_points.passed(fault_points.ARTIFACT_RENAMED)

    def _touch(self, sha256: str) -> bool:
        """Make content that is there young again; False where it is not.

        It is looked for once more afterwards: between finding a file by its name and changing its time, the system lets
        a sweep take the name away, look at the age and delete it.
        """
        path = self.path(sha256)
        try:
            os.utime(path)
        except FileNotFoundError:
            return False
        return path.exists()

    def _files(self) -> Iterator[Path]:
        for folder in self.folder.iterdir():
            if len(folder.name) == 2:
                yield from (path for path in folder.iterdir() if _HASH.fullmatch(path.name))

    @contextlib.contextmanager
    def _temporary(self) -> Iterator[Path]:
        path = self.folder / _TEMPORARY / str(uuid_utils.uuid7())
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)


class Receiver:
    """Content that is coming in. Not for several threads."""

    def __init__(self, blobs: FileBlobs, path: Path, file: BinaryIO, limit_bytes: int | None) -> None:
        self._blobs = blobs
        self._path = path
        self._file = file
        self._limit_bytes = limit_bytes
        self._hash = hashlib.sha256()
        self._size = 0

    def write(self, chunk: bytes) -> None:
        """Take a piece. Raises BlobTooLargeError as soon as the limit is passed."""
        self._size += len(chunk)
        if self._limit_bytes is not None and self._size > self._limit_bytes:
            raise BlobTooLargeError(self._limit_bytes)
        self._hash.update(chunk)
        self._file.write(chunk)

    def finish(self) -> Blob:
        """Keep what came; durable when it returns."""
        fault_points.reach(fault_points.ARTIFACT_TMP_WRITTEN)
        self._file.flush()
        os.fsync(self._file.fileno())
        fault_points.passed(fault_points.ARTIFACT_TMP_WRITTEN)
        sha256 = self._hash.hexdigest()
        self._blobs.name_file(self._path, sha256)
        return Blob(sha256=sha256, size=self._size)


def _write(path: Path, chunks: Iterable[bytes]) -> None:
    with path.open("xb") as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make names in a folder durable; Windows can't open a folder and does so by itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_older(path: Path, moment: float) -> bool:
    try:
        return path.stat().st_mtime < moment
    except FileNotFoundError:
        return False
