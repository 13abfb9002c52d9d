"""What a server's store says, read beside it."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any


def read_row(data: Path, query: str) -> Any:
    """The first row that a query answers, in the SQLite store of a data folder."""
    with closing(sqlite3.connect(data / "fastgraph.db")) as connection:
        return connection.execute(query).fetchone()
