"""What the store refuses or can't do; public in `fastgraph.errors`, where the tree is drawn."""

from __future__ import annotations

from fastgraph.root_error import FastGraphError

__all__ = [
    "ArtifactNotFoundError",
    "CommitUnknownError",
    "ConflictError",
    "DiskFullError",
    "IllegalTransitionError",
    "ItemNotFoundError",
    "LostOwnershipError",
    "NotFoundError",
    "RunNotFoundError",
    "SchemaVersionError",
    "StoreError",
    "StoreUnavailableError",
    "ThreadConflictError",
    "ThreadNotFoundError",
    "WorkflowNotFoundError",
]


class StoreError(FastGraphError):
    """Something the store refused or could not do."""


class StoreUnavailableError(StoreError):
    """The store can't be reached or written at the moment (busy, full, restarting): nothing is wrong with what was asked,
    and trying again later is right."""


class DiskFullError(StoreUnavailableError):
    """The disk of the store or of its files takes no more: it is full, over a quota, read-only, or a file is as large as it
    may be. Runs are held and go on by themselves when there is room."""

    def __init__(self, what: str, reason: str) -> None:
        self.what = what
        self.reason = reason
        super().__init__(
            f"{what} could not be stored, disk full or not writable: {reason}. Nothing was kept. Make room on the disk; "
            f"what runs goes on by itself then, and this request may be sent again."
        )


class CommitUnknownError(StoreUnavailableError):
    """The store was lost while it committed, and can't be asked yet what became of that."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"The store was lost in the middle of a commit: {reason}. It may have been kept: look before you repeat it, or "
            f"repeat it with the same idempotency key."
        )


class LostOwnershipError(StoreError):
    """The guard found another owner, epoch or sequence: this writer must stop and write nothing more."""

    def __init__(
        self, run_key: int, *, expected: tuple[str, int, int], seen: tuple[str | None, int, int] | None
    ) -> None:
        self.run_key = run_key
        self.expected = expected
        self.seen = seen
        super().__init__(
            f"Run {run_key} is no longer owned as expected: (owner, epoch, seq) should be {expected}, the store has {seen}."
        )


class IllegalTransitionError(StoreError):
    """A status can't follow another; nothing was changed."""

    def __init__(self, run: str, seen: str, wanted: str) -> None:
        self.run = run
        self.seen = seen
        self.wanted = wanted
        super().__init__(f"Run {run} is {seen} and can't become {wanted}.")


class NotFoundError(StoreError):
    """Something named by the caller does not exist."""


class RunNotFoundError(NotFoundError):
    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        super().__init__(f"There is no run {run_id}.")


class ThreadNotFoundError(NotFoundError):
    """There is no such thread, or it has no such checkpoint or namespace."""

    def __init__(self, thread_id: str, part: str | None = None) -> None:
        self.thread_id = thread_id
        what = f"There is no thread {thread_id}." if part is None else f"Thread {thread_id} has no {part}."
        super().__init__(what)


class ArtifactNotFoundError(NotFoundError):
    def __init__(self, artifact_id: str) -> None:
        self.artifact_id = artifact_id
        super().__init__(f"There is no artifact {artifact_id}.")


class ItemNotFoundError(NotFoundError):
    """The store has nothing under that key."""

    def __init__(self, namespace: tuple[str, ...], key: str) -> None:
        self.namespace = namespace
        self.key = key
        super().__init__(f"There is no item {key!r} in namespace {'.'.join(namespace)!r}.")


class WorkflowNotFoundError(NotFoundError):
    def __init__(self, workflow: str, known: tuple[str, ...]) -> None:
        self.workflow = workflow
        self.known = known
        names = ", ".join(known) if known else "none is published yet: start a host"
        super().__init__(f"There is no workflow {workflow!r}. Those that exist: {names}.")


class ConflictError(StoreError):
    """The thing exists and is in no state for what was asked; the sentence says which state would do."""


class ThreadConflictError(ConflictError):
    """Somebody else went on with the thread in the meantime, so a checkpoint's number is taken."""

    def __init__(self, number: int, thread_id: str | None = None) -> None:
        self.number = number
        self.thread_id = thread_id
        thread = f"Thread {thread_id!r}" if thread_id is not None else "The thread"
        super().__init__(
            f"{thread} has a checkpoint {number} already, which another run of the same thread stored. Only one run may go "
            f"on with a thread at a time; start again from its newest state."
        )


class SchemaVersionError(StoreError):
    """The store was written by a newer program."""

    def __init__(self, seen: str, known: str) -> None:
        self.seen = seen
        self.known = known
        super().__init__(
            f"The store has schema {seen}, this program knows up to {known}. "
            f"Start the newer program, or restore an older backup."
        )
