"""`/api/store`: what LangGraph's client sends is understood, and what it expects comes back."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from langgraph_sdk.client import LangGraphClient

from api.schemas.store import FoundItems, Namespaces, StoredItem
from support.served_api import Api

pytestmark = pytest.mark.anyio


async def put(api: Api, namespace: list[str], key: str, value: dict[str, Any], **more: Any) -> None:
    answer = await api.http.put(
        "/api/store/items", json={"namespace": namespace, "key": key, "value": value, **more}
    )
    assert (answer.status_code, answer.content) == (204, b"")


async def get(api: Api, namespace: str, key: str) -> httpx.Response:
    return await api.http.get("/api/store/items", params={"namespace": namespace, "key": key})


async def test_an_item_goes_in_and_comes_back_and_is_deleted(api: Api) -> None:
    await put(api, ["users", "ada"], "color", {"name": "grün", "n": 1}, ttl=5, index=["name"])
    answer = await get(api, "users.ada", "color")
    item = StoredItem.model_validate(answer.json())
    assert (item.namespace, item.key, item.value) == (["users", "ada"], "color", {"name": "grün", "n": 1})
    deleted = await api.http.request(
        "DELETE", "/api/store/items", json={"namespace": ["users", "ada"], "key": "color"}
    )
    assert deleted.status_code == 204
    answer = await get(api, "users.ada", "color")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith("item-not-found")


async def test_searches_and_namespaces_come_in_pages(api: Api) -> None:
    for number in range(5):
        await put(api, ["docs", f"d{number % 2}"], f"k{number}", {"n": number})
    answer = await api.http.post(
        "/api/store/items/search",
        json={"namespace_prefix": ["docs"], "filter": {"n": {"$gte": 1}}, "limit": 2, "offset": 1},
    )
    assert [item.key for item in FoundItems.model_validate(answer.json()).items] == ["k3", "k2"]
    answer = await api.http.post("/api/store/namespaces", json={"suffix": ["d1"]})
    assert Namespaces.model_validate(answer.json()).namespaces == [["docs", "d1"]]
    answer = await api.http.post("/api/store/namespaces", json={"max_depth": 1})
    assert answer.json() == {"namespaces": [["docs"]]}


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("items", {"namespace": [], "key": "k", "value": {}}, "namespace"),
        ("items", {"namespace": ["a.b"], "key": "k", "value": {}}, "a.b"),
        ("items", {"namespace": ["a"], "key": "k", "value": []}, "value"),
        ("items", {"namespace": ["a"], "key": "k", "value": {}, "ttl": -1}, "ttl"),
        ("items", {"namespace": ["a\u0000"], "key": "k", "value": {}}, "namespace"),
        ("items/search", {"filter": {"n": {"$where": 1}}}, "$where"),
        ("items/search", {"filter": {"n') OR 1=1 --": 1}}, "OR 1=1"),
        ("items/search", {"limit": -1}, "limit"),
        ("namespaces", {"prefix": [""]}, "empty"),
    ],
)
async def test_what_can_not_be_is_a_problem_that_names_it(api: Api, path: str, body: Any, named: str) -> None:
    method = "PUT" if path == "items" else "POST"
    answer = await api.http.request(method, f"/api/store/{path}", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert named in answer.text


async def test_values_that_json_does_not_know_are_shown_as_json(api: Api) -> None:
    await api.services.shared_store.aput(("a",), "k", {"set": {1}, "bytes": b"\x00", "nan": float("nan")})
    assert (await get(api, "a", "k")).json()["value"] == {"set": [1], "bytes": "AA==", "nan": "nan"}


async def test_langgraphs_own_client_is_served(served_api: Api) -> None:
    async with httpx.AsyncClient(base_url=f"{served_api.url}/api") as http:
        store = LangGraphClient(http).store
        await store.put_item(["users", "ada"], key="color", value={"name": "green"}, ttl=10)
        await store.put_item(["users", "bob"], key="color", value={"name": "red"})
        item = await store.get_item(["users", "ada"], key="color")
        assert item["value"] == {"name": "green"}
        found = await store.search_items(["users"], filter={"name": "red"})
        assert [item["namespace"] for item in found["items"]] == [["users", "bob"]]
        listed = await store.list_namespaces(prefix=["users"])
        assert listed["namespaces"] == [["users", "ada"], ["users", "bob"]]
        await store.delete_item(["users", "ada"], key="color")
        found = await store.search_items(["users"])
        assert len(found["items"]) == 1


async def test_many_puts_share_commits(api: Api) -> None:
    before = api.services.writer_ref.actor_inbox.groups  # type: ignore[attr-defined]
    await asyncio.gather(*[put(api, ["many"], str(number), {"n": number}) for number in range(100)])
    assert api.services.writer_ref.actor_inbox.groups - before < 100  # type: ignore[attr-defined]
