"""Keys that are made and revoked in the store, without a server."""

import sqlite3
from pathlib import Path

import pytest

from api.cli.failures import UsageError
from api.cli.stored_keys import create_key, revoke_key, stored_keys
from fastgraph.errors import NotFoundError
from fastgraph.ids import new_id
from fastgraph.settings import Settings


def test_keys_in_the_store_are_made_and_revoked_and_that_is_written_down(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", hosts=0)
    made = create_key(settings, {"name": "mine"})
    assert made["created_by"] == "command line"
    assert stored_keys(settings) == [{name: value for name, value in made.items() if name != "key"}]
    with pytest.raises(UsageError, match="mine"):
        create_key(settings, {"name": "mine"})
    with pytest.raises(UsageError, match="role"):
        create_key(settings, {"name": "other", "role": "all"})
    revoke_key(settings, made["key_id"])
    with pytest.raises(NotFoundError):
        revoke_key(settings, new_id())
    assert stored_keys(settings) == []
    with sqlite3.connect(settings.data_dir / "fastgraph.db") as connection:
        rows = connection.execute("SELECT who, action, subject, outcome FROM audit ORDER BY key").fetchall()
    assert {row[0] for row in rows} == {"command line"}
    assert [(row[1], row[3].split(":")[0]) for row in rows] == [
        ("create key", "done"),
        ("create key", "refused"),
        ("revoke key", "done"),
        ("revoke key", "refused"),
    ]
    assert [row[2] for row in rows[:3]] == ["key mine", "key mine", f"key {made['key_id']}"]
