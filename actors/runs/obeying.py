"""What a command from outside does to a run: drafted here, one command after another, in the commit that consumes it.

A pause is drafted at once, as the run's status: from then on it holds over every crash, while tasks that run may end and
have their results kept.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

import orjson

from actors.runs import facts, inbox
from actors.runs.committer import Draft
from actors.runs.situation import Situation
from actors.runs.waits import RunWaits
from fastgraph.database.records import NewEvent
from fastgraph.events import EventKind
from fastgraph.graph.compiled import CompiledGraph
from fastgraph.status import RunStatus

__all__ = ["draft_command"]


def draft_command(
    draft: Draft,
    command: inbox.Command,
    *,
    situation: Situation,
    waits: RunWaits,
    graph: CompiledGraph,
    now: datetime,
) -> inbox.Cancel | None:
    """Draft what a command does; a cancel is handed back, since it ends all else."""
    match command:
        case inbox.Cancel():
            return command
        case inbox.Resume() | inbox.SignalCame() | inbox.ChildEnded():
            waits.hear(command)
        case inbox.Pause():
            _draft_pause(draft, situation, command, now)
        case inbox.Unpause():
            _draft_unpause(draft, situation, command, now)
        case inbox.Migrated():
            draft.graph_hash = graph.graph_hash
            draft.events.append(facts.migrated(command, now))
        case inbox.Void():
            pass
        case inbox.Unknown():
            draft.events.append(facts.unknown_command(command.kind, now))
        case _:
            assert_never(command)
    return None


def _draft_pause(draft: Draft, situation: Situation, command: inbox.Pause, now: datetime) -> None:
    """Pause the run unless it is about to end, which a pause does not put off."""
    if situation.is_paused or situation.is_ending:
        return
    situation.is_paused = True
    situation.queue.clear()
    draft.status = RunStatus.PAUSED
    data = orjson.dumps({"reason": command.reason})
    draft.events.append(NewEvent(kind=EventKind.PAUSED, at=now, data=data))


def _draft_unpause(draft: Draft, situation: Situation, command: inbox.Unpause, now: datetime) -> None:
    if not situation.is_paused:
        return
    situation.is_paused = False
    draft.status = RunStatus.RUNNING
    data = orjson.dumps({"reason": command.reason})
    draft.events.append(NewEvent(kind=EventKind.UNPAUSED, at=now, data=data))
