"""What a run does about tasks that sit on a loop which somebody blocks."""

from __future__ import annotations

from datetime import datetime

from actors.runs import facts
from actors.runs.committer import Draft
from actors.runs.messages import LoopBlocked
from actors.runs.situation import Situation

__all__ = ["draft_blocked"]


def draft_blocked(draft: Draft, situation: Situation, message: LoopBlocked, now: datetime) -> None:
    """Show who blocks the loop; tasks that only share it are to be started again elsewhere, under the same key."""
    for job in [job for job in message.jobs if situation.jobs.get(job.call.task.id) is job]:
        task = job.call.task
        if job is message.blocker:
            draft.events.append(facts.loop_blocked(task.node, message.seconds, message.stack, now))
        elif message.is_abandoned and job.abandon():
            job.cancel()  # should its loop ever come back, it goes on no further
            del situation.jobs[task.id]
