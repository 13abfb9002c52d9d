"""Bytes of artifacts between files and the server.

A download is written beside its target and renamed when it is whole; a name that the server gives is taken as
a file's name only, never as a path.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

import httpx

from api.cli.failures import UsageError
from fastgraph.artifact_names import file_name

__all__ = ["name_of", "read_pieces", "save", "to_stdout"]

PIECE_BYTES = 256 * 1024

_EXTENDED_NAME = re.compile(r"filename\*=utf-8''([^;\s]+)", re.IGNORECASE)


def name_of(answer: httpx.Response) -> str | None:
    """Return the file name that the server suggests, as one that leads nowhere."""
    text = answer.headers.get("Content-Disposition", "")
    if extended := _EXTENDED_NAME.search(text):  # it wins over the plain one (RFC 6266)
        said = unquote(extended[1], errors="replace")
    else:
        header = Message()
        header["Content-Disposition"] = text
        said = header.get_filename() or ""
    return file_name(said, "") or None


def save(answer: httpx.Response, target: Path, *, may_replace: bool) -> int:
    """Write the body to `target` and return its size. Raises UsageError where a file is there already or can't be."""
    if target.exists() and not may_replace:
        raise UsageError(f"{target} exists. Write over it with --force, or name another file with --output.")
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with partial.open("wb") as file:
            for piece in answer.iter_bytes(PIECE_BYTES):
                file.write(piece)
            size = file.tell()
        partial.replace(target)
    except OSError as error:
        raise UsageError(f"{target} can't be written: {error.strerror}.") from error
    finally:
        partial.unlink(missing_ok=True)
    return size


def to_stdout(answer: httpx.Response) -> None:
    """Write the body to standard output as it is."""
    for piece in answer.iter_bytes(PIECE_BYTES):
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def read_pieces(file: str) -> Iterator[bytes]:
    """Open a file, or standard input for `-`, and return its content in pieces. Raises UsageError."""
    if file == "-":
        return _pieces_of(sys.stdin.buffer)
    try:
        return _pieces_of(Path(file).open("rb"))
    except OSError as error:
        raise UsageError(f"{file} can't be read: {error.strerror}.") from error


def _pieces_of(source: BinaryIO) -> Iterator[bytes]:
    with source:
        while piece := source.read(PIECE_BYTES):
            yield piece
