"""From a step of the machine to a drafted checkpoint: large values go to files first, and now and then it is a snapshot."""

from __future__ import annotations

from functools import partial

from actors.host.tools import HostTools
from actors.runs import facts
from actors.runs.beginning import Beginning
from actors.runs.committer import RunCommitter
from actors.runs.encoding import checkpoint_row, encode_snapshot, shrink_changes
from fastgraph.database.records import ClaimedRun
from fastgraph.execution.checkpoint import StepCommit

__all__ = ["Checkpointing"]


class Checkpointing:
    """Drafts the checkpoints of one run."""

    def __init__(
        self,
        *,
        claimed: ClaimedRun,
        tools: HostTools,
        committer: RunCommitter,
        beginning: Beginning,
    ) -> None:
        self._claimed = claimed
        self._tools = tools
        self._committer = committer
        self._situation = beginning.situation
        self._changes = beginning.changes

    async def draft(self, commit: StepCommit) -> None:
        """Draft a checkpoint with its event. What waits here for files comes first: a commit in the background may take the
        draft along meanwhile, and what is added to that one afterwards would be lost."""
        spill = self._tools.store.spill
        commit = await shrink_changes(commit, spill, self._tools.settings.spill_bytes)
        snapshot = None
        if self._changes.wants_snapshot(commit):
            snapshot = await encode_snapshot(commit.checkpoint, spill)
        draft = self._committer.draft
        now = self._tools.clock.now()
        draft.events.append(facts.checkpoint(self._claimed.thread_key, commit.checkpoint, now))
        draft.make_checkpoint = partial(checkpoint_row, commit, self._situation.first_step, snapshot)
