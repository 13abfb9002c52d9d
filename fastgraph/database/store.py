"""The store of one process: engines, turnstile, group writer and files, opened once and handed down."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from fastgraph.blobs.disk import DiskWatch
from fastgraph.blobs.files import SWEEP_AGE_SECONDS, FileBlobs
from fastgraph.blobs.spill import Spill
from fastgraph.clock import Clock, SystemClock
from fastgraph.database.engine import create_reader_engine, create_writer_engine, parse_url
from fastgraph.database.group import GroupWriter
from fastgraph.database.host_lock import HostLock
from fastgraph.database.migrate import migrate
from fastgraph.database.operations import Operation, Outcome
from fastgraph.database.space import give_back_space
from fastgraph.database.sweeping import sweep_artifacts, sweep_spilled
from fastgraph.database.turnstile import Turnstile, make_turnstile
from fastgraph.settings import Settings

__all__ = ["Store"]


class Store:
    """What a process needs of the store. `write_group` belongs to the Writer's thread; `readers` to any event loop, but
    to one only; the files to any thread."""

    def __init__(
        self,
        *,
        writer: Engine,
        readers: AsyncEngine,
        turnstile: Turnstile,
        data_dir: Path,
        clock: Clock,
        spill_bytes: int,
        synchronous: str,
    ) -> None:
        self.writer = writer
        self.readers = readers
        self.turnstile = turnstile
        self.data_dir = data_dir
        self._synchronous = synchronous
        self.disk = DiskWatch()
        self.blobs = FileBlobs(data_dir / "artifacts", self.disk)
        self.states = FileBlobs(data_dir / "states", self.disk)
        self.snapshots = FileBlobs(data_dir / "checkpoints", self.disk)
        self.spill = Spill(states=self.states, snapshots=self.snapshots, spill_bytes=spill_bytes)
        self.host_lock = HostLock(data_dir)
        self._group = GroupWriter(writer, turnstile=turnstile, clock=clock, disk=self.disk)

    @classmethod
    def open(cls, settings: Settings, *, clock: Clock | None = None) -> Store:
        """Make the folders and the engines; nothing is read or written in the database yet. Raises SettingsError for a
        URL of no known kind."""
        url = parse_url(settings.url)
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        return cls(
            writer=create_writer_engine(url, synchronous=settings.sqlite_synchronous),
            readers=create_reader_engine(url),
            turnstile=make_turnstile(url),
            data_dir=settings.data_dir,
            clock=clock or SystemClock(),
            spill_bytes=settings.spill_bytes,
            synchronous=settings.sqlite_synchronous,
        )

    @property
    def fenced_writes(self) -> int:
        """How many commits of this process the guard refused; any thread."""
        return self._group.fenced_writes

    def migrate(self) -> None:
        """Bring the schema up to this program's. Several processes may do so at once. Raises SchemaVersionError where
        the store is newer. Blocks; any thread, before the first write."""
        migrate(self.writer, self.turnstile)

    def write_group(self, operations: Sequence[Operation]) -> list[Outcome | Exception]:
        """Write operations in one transaction and return an outcome or an error for each, in their order.

        At most 500 operations. Blocks; one thread at a time.
        """
        return self._group.write(operations)

    def sweep(self, *, older_than_seconds: float = SWEEP_AGE_SECONDS) -> int:
        """Delete files that no row refers to and return how many. Blocks; any thread, beside the Writer's."""
        engine = create_writer_engine(self.writer.url, synchronous=self._synchronous)
        age = older_than_seconds
        try:
            swept = sweep_artifacts(engine, self.turnstile, self.blobs, older_than_seconds=age)
            swept += sweep_spilled(engine, self.turnstile, self.states, older_than_seconds=age)
            return swept + sweep_spilled(engine, self.turnstile, self.snapshots, older_than_seconds=age)
        finally:
            engine.dispose()

    def give_back_space(self) -> int:
        """Give what is free in a SQLite file back to the disk and return how many pages that were. Blocks; any thread,
        beside the Writer's."""
        engine = create_writer_engine(self.writer.url, synchronous=self._synchronous)
        try:
            return give_back_space(engine, self.turnstile)
        finally:
            engine.dispose()

    async def close(self) -> None:
        """Close the engines and the turnstile. Nobody may be writing or reading."""
        self._group.close()
        self.writer.dispose()
        await self.readers.dispose()
        self.turnstile.close()
