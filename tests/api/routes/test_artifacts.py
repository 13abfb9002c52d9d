"""`/api/artifacts`: in by a body or a form, out whole, in ranges or not at all, and never with our rights."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from api.schemas.artifacts import Artifact
from fastgraph.database.records import ArtifactRow
from fastgraph.ids import new_id
from fastgraph.settings import Settings
from support.served_api import Api, calling

pytestmark = pytest.mark.anyio

UNKNOWN = "01890000-0000-7000-8000-00000000dead"


async def upload(api: Api, content: bytes = b"hello", name: str = "hello.txt", **options: Any) -> str:
    answer = await api.http.post("/api/artifacts", params={"name": name}, content=content, **options)
    assert answer.status_code == 200, answer.text
    artifact_id: str = answer.json()["artifact_id"]
    return artifact_id


async def test_a_raw_body_and_a_form_are_stored_and_come_back_byte_by_byte(api: Api) -> None:
    content = bytes(range(256)) * 5000
    raw = await api.http.post("/api/artifacts/?name=a.bin", content=content)
    form = await api.http.post("/api/artifacts", files={"file": ("b.bin", content, "application/x-b")})
    for answer, name, media_type in (
        (raw, "a.bin", "application/octet-stream"),
        (form, "b.bin", "application/x-b"),
    ):
        artifact = answer.json()
        Artifact.model_validate(artifact)
        assert set(artifact) == set(Artifact.model_fields)
        assert (artifact["name"], artifact["media_type"], artifact["run_id"]) == (name, media_type, None)
        assert (artifact["size"], artifact["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
        for path in (
            f"/api/artifacts/{artifact['artifact_id']}",
            f"/api/artifacts/{artifact['artifact_id']}/",
        ):
            assert (await api.http.get(path)).content == content
    files = [path for path in api.services.store.blobs.folder.rglob("*") if path.is_file()]
    assert len(files) == 1


async def test_an_upload_that_breaks_off_or_is_too_large_leaves_nothing(settings: Settings) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 10_000

    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 10_000
        raise ConnectionError("the client has gone")

    async with calling(settings.model_copy(update={"max_upload_bytes": 100_000})) as api:
        refused = await api.http.post("/api/artifacts", content=endless())
        assert refused.status_code == 413
        assert "FASTGRAPH_MAX_UPLOAD_BYTES" in refused.json()["detail"]
        assert (await api.http.post("/api/artifacts", content=broken())).status_code == 500
        assert (await api.http.get("/api/artifacts")).json() == []
        assert [path for path in api.services.store.blobs.folder.rglob("*") if path.is_file()] == []


async def test_a_range_is_answered_with_206_and_one_that_can_not_be_met_with_416(api: Api) -> None:
    path = f"/api/artifacts/{await upload(api, b'0123456789')}"
    for header, content, shown in [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
    ]:
        answer = await api.http.get(path, headers={"Range": header})
        assert (answer.status_code, answer.content, answer.headers["content-range"]) == (206, content, shown)
    beyond = await api.http.get(path, headers={"Range": "bytes=10-"})
    assert beyond.status_code == 416
    assert beyond.headers["content-range"] == "bytes */10"
    assert beyond.headers["content-type"] == "application/problem+json"
    several = await api.http.get(path, headers={"Range": "bytes=0-0,9-9"})
    assert several.status_code == 206
    assert several.headers["content-type"].startswith("multipart/byteranges")


async def test_the_etag_is_the_contents_hash_and_spares_a_second_download(api: Api) -> None:
    path = f"/api/artifacts/{await upload(api, b'hello')}"
    etag = (await api.http.get(path)).headers["etag"]
    assert etag == f'"{hashlib.sha256(b"hello").hexdigest()}"'
    for sent in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        answer = await api.http.get(path, headers={"If-None-Match": sent})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
    assert (await api.http.get(path, headers={"If-None-Match": '"x"'})).status_code == 200
    ranged = {"Range": "bytes=0-1"}
    assert (await api.http.get(path, headers={**ranged, "If-Range": etag})).status_code == 206
    assert (await api.http.get(path, headers={**ranged, "If-Range": '"old"'})).status_code == 200


async def test_head_tells_all_but_the_bytes(api: Api) -> None:
    path = f"/api/artifacts/{await upload(api, b'hello')}"
    whole, head = await api.http.get(path), await api.http.head(path)
    assert head.status_code == 200
    assert head.content == b""
    for name in ("content-length", "etag", "content-type", "content-disposition", "accept-ranges"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize(
    ("name", "media_type", "kind"),
    [
        ("a.html", "text/html", "attachment"),
        ("a.svg", "image/svg+xml", "attachment"),
        ("a.png", "image/png", "inline"),
    ],
)
async def test_what_could_run_in_a_browser_does_not(api: Api, name: str, media_type: str, kind: str) -> None:
    artifact_id = await upload(api, b"<script>alert(1)</script>", name)
    answer = await api.http.get(f"/api/artifacts/{artifact_id}")
    assert answer.headers["content-type"].split(";")[0] == media_type
    assert answer.headers["content-disposition"].split(";")[0] == kind
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    forced = await api.http.get(f"/api/artifacts/{artifact_id}?download=true")
    assert forced.headers["content-disposition"].startswith("attachment")


async def test_a_name_can_do_nothing_to_the_headers_or_the_disk(api: Api) -> None:
    for name, shown in [
        ("reports/of/passwd", 'filename="passwd"'),
        ("Größe 1.txt", "filename*=UTF-8''Gr%C3%B6%C3%9Fe%201.txt"),
        ('a"b.txt', "filename*=UTF-8''a%22b.txt"),
    ]:
        answer = await api.http.get(f"/api/artifacts/{await upload(api, name=name)}")
        assert shown in answer.headers["content-disposition"]
    for name in ("a\r\nX-Evil: 1", "a\x00b"):
        refused = await api.http.post("/api/artifacts", params={"name": name}, content=b"x")
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == "name"


async def test_a_malformed_id_is_422_and_an_unknown_one_or_lost_bytes_404(api: Api) -> None:
    assert (await api.http.get("/api/artifacts/..%2F..%2Fetc%2Fpasswd")).status_code in {404, 422}
    assert (await api.http.get("/api/artifacts/nope")).status_code == 422
    unknown = await api.http.get(f"/api/artifacts/{UNKNOWN}")
    assert unknown.json()["type"] == "urn:fastgraph:problem:artifact-not-found"
    artifact_id = await upload(api)
    api.services.store.blobs.path(hashlib.sha256(b"hello").hexdigest()).unlink()
    lost = await api.http.get(f"/api/artifacts/{artifact_id}")
    assert lost.status_code == 404
    assert "backup" in lost.json()["detail"]


async def test_artifacts_are_listed_newest_first_and_by_run(api: Api) -> None:
    uploaded = [await upload(api, name=f"{n}.txt") for n in range(3)]
    run = await api.begin()
    blob = await asyncio.to_thread(api.services.store.blobs.put, b"made")
    made = ArtifactRow(
        artifact_id=new_id(),
        name="made.md",
        media_type="text/markdown",
        size=blob.size,
        sha256=blob.sha256,
        node="parse",
    )
    await run.artifact(made)
    everything = await api.http.get("/api/artifacts?limit=2")
    assert [row["artifact_id"] for row in everything.json()] == [made.artifact_id, uploaded[2]]
    assert everything.headers["x-total-count"] == "4"
    following = await api.http.get(everything.links["next"]["url"])
    assert [row["artifact_id"] for row in following.json()] == [uploaded[1], uploaded[0]]
    assert "next" not in following.links
    of_run = await api.http.get(f"/api/runs/{run.run_id}/artifacts/")
    assert [row["run_id"] for row in of_run.json()] == [run.run_id]
    assert (await api.http.get(f"/api/artifacts/{made.artifact_id}")).content == b"made"
