"""The store in a task process: the same answers as in the host, and errors where the node made them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from actors.tasks.remote_store import RemoteStore, answer_store
from fastgraph.errors import StoreError, UnstorableValueError
from fastgraph.store.base import BaseStore, InvalidFilterError, InvalidNamespaceError, SearchItem
from fastgraph.store.memory import InMemoryStore


@pytest.fixture
def there() -> InMemoryStore:
    return InMemoryStore()


@pytest.fixture
def here(there: InMemoryStore) -> RemoteStore:
    return RemoteStore(lambda asked: answer_store(there, asked))


def test_every_operation_has_the_answer_of_the_host(here: RemoteStore, there: InMemoryStore) -> None:
    value = {"when": dt.datetime(2024, 1, 1, tzinfo=dt.UTC), "tags": {1}, "n": 1}
    here.put(("a", "b"), "k", value, ttl=5)
    here.put(("a",), "gone", {"n": 2})
    here.delete(("a",), "gone")
    assert here.get(("a", "b"), "k") == there.get(("a", "b"), "k")
    assert here.get(("a", "b"), "none") is None
    [found] = here.search(("a",), filter={"n": {"$lte": 1}})
    assert type(found) is SearchItem
    assert found.value == value
    assert here.list_namespaces(prefix=("a", "*"), suffix=("b",)) == [("a", "b")]


@pytest.mark.anyio
async def test_async_nodes_wait_in_a_thread(here: RemoteStore) -> None:
    await here.aput(("a",), "k", {"n": 1})
    assert [item.key for item in await here.asearch(())] == ["k"]


def test_what_a_node_does_wrong_is_raised_on_its_side() -> None:
    def never(asked: bytes) -> bytes:
        raise AssertionError("nothing may be sent")

    here = RemoteStore(never)
    with pytest.raises(InvalidNamespaceError):
        here.put((), "k", {})
    with pytest.raises(InvalidFilterError):
        here.search((), filter={"n": {"$where": 1}})
    with pytest.raises(UnstorableValueError, match=r"item 'k' of namespace \('a',\)"):
        here.put(("a",), "k", {"n": object()})


def test_what_the_host_can_not_do_is_a_store_error(there: InMemoryStore) -> None:
    class Broken(BaseStore):
        def batch(self, ops: Any) -> Any:
            raise OSError("the disk is full")

        async def abatch(self, ops: Any) -> Any:
            return self.batch(ops)

    for store in (Broken(), None):
        here = RemoteStore(lambda asked, store=store: answer_store(store, asked))  # type: ignore[misc]
        with pytest.raises(StoreError, match=r"the disk is full|has no store"):
            here.get(("a",), "k")
