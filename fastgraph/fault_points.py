"""Fault points: the moments at which a crash must do no harm, by name, and the calls that mark them in the code.

Switched off, as they are unless FASTGRAPH_FAULTS and FASTGRAPH_ALLOW_FAULTS=1 are set, each call is a call of an empty
function. A process switches them on once, when it starts (`switch_on`), and never back; nothing but tests does.

    reach(POINT)      the moment is about to come               phase `before`
    passed(POINT)     it has come                               phase `after`
    within(POINT)     inside a transaction: `before` now; `after`, or a lost connection, once it is committed
    at_commit(POINT)  what counts is the commit itself: `before` is when nobody has been told of it yet

Call them as `fault_points.reach(fault_points.NODE_START)`: the functions are exchanged when the points are switched on, so a
name that was imported alone would stay switched off. docs/reliability.md has the list and what is done with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from fastgraph.fault_plan import FaultPlan, read_plan

__all__ = [
    "POINTS",
    "at_commit",
    "committed",
    "passed",
    "reach",
    "rolled_back",
    "switch_on",
    "within",
]

# A run's way in, and who takes it up.
RUN_ACCEPT: Final = "run.accept"
RUN_CLAIM: Final = "run.claim"
RUN_PASSIVATE: Final = "run.passivate"
RUN_END: Final = "run.end"
# A task's way from its start to its result.
NODE_START: Final = "node.start"
NODE_RESULT_BEFORE_COMMIT: Final = "node.result.before_commit"
NODE_RESULT_AFTER_COMMIT: Final = "node.result.after_commit"
NODE_RETRY: Final = "node.retry"
NODE_RECORD: Final = "node.record"
CHECKPOINT_BEFORE: Final = "checkpoint.before"
CHECKPOINT_AFTER: Final = "checkpoint.after"
NESTED_COMMIT: Final = "nested.commit"
# Files and the rows that name them.
ARTIFACT_TMP_WRITTEN: Final = "artifact.tmp_written"
ARTIFACT_RENAMED: Final = "artifact.renamed"
ARTIFACT_ROW: Final = "artifact.row"
SPILL_WRITTEN: Final = "spill.written"
UPLOAD_ROW: Final = "upload.row"
# What is told to others.
EVENT_APPEND: Final = "event.append"
OUTBOX_SENT: Final = "outbox.sent"
# Waits, and what ends them.
TIMER_FIRE: Final = "timer.fire"
SIGNAL_SEND: Final = "signal.send"
SIGNAL_CONSUME: Final = "signal.consume"
COMMAND_SEND: Final = "command.send"
COMMAND_CONSUME: Final = "command.consume"
INTERRUPT_ASK: Final = "interrupt.ask"
INTERRUPT_ANSWER: Final = "interrupt.answer"
CHILD_START: Final = "child.start"
CHILD_END: Final = "child.end"
CANCEL_COMMIT: Final = "cancel.commit"
# Hosts, leases, epochs.
HOST_PUBLISH: Final = "host.publish"
HOST_FREE: Final = "host.free"
LEASE_RENEW: Final = "lease.renew"
LEASE_RELEASE: Final = "lease.release"
EPOCH_BUMP: Final = "epoch.bump"
# What nodes share, what goes away, what the schema becomes.
ITEM_WRITE: Final = "item.write"
RETENTION_DELETE: Final = "retention.delete"
MIGRATE_STEP: Final = "migrate.step"

POINTS: Final = (
    *(RUN_ACCEPT, RUN_CLAIM, RUN_PASSIVATE, RUN_END),
    *(NODE_START, NODE_RESULT_BEFORE_COMMIT, NODE_RESULT_AFTER_COMMIT, NODE_RETRY, NODE_RECORD),
    *(CHECKPOINT_BEFORE, CHECKPOINT_AFTER, NESTED_COMMIT),
    *(ARTIFACT_TMP_WRITTEN, ARTIFACT_RENAMED, ARTIFACT_ROW, SPILL_WRITTEN, UPLOAD_ROW),
    *(EVENT_APPEND, OUTBOX_SENT),
    *(TIMER_FIRE, SIGNAL_SEND, SIGNAL_CONSUME, COMMAND_SEND, COMMAND_CONSUME),
    *(INTERRUPT_ASK, INTERRUPT_ANSWER, CHILD_START, CHILD_END, CANCEL_COMMIT),
    *(HOST_PUBLISH, HOST_FREE, LEASE_RENEW, LEASE_RELEASE, EPOCH_BUMP),
    *(ITEM_WRITE, RETENTION_DELETE, MIGRATE_STEP),
)


def _off(_point: str) -> None:
    """A fault point while they are switched off."""


def _off_at_end() -> None:
    """The end of a transaction while they are switched off."""


reach: Callable[[str], None] = _off
passed: Callable[[str], None] = _off
within: Callable[[str], None] = _off
at_commit: Callable[[str], None] = _off
committed: Callable[[], None] = _off_at_end
rolled_back: Callable[[], None] = _off_at_end


def switch_on(environment: Mapping[str, str]) -> None:
    """Switch on what FASTGRAPH_FAULTS asks for, if anything. Once, at the start of a process, before its threads.

    Raises SettingsError where the plan can't be read, or FASTGRAPH_ALLOW_FAULTS=1 is missing.
    """
    plan = read_plan(environment, known=POINTS)
    if plan is not None:
        _follow(plan)


def _follow(plan: FaultPlan) -> None:
    global reach, passed, within, at_commit, committed, rolled_back
    reach, passed, within, at_commit = plan.reach, plan.passed, plan.within, plan.at_commit
    committed, rolled_back = plan.committed, plan.rolled_back
