"""Uploads as they come in, and the headers under which artifacts go out."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from api.downloads import disposition
from api.faults import InvalidRequestError
from api.uploads import open_upload
from fastgraph.database.artifacts import ArtifactView

pytestmark = pytest.mark.anyio

BOUNDARY = "----b"


def request(body: bytes, content_type: str = "", *, chunk: int = 7) -> Request:
    pieces = [body[start : start + chunk] for start in range(0, len(body), chunk)] or [b""]

    async def receive() -> dict[str, Any]:
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    headers = [(b"content-type", content_type.encode("latin-1"))] if content_type else []
    return Request(
        {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}, receive
    )


def form(*parts: tuple[str, bytes]) -> bytes:
    return (
        b"".join(f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + data + b"\r\n" for head, data in parts)
        + f"--{BOUNDARY}--\r\n".encode()
    )


async def joined(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


@pytest.mark.parametrize(
    ("name", "content_type", "media_type"),
    [
        ("a.txt", "", "text/plain"),
        ("a.txt", "application/x-www-form-urlencoded", "text/plain"),
        ("a.bin", "", "application/octet-stream"),
        ("a.txt", "image/png", "image/png"),
        ("a.txt", "image/png; x=1", "image/png"),
        ("a.txt", "not a type", "text/plain"),
        (None, "", "application/octet-stream"),
    ],
)
async def test_a_raw_body_is_a_file(name: str | None, content_type: str, media_type: str) -> None:
    upload = await open_upload(request(b"hello", content_type), name=name)
    assert (upload.name, upload.media_type) == (name or "upload", media_type)
    assert await joined(upload.chunks) == b"hello"


@given(st.binary(max_size=300), st.integers(1, 80))
async def test_the_first_file_of_a_form_is_taken_whatever_the_pieces(data: bytes, chunk: int) -> None:
    body = form(
        ('Content-Disposition: form-data; name="note"', b"not this"),
        ('Content-Disposition: form-data; name="file"; filename="a b.csv"\r\nContent-Type: text/csv', data),
        ('Content-Disposition: form-data; name="file"; filename="second"', b"nor this"),
    )
    upload = await open_upload(
        request(body, f"multipart/form-data; boundary={BOUNDARY}", chunk=chunk), name=None
    )
    assert (upload.name, upload.media_type) == ("a b.csv", "text/csv")
    assert await joined(upload.chunks) == data


async def test_a_name_in_the_query_wins_over_the_forms() -> None:
    body = form(('Content-Disposition: form-data; name="file"; filename="a"', b"1"))
    upload = await open_upload(request(body, f"multipart/form-data; boundary={BOUNDARY}"), name="b.json")
    assert (upload.name, upload.media_type) == ("b.json", "application/json")


@pytest.mark.parametrize(
    ("body", "content_type", "field"),
    [
        (b"x", "multipart/form-data", "Content-Type"),
        (b"x", f"multipart/form-data; boundary={BOUNDARY}", "body"),
        (
            form(('Content-Disposition: form-data; name="a"', b"1")),
            f"multipart/form-data; boundary={BOUNDARY}",
            "body",
        ),
        (form(("X: " + "y" * 20_000, b"1")), f"multipart/form-data; boundary={BOUNDARY}", "body"),
    ],
)
async def test_a_form_without_a_file_is_refused(body: bytes, content_type: str, field: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        await open_upload(request(body, content_type), name=None)
    assert caught.value.faults[0].field == field


@pytest.mark.parametrize("name", ["a\r\nb", "a\x00", "x" * 256, "\ud800"])
async def test_a_name_that_could_do_harm_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        await open_upload(request(b"x"), name=name)
    assert caught.value.faults[0].field == "name"


def artifact(name: str, media_type: str = "application/zip") -> ArtifactView:
    return ArtifactView(
        key=1,
        artifact_id="0189",
        run_id=None,
        name=name,
        media_type=media_type,
        size=1,
        sha256="0" * 64,
        node=None,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("report.md", 'attachment; filename="report.md"'),
        ("a/b/../c.txt", 'attachment; filename="c.txt"'),
        ("..\\..\\c.txt", 'attachment; filename="c.txt"'),
        ("a\r\nSet-Cookie: x", 'attachment; filename="aSet-Cookie_ x"'),
        ('a"b;c', "attachment; filename=\"a_b_c\"; filename*=UTF-8''a%22b%3Bc"),
        ("Übung.txt", "attachment; filename=\"_bung.txt\"; filename*=UTF-8''%C3%9Cbung.txt"),
        ("..", 'attachment; filename="0189"'),
        ("a/", 'attachment; filename="0189"'),
    ],
)
def test_a_disposition_holds_no_path_and_no_line_break(name: str, value: str) -> None:
    assert disposition(artifact(name)) == value


@given(st.text(max_size=300))
def test_a_disposition_is_one_header_line_of_ascii_whatever_the_name(name: str) -> None:
    value = disposition(artifact(name))
    assert value.isascii()
    assert value.isprintable()
    assert "/" not in value.split("filename*=")[0].split("filename=")[1]


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        ("image/png", "inline"),
        ("text/plain; charset=utf-8", "inline"),
        ("text/html", "attachment"),
        ("image/svg+xml", "attachment"),
        ("application/xhtml+xml", "attachment"),
        ("TEXT/HTML", "attachment"),
    ],
)
def test_only_what_can_do_nothing_is_shown_in_the_browser(media_type: str, kind: str) -> None:
    assert disposition(artifact("a", media_type)).startswith(kind)
    assert disposition(artifact("a", media_type), is_download=True).startswith("attachment")
