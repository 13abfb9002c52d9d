"""Would the runs that have begun go on with another version of their workflow? Reads the store, runs no user code.

Names of nodes and keys, and the types of keys as text, are compared; whether a value of a changed type can still be read is
for the host to find out when it takes the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from api.services import Services
from fastgraph.database.checkpoints import read_checkpoint
from fastgraph.database.versions import BegunRun, VersionView, list_begun_runs, list_versions
from fastgraph.errors import NotFoundError
from fastgraph.execution.fitting import Misfit, Relocation, find_misfits
from fastgraph.execution.stored import next_nodes

__all__ = ["CheckedRun", "Target", "VersionNotFoundError", "check_runs", "find_target"]

RUNS_CHECKED = 1_000


class VersionNotFoundError(NotFoundError):
    """Nobody has published such a version of the workflow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The version that runs are to fit, by its nodes and its keys with their types."""

    graph_hash: str
    nodes: frozenset[str]
    keys: Mapping[str, str]

    @classmethod
    def of(cls, version: VersionView) -> Target:
        """Make it of a published version."""
        return cls(graph_hash=version.graph_hash, nodes=frozenset(version.nodes), keys=version.keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRun:
    """A run that has begun, and why it would break; `is_same` where it stands on the target version already."""

    run: BegunRun
    misfits: tuple[Misfit, ...]
    is_same: bool

    @property
    def breaks(self) -> bool:
        """Whether it would be held; a changed type alone may be readable."""
        return any(misfit.what != "type" for misfit in self.misfits)


async def find_target(services: Services, workflow: str, graph_hash: str | None) -> Target:
    """Return the version of a hash, or the newest one. Raises VersionNotFoundError with the hashes that exist."""
    async with services.store.readers.connect() as connection:
        versions = await list_versions(connection, name=workflow)
    found = next((version for version in versions if graph_hash in (None, version.graph_hash)), None)
    if found is None:
        known = ", ".join(version.graph_hash for version in versions) or "none"
        raise VersionNotFoundError(
            f"Workflow {workflow!r} has no published version {graph_hash!r}. Its versions, newest first: {known}."
        )
    return Target.of(found)


async def check_runs(
    services: Services,
    workflow: str,
    target: Target,
    *,
    relocation: Relocation | None = None,
    run_id: str | None = None,
) -> list[CheckedRun]:
    """Check the runs of a workflow that have begun and not ended, oldest first, up to RUNS_CHECKED."""
    async with services.store.readers.connect() as connection:
        begun = await list_begun_runs(connection, workflow=workflow, limit=RUNS_CHECKED, run_id=run_id)
        versions = await list_versions(connection, name=workflow)
    old_keys = {version.graph_hash: version.keys for version in versions}
    return [
        await _check(
            services,
            run,
            target,
            workflow=workflow,
            old_keys=old_keys.get(run.graph_hash or ""),
            relocation=relocation,
        )
        for run in begun
    ]


async def _check(
    services: Services,
    run: BegunRun,
    target: Target,
    *,
    workflow: str,
    old_keys: Mapping[str, str] | None,
    relocation: Relocation | None,
) -> CheckedRun:
    if run.graph_hash == target.graph_hash and relocation is None:
        return CheckedRun(run=run, misfits=(), is_same=True)
    async with services.store.readers.connect() as connection:
        stored = await read_checkpoint(
            connection, thread_key=run.thread_key, number=run.checkpoint, spill=services.store.spill
        )
    if stored is None:
        return CheckedRun(run=run, misfits=(), is_same=False)
    misfits = find_misfits(
        workflow=workflow,
        due=next_nodes(stored.machine),
        held=stored.values,
        nodes=target.nodes,
        keys=target.keys,
        old_keys=old_keys,
        relocation=relocation,
    )
    return CheckedRun(run=run, misfits=tuple(misfits), is_same=run.graph_hash == target.graph_hash)
