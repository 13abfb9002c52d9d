"""API keys against the real application: who is let in, as whom, and what a role allows."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from api.security.callers import Role
from api.security.keys import parse_keys
from api.security.permissions import required_role
from fastgraph.database.keys import hash_of_key
from fastgraph.errors import SettingsError
from fastgraph.settings import Settings
from support.served_api import Api, calling

pytestmark = pytest.mark.anyio

READ, RUN, OPERATE = "key-that-reads", "key-that-runs", "key-that-operates"


def as_(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
async def keyed_api(settings: Settings) -> AsyncIterator[Api]:
    keys = SecretStr(f"read:{READ},run:{RUN}, {OPERATE}")
    async with calling(settings.model_copy(update={"api_keys": keys})) as running:
        await running.host.publish()
        yield running


def from_afar(api: Api, address: str = "203.0.113.9") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(api.app, client=(address, 5000))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")


async def test_a_request_without_a_key_is_401_and_says_what_to_send(keyed_api: Api) -> None:
    answer = await keyed_api.http.get("/api/runs/")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["type"] == "urn:fastgraph:problem:key-needed"
    assert "Authorization: Bearer" in answer.json()["detail"]


@pytest.mark.parametrize(
    "header", ["Bearer nonsense", "Bearer ", f"Basic {OPERATE}", OPERATE, f"bearer{OPERATE}"]
)
async def test_what_is_no_known_key_is_401(keyed_api: Api, header: str) -> None:
    answer = await keyed_api.http.get("/api/runs/", headers={"Authorization": header})
    assert answer.status_code == 401
    assert OPERATE not in answer.text


async def test_a_key_in_the_url_is_no_key(keyed_api: Api) -> None:
    for name in ("key", "api_key", "token", "access_token"):
        assert (await keyed_api.http.get(f"/api/runs/?{name}={OPERATE}")).status_code == 401


async def test_only_liveness_and_pages_are_open(keyed_api: Api) -> None:
    assert (await keyed_api.http.get("/api/monitoring/health/live")).status_code == 200
    assert (await keyed_api.http.get("/docs")).status_code == 200
    assert (await keyed_api.http.get("/api/monitoring/health")).status_code == 401
    assert (await keyed_api.http.get("/api/keys/me")).status_code == 401
    for path in ("/api//runs", "/api/runs//", "/api", "/api/nothing"):
        assert (await keyed_api.http.get(path)).status_code == 401, path


async def test_a_line_feed_behind_a_path_opens_nothing(keyed_api: Api) -> None:
    assert (await keyed_api.http.get("/metrics%0A")).status_code == 401
    assert (await keyed_api.http.get("/metrics%0A/")).status_code == 401
    assert (await keyed_api.http.get("/api/keys%0A", headers=as_(READ))).status_code == 403
    assert (await keyed_api.http.get("/api/keys%0A/", headers=as_(READ))).status_code == 403


async def test_each_role_does_its_own_and_what_is_below(keyed_api: Api) -> None:
    http = keyed_api.http
    body = {"name": "test-run", "payload": {}}
    assert (await http.get("/api/runs/", headers=as_(READ))).status_code == 200
    refused = await http.post("/api/runs/", json=body, headers=as_(READ))
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:fastgraph:problem:forbidden")
    assert "needs run" in refused.json()["detail"]
    made = await http.post("/api/runs/", json=body, headers=as_(RUN))
    assert made.status_code == 200
    run = f"/api/runs/{made.json()['run_id']}"
    assert (await http.post(f"{run}/cancel", headers=as_(READ))).status_code == 403
    assert (await http.post(f"{run}/cancel", headers=as_(RUN))).status_code == 202
    assert (await http.delete(run, headers=as_(RUN))).status_code == 403
    assert (await http.get("/api/keys", headers=as_(RUN))).status_code == 403
    assert (await http.post("/api/keys", json={"name": "x"}, headers=as_(RUN))).status_code == 403
    assert (await http.get("/api/keys", headers=as_(OPERATE))).status_code == 200


async def test_who_asks_is_told_their_name_and_roles(keyed_api: Api) -> None:
    answer = await keyed_api.http.get("/api/keys/me", headers=as_(RUN))
    assert answer.json() == {"name": "settings-2", "roles": ["read", "run"], "is_required": True}


async def test_every_route_of_the_api_needs_a_role(keyed_api: Api) -> None:
    open_routes = {
        (method.upper(), path)
        for path, methods in keyed_api.app.openapi()["paths"].items()
        for method in methods
        if required_role(method.upper(), path.rstrip("/")) is None
    }
    assert open_routes == {("GET", "/api/monitoring/health/live")}


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("GET", "/api/runs", Role.READ),
        ("HEAD", "/api/artifacts/x", Role.READ),
        ("GET", "/metrics", Role.READ),
        ("POST", "/api/store/items/search", Role.READ),
        ("POST", "/api/artifacts/x/link", Role.READ),
        ("POST", "/api/runs", Role.RUN),
        ("POST", "/api/runs/x/signals/y", Role.RUN),
        ("POST", "/api/threads/x/state", Role.RUN),
        ("POST", "/api/artifacts", Role.RUN),
        ("DELETE", "/api/store/items", Role.RUN),
        ("POST", "/api/runs/x/terminate", Role.OPERATE),
        ("POST", "/api/runs/x/quarantine", Role.OPERATE),
        ("DELETE", "/api/runs/x", Role.OPERATE),
        ("POST", "/api/workflows/x/pause", Role.OPERATE),
        ("POST", "/api/monitoring/actors/x/stop", Role.OPERATE),
        ("POST", "/api/what/is/not/known", Role.OPERATE),
        ("GET", "/api/keys", Role.OPERATE),
        ("GET", "/assets/index.js", None),
        ("GET", "/apiary", None),
    ],
)
def test_the_role_that_a_request_needs(method: str, path: str, role: Role | None) -> None:
    assert required_role(method, path) is role


async def test_a_made_key_works_at_once_and_a_revoked_one_no_more(keyed_api: Api) -> None:
    http = keyed_api.http
    made = (await http.post("/api/keys", json={"name": "ci", "role": "run"}, headers=as_(OPERATE))).json()
    assert (await http.get("/api/runs/", headers=as_(made["key"]))).status_code == 200
    assert (await http.get("/api/keys/me", headers=as_(made["key"]))).json()["name"] == "ci"
    listed = await http.get("/api/keys", headers=as_(OPERATE))
    assert [key["name"] for key in listed.json()] == ["ci"]
    assert made["key"] not in listed.text
    twice = await http.post("/api/keys", json={"name": "ci", "role": "run"}, headers=as_(OPERATE))
    assert twice.status_code == 409
    gone = await http.delete(f"/api/keys/{made['key_id']}", headers=as_(OPERATE))
    assert gone.status_code == 204
    assert (await http.get("/api/runs/", headers=as_(made["key"]))).status_code == 401
    assert (
        await http.delete(f"/api/keys/{keyed_api.services.keys}", headers=as_(OPERATE))
    ).status_code == 422


async def test_the_store_has_a_hash_and_no_key(keyed_api: Api, tmp_path: Path) -> None:
    made = (await keyed_api.http.post("/api/keys", json={"name": "ci"}, headers=as_(OPERATE))).json()
    stored = b"".join(
        path.read_bytes() for path in (tmp_path / "data").rglob("fastgraph.db*") if path.is_file()
    )
    assert hash_of_key(made["key"]).encode() in stored
    assert made["key"].encode() not in stored


async def test_making_the_first_key_locks_out_nobody_on_loopback(api: Api) -> None:
    assert (await api.http.get("/api/keys/me")).json() == {
        "name": "loopback",
        "roles": ["read", "run", "operate"],
        "is_required": False,
    }
    lower = await api.http.post("/api/keys", json={"name": "mine", "role": "read"})
    assert lower.status_code == 409, "a first key that can make no others would lock everybody out"
    made = (await api.http.post("/api/keys", json={"name": "mine"})).json()
    assert made["created_by"] == "loopback"
    assert (await api.http.get("/api/runs/")).status_code == 200
    assert (await api.http.get("/api/keys/me", headers=as_(made["key"]))).json()["name"] == "mine"
    async with from_afar(api) as stranger:
        assert (await stranger.get("/api/runs/")).status_code == 401
        assert (await stranger.get("/api/runs/", headers=as_(made["key"]))).status_code == 200


async def test_after_the_next_start_the_stored_key_is_asked_for(settings: Settings) -> None:
    async with calling(settings) as first:
        made = (await first.http.post("/api/keys", json={"name": "mine"})).json()
    async with calling(settings) as second:
        assert (await second.http.get("/api/runs/")).status_code == 401
        assert (await second.http.get("/api/runs/", headers=as_(made["key"]))).status_code == 200
        last = await second.http.delete(f"/api/keys/{made['key_id']}", headers=as_(made["key"]))
        assert last.status_code == 409


async def test_without_keys_a_client_from_elsewhere_is_refused(api: Api) -> None:
    async with from_afar(api) as stranger:
        answer = await stranger.get("/api/runs/", headers=as_("anything"))
        assert answer.status_code == 401
        assert "no API keys" in answer.json()["detail"]
        assert (await stranger.get("/api/monitoring/health/live")).status_code == 200


async def test_a_key_has_a_rate_of_its_own(keyed_api: Api) -> None:
    http = keyed_api.http
    slow = await http.post("/api/keys", json={"name": "slow", "rate_limit": "2/minute"}, headers=as_(OPERATE))
    key = slow.json()["key"]
    codes = [(await http.get("/api/runs/", headers=as_(key))).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    assert (await http.get("/api/runs/", headers=as_(OPERATE))).status_code == 200
    bad = await http.post("/api/keys", json={"name": "b", "rate_limit": "often"}, headers=as_(OPERATE))
    assert bad.status_code == 422


async def test_who_guesses_keys_from_elsewhere_is_soon_answered_429(keyed_api: Api) -> None:
    async with from_afar(keyed_api) as stranger:
        codes = [
            (await stranger.get("/api/runs/", headers=as_(f"guess-{n}"))).status_code for n in range(101)
        ]
        assert codes == [401] * 100 + [429]
        assert (await stranger.get("/api/runs/", headers=as_(OPERATE))).status_code == 429


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("abc", {"abc": Role.OPERATE}),
        (
            " read:abc , run:def,operate:ghi,,xyz ",
            {"abc": Role.READ, "xyz": Role.OPERATE} | {"def": Role.RUN, "ghi": Role.OPERATE},
        ),
    ],
)
def test_keys_of_the_settings(text: str, found: dict[str, Role]) -> None:
    assert {key: value.caller.roles for key, value in parse_keys(text).items()} == {
        hash_of_key(key): role.with_lower() for key, role in found.items()
    }


@pytest.mark.parametrize("text", ["admin:abc", "read:", "read:a b", "read:é", "x:y:z"])
def test_keys_that_are_none_are_refused_and_not_shown(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_keys(f"fine-key-here,{text}")
    assert "entry 2" in str(caught.value)
    assert "fine-key-here" not in str(caught.value)


def test_settings_show_neither_keys_nor_the_password_of_the_store() -> None:
    settings = Settings(api_keys=SecretStr("hidden-1"), database_url="postgresql+psycopg://u:hidden-2@h/n")
    assert "hidden" not in repr(settings)
    assert "hidden" not in str(settings)
    assert "hidden-1" not in str(settings.model_dump(mode="json"))


def subprotocols(key: str) -> list[Any]:
    encoded = base64.urlsafe_b64encode(key.encode()).rstrip(b"=").decode()
    return ["fastgraph", f"fastgraph.key.{encoded}"]
