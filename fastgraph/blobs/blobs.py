"""What a store of files by content can do: the interface of `files.py`, and of object storage in a cluster.

A blob is named by the SHA-256 of its bytes, so the same content is one file and a name never changes its meaning. Put
it first, commit the row that names it afterwards; what no row names is swept. All functions block: call them from a
thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from fastgraph.errors import FastGraphError, NotFoundError

__all__ = ["Blob", "BlobMissingError", "BlobTooLargeError", "Blobs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """What was put: its hash, which is its name, and its size in bytes."""

    sha256: str
    size: int


class BlobTooLargeError(FastGraphError):
    """More bytes came than the limit allows; nothing was kept."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        super().__init__(
            f"The content has more than the {limit_bytes} bytes that are allowed here. Send less."
        )


class BlobMissingError(NotFoundError):
    """A row names content whose file is not there."""

    def __init__(self, sha256: str) -> None:
        self.sha256 = sha256
        super().__init__(
            f"The content {sha256} is missing from the data directory. Restore it from a backup."
        )


class Blobs(Protocol):
    """A folder of blobs, or something that behaves like one."""

    def put(self, data: bytes) -> Blob:
        """Keep bytes; durable when it returns."""
        ...

    def put_file(self, path: Path, *, limit_bytes: int | None = None) -> Blob:
        """Keep a copy of a file. Raises BlobTooLargeError."""
        ...

    def put_stream(self, chunks: Iterable[bytes], *, limit_bytes: int | None = None) -> Blob:
        """Keep what a stream yields. Raises BlobTooLargeError, and whatever the stream raises; nothing is kept then."""
        ...

    def open(self, sha256: str) -> BinaryIO:
        """Open content for reading; the caller closes it. Raises BlobMissingError."""
        ...

    def read(self, sha256: str) -> bytes:
        """Return content. Raises BlobMissingError."""
        ...

    def sweep(self, find_referenced: Callable[[list[str]], set[str]], *, older_than_seconds: float) -> int:
        """Delete what is old and nothing refers to; return how many. `find_referenced` returns which of the hashes it was
        given must stay."""
        ...
