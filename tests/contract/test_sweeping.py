"""Sweeping: files that rows name stay, the others go when they are old."""

import os
import time

import orjson
import pytest

from fastgraph.blobs.files import FileBlobs
from fastgraph.database.records import ArtifactRow, DeleteRun, StoreUpload
from fastgraph.database.store import Store
from fastgraph.ids import new_id
from support.stores import NOW, boot, checkpoint_row, result_row, start_one, write

pytestmark = pytest.mark.anyio


def artifact(sha256: str) -> ArtifactRow:
    return ArtifactRow(artifact_id=new_id(), name="n", media_type="text/plain", size=1, sha256=sha256)


def names(blobs: FileBlobs) -> set[str]:
    return {path.name for path in blobs.folder.rglob("*") if path.is_file()}


def make_old(*folders: FileBlobs) -> None:
    moment = time.time() - 7_200
    for folder in folders:
        for path in folder.folder.rglob("*"):
            os.utime(path, (moment, moment))


async def test_what_rows_name_stays_and_the_rest_goes(store: Store) -> None:
    named, uploaded, nobody = (store.blobs.put(word).sha256 for word in (b"named", b"uploaded", b"nobody's"))
    value = orjson.dumps("v" * 300_000)
    store.states.put(b"nobody's")
    chain = start_one(store, boot(store))
    update = b'{"log":' + store.spill.shrink(value) + b"}"
    chain.commit(store, chain.step(results=(result_row(update=update),), artifacts=(artifact(named),)))
    write(store, StoreUpload(artifact=artifact(uploaded), now=NOW))
    snapshot = store.spill.shrink_snapshot(orjson.dumps({"log": ["set", "s" * 300_000]}))
    row = checkpoint_row(number=chain.number + 1, changes=snapshot, is_snapshot=True)
    chain.commit(store, chain.step(checkpoint=row))
    chain.commit(store, chain.completed())

    assert store.sweep() == 0
    make_old(store.blobs, store.states, store.snapshots)
    assert store.sweep() == 2
    assert names(store.blobs) == {named, uploaded}
    assert nobody not in names(store.blobs)
    assert (len(names(store.states)), len(names(store.snapshots))) == (1, 1)

    write(store, DeleteRun(run_id=chain.run_id))
    assert store.sweep() == 3
    assert names(store.blobs) == {uploaded}
