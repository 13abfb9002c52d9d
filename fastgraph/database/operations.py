"""The operations of the Writer, and the function that carries each out.

An operation answers with its outcome, or raises a StoreError and has then gathered nothing.
"""

from __future__ import annotations

from typing import TypeAlias, assert_never

from fastgraph.database.acceptance import accept_run
from fastgraph.database.artifacts import store_upload
from fastgraph.database.audit import carry_out_audited
from fastgraph.database.claims import claim_runs, refuse_claim
from fastgraph.database.commits import commit_run
from fastgraph.database.control_records import (
    Audited,
    DiscardRun,
    MigrateRun,
    PauseRun,
    RetryRun,
    SetPause,
    UnpauseRun,
)
from fastgraph.database.deletion import delete_run
from fastgraph.database.endings import terminate_run
from fastgraph.database.expiry import ExpireRun, KeepRun, carry_out_retention
from fastgraph.database.freeing import free_dead_host, free_run, release_run, retire_host
from fastgraph.database.host_records import (
    FreeDeadHost,
    FreeRun,
    ProbeStore,
    PublishHost,
    RenewLease,
    RetireHost,
)
from fastgraph.database.hosts import publish_host, renew_lease
from fastgraph.database.inbox import send_command
from fastgraph.database.item_records import ClearCache, RefreshItems, SweepItems, WriteItems
from fastgraph.database.keys import CreateKey, KeepSecret, RevokeKey, change_keys
from fastgraph.database.nested import OpenLineage, open_lineage
from fastgraph.database.operator_records import (
    AskHost,
    FinishHostCommand,
    ReleaseRun,
    ReportActors,
    WatchActors,
)
from fastgraph.database.operators import carry_out_of_operators
from fastgraph.database.pausing import pause_run, set_pause, unpause_run
from fastgraph.database.probes import probe_store
from fastgraph.database.records import (
    Accepted,
    AcceptRun,
    ClaimedRun,
    ClaimRuns,
    CommitRun,
    Committed,
    DeleteRun,
    SendCommand,
    SendSignal,
    StoreUpload,
    TerminateRun,
)
from fastgraph.database.settling import discard_run, retry_run
from fastgraph.database.signals import send_signal
from fastgraph.database.store_items import change_items
from fastgraph.database.transaction import Transaction
from fastgraph.database.versions import migrate_run

__all__ = ["Operation", "Outcome", "carry_out"]

KeyOperation: TypeAlias = CreateKey | RevokeKey | KeepSecret
ItemOperation: TypeAlias = WriteItems | RefreshItems | SweepItems | ClearCache
OperatorOperation: TypeAlias = AskHost | FinishHostCommand | WatchActors | ReportActors
ControlOperation: TypeAlias = Audited | PauseRun | UnpauseRun | SetPause | DiscardRun | RetryRun
HostOperation: TypeAlias = PublishHost | RenewLease | FreeDeadHost | FreeRun | RetireHost | ProbeStore
Operation: TypeAlias = (
    AcceptRun
    | AskHost
    | Audited
    | ClaimRuns
    | ClearCache
    | CommitRun
    | CreateKey
    | DeleteRun
    | DiscardRun
    | ExpireRun
    | FinishHostCommand
    | FreeDeadHost
    | FreeRun
    | KeepRun
    | KeepSecret
    | MigrateRun
    | OpenLineage
    | PauseRun
    | ProbeStore
    | PublishHost
    | RefreshItems
    | ReleaseRun
    | RenewLease
    | ReportActors
    | RetireHost
    | RetryRun
    | RevokeKey
    | SendCommand
    | SendSignal
    | SetPause
    | StoreUpload
    | SweepItems
    | TerminateRun
    | UnpauseRun
    | WatchActors
    | WriteItems
)
Outcome: TypeAlias = Accepted | Committed | tuple[ClaimedRun, ...] | tuple[str, ...] | str | bool | int


def carry_out(tx: Transaction, operation: Operation) -> Outcome:
    """Carry out one operation in a prepared transaction. Raises StoreError where it is refused."""
    match operation:
        case CommitRun():
            return commit_run(tx, operation)
        case AcceptRun():
            return accept_run(tx, operation)
        case ClaimRuns():
            if not tx.hosts.get(operation.owner):
                raise refuse_claim(operation.owner)
            return claim_runs(tx, operation, tx.candidates[id(operation)])
        case SendCommand():
            return send_command(tx, operation)
        case OpenLineage():
            return open_lineage(tx, operation)
        case SendSignal():
            return send_signal(tx, operation)
        case TerminateRun():
            return terminate_run(tx, operation)
        case MigrateRun():
            return migrate_run(tx, operation)
        case DeleteRun():
            return delete_run(tx, operation)
        case ExpireRun() | KeepRun():
            return carry_out_retention(tx, operation)
        case Audited() | PauseRun() | UnpauseRun() | SetPause() | DiscardRun() | RetryRun():
            return _carry_out_control(tx, operation)
        case _:
            return _carry_out_beside_runs(tx, operation)


def _carry_out_control(tx: Transaction, operation: ControlOperation) -> Outcome:
    """Carry out what people order of runs, workflows and the server."""
    match operation:
        case Audited():
            outcome: Outcome = carry_out_audited(tx, operation, carry_out)
            return outcome
        case PauseRun():
            return pause_run(tx, operation)
        case UnpauseRun():
            return unpause_run(tx, operation)
        case SetPause():
            return set_pause(tx, operation)
        case DiscardRun():
            return discard_run(tx, operation)
        case RetryRun():
            return retry_run(tx, operation)
        case _:
            assert_never(operation)


def _carry_out_beside_runs(
    tx: Transaction,
    operation: KeyOperation | ItemOperation | HostOperation | OperatorOperation | ReleaseRun | StoreUpload,
) -> Outcome:
    """Carry out what hosts write of themselves and of each other, and what is no run's."""
    match operation:
        case CreateKey() | RevokeKey() | KeepSecret():
            return change_keys(tx, operation)
        case WriteItems() | RefreshItems() | SweepItems() | ClearCache():
            return change_items(tx, operation)
        case AskHost() | FinishHostCommand() | WatchActors() | ReportActors():
            return carry_out_of_operators(tx, operation)
        case ReleaseRun():
            return release_run(tx, operation)
        case StoreUpload():
            return store_upload(tx, operation)
        case PublishHost():
            return publish_host(tx, operation)
        case RenewLease():
            return renew_lease(tx, operation)
        case FreeDeadHost():
            return free_dead_host(tx, operation)
        case FreeRun():
            return free_run(tx, operation)
        case RetireHost():
            return retire_host(tx, operation)
        case ProbeStore():
            return probe_store(tx, operation)
        case _:
            assert_never(operation)
