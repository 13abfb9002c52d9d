"""1.10: the store of things that outlive a thread."""

from typing import Any

from conformance.parts import attempted
from conformance.program import script


def filled(lg) -> Any:
    store = lg.store.memory.InMemoryStore()
    for number, name in enumerate(["ada", "bob", "cyd"]):
        store.put(
            ("users", name), "profile", {"name": name, "age": 30 + number, "tags": {"level": number % 2}}
        )
        store.put(("users", name, "notes"), f"n{number}", {"text": f"note of {name}"})
    store.put(("rooms",), "r1", {"size": 3})
    return store


def keys(items: Any) -> list[Any]:
    return sorted([item.namespace, item.key, item.value] for item in items)


@script("1.10 store")
def put_get_and_delete(lg):
    store = filled(lg)
    item = store.get(("users", "ada"), "profile")
    seen = [
        item.value,
        item.key,
        item.namespace,
        item.created_at <= item.updated_at,
        store.get(("users",), "none"),
    ]
    store.delete(("users", "ada"), "profile")
    store.put(("rooms",), "r1", {"size": 4})
    return [*seen, store.get(("users", "ada"), "profile"), store.get(("rooms",), "r1").value]


@script("1.10 store")
def search_by_prefix_and_filter(lg):
    store = filled(lg)
    filters = [
        None,
        {"name": "bob"},
        {"age": {"$gt": 30}},
        {"age": {"$gte": 30, "$lt": 32}},
        {"age": {"$ne": 31}},
        {"name": {"$eq": "cyd"}},
    ]
    for number, name in enumerate(["ada", "bob", "cyd"]):
        store.delete(("users", name, "notes"), f"n{number}")  # LangGraph compares None with $gt as a number
    return [keys(store.search(("users",), filter=given)) for given in filters]


@script("1.10 store")
def search_with_limit_and_offset(lg):
    store = lg.store.memory.InMemoryStore()
    for number in range(15):
        store.put(("n",), f"k{number:02}", {"n": number})
    seen = [store.search(("n",)), store.search(("n",), limit=3), store.search(("n",), limit=3, offset=13)]
    return [len(found) for found in seen] + [keys(store.search(("n",), limit=100))[0]]


@script("1.10 store")
def list_namespaces(lg):
    store = filled(lg)
    return [
        sorted(store.list_namespaces()),
        sorted(store.list_namespaces(prefix=("users",), max_depth=2)),
        sorted(store.list_namespaces(suffix=("notes",))),
        sorted(store.list_namespaces(prefix=("users", "*", "notes"))),
        len(store.list_namespaces(limit=2)),
        sorted(store.list_namespaces(prefix=("nobody",))),
    ]


@script("1.10 store")
def wrong_namespaces_are_refused(lg):
    store = lg.store.memory.InMemoryStore()
    wrong: list[Any] = [(), ("a.b",), ("",), ("langgraph",), (1,)]
    return [attempted(lambda given=given: store.put(given, "k", {})) for given in wrong]


@script("1.10 store")
def operations_in_a_batch(lg):
    store = filled(lg)
    base = lg.store.base
    found = store.batch(
        [
            base.GetOp(("rooms",), "r1"),
            base.PutOp(("rooms",), "r2", {"size": 9}),
            base.SearchOp(("rooms",), limit=5),
            base.ListNamespacesOp(max_depth=1, limit=10),
        ]
    )
    return [found[0].value, found[1], keys(found[2]), sorted(found[3]), store.get(("rooms",), "r2").value]


@script("1.10 store")
async def the_store_on_a_loop(lg):
    store = lg.store.memory.InMemoryStore()
    await store.aput(("a", "b"), "k", {"v": 1})
    item = await store.aget(("a", "b"), "k")
    found = await store.asearch(("a",), filter={"v": 1})
    names = await store.alist_namespaces(prefix=("a",))
    await store.adelete(("a", "b"), "k")
    return [item.value, keys(found), names, await store.aget(("a", "b"), "k")]
