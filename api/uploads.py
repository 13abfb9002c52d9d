"""Files that come in: a raw body, or the one file of a multipart form, handed on in chunks as they arrive.

Nothing is held in memory but the chunk at hand, and a name that came in is never a path of ours: it is a label that is
checked and kept.
"""

from __future__ import annotations

import mimetypes
import re
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import Message as Header

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser
from starlette.requests import Request

from api.faults import Fault, InvalidRequestError
from fastgraph.artifact_names import checked_name

__all__ = ["MEDIA_TYPE", "Upload", "open_upload"]

MAX_PART_HEADER_BYTES = 16 * 1024

_DEFAULT_NAME = "upload"
_DEFAULT_TYPE = "application/octet-stream"
# What clients send when nobody told them what the bytes are; the name says more.
_MEANINGLESS = frozenset({"", "application/x-www-form-urlencoded", _DEFAULT_TYPE, "multipart/form-data"})
MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file on its way in; `chunks` can be read once."""

    name: str
    media_type: str
    chunks: AsyncIterator[bytes]


async def open_upload(request: Request, *, name: str | None) -> Upload:
    """Begin to read the file of a request. Raises InvalidRequestError for a bad name and for a form without a file."""
    media_type, boundary = _content_type(request)
    if media_type != "multipart/form-data":
        label = _checked_name(name or _DEFAULT_NAME)
        return Upload(name=label, media_type=_media_type(media_type, label), chunks=request.stream())
    if not boundary:
        raise InvalidRequestError(Fault("Content-Type", "is multipart/form-data without a boundary"))
    form = _Form(boundary)
    chunks = form.read(request.stream())
    first = await anext(chunks, b"")
    if form.file_name is None:
        raise InvalidRequestError(Fault("body", "is a form without a file; add a part with a filename"))
    label = _checked_name(name or form.file_name or _DEFAULT_NAME)
    return Upload(name=label, media_type=_media_type(form.media_type, label), chunks=_chained(first, chunks))


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


def _content_type(request: Request) -> tuple[str, bytes]:
    header = Header()
    header["content-type"] = request.headers.get("content-type", "")
    boundary = header.get_param("boundary", "")
    written = request.headers.get("content-type", "").split(";")[0].strip().lower()
    return written, boundary.encode("latin-1", "ignore") if isinstance(boundary, str) else b""


def _checked_name(name: str) -> str:
    fault = checked_name(name)
    if fault is not None:
        raise InvalidRequestError(Fault("name", fault))
    return name


def _media_type(declared: str, name: str) -> str:
    if declared not in _MEANINGLESS and MEDIA_TYPE.fullmatch(declared):
        return declared
    return mimetypes.guess_type(name, strict=False)[0] or _DEFAULT_TYPE


class _Form:
    """The first file of a multipart form. Fields and further files are read over."""

    def __init__(self, boundary: bytes) -> None:
        self.file_name: str | None = None
        self.media_type = ""
        self._ready: deque[bytes] = deque()
        self._header_name = b""
        self._header_value = b""
        self._headers: dict[bytes, bytes] = {}
        self._is_file = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._on_header_name,
                "on_header_value": self._on_header_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._end_headers,
                "on_part_data": self._on_data,
            },
        )

    async def read(self, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield the file's bytes; the first item comes as soon as its name is known, and may be empty."""
        is_announced = False
        try:
            async for chunk in stream:
                self._parser.write(chunk)
                if self.file_name is not None and not is_announced:
                    is_announced = True
                    yield b""
                while self._ready:
                    yield self._ready.popleft()
            self._parser.finalize()
        except FormParserError as error:
            raise InvalidRequestError(Fault("body", f"is no multipart form: {error}")) from error

    def _begin_part(self) -> None:
        self._headers.clear()
        self._is_file = False

    def _on_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]
        self._bound_header()

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]
        self._bound_header()

    def _bound_header(self) -> None:
        if len(self._header_name) + len(self._header_value) > MAX_PART_HEADER_BYTES:
            raise InvalidRequestError(Fault("body", "is a form with an endless header"))

    def _end_header(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name = self._header_value = b""

    def _end_headers(self) -> None:
        if self.file_name is not None:
            return
        disposition = Header()
        disposition["content-disposition"] = self._headers.get(b"content-disposition", b"").decode(
            "utf-8", "replace"
        )
        name = disposition.get_filename()
        if name is not None:
            self.file_name = name
            self.media_type = (
                self._headers.get(b"content-type", b"").decode("latin-1").split(";")[0].strip().lower()
            )
            self._is_file = True

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._ready.append(data[start:end])
