"""What a run may not do: limits that are checked where a result comes in, before anything of it is kept."""

from __future__ import annotations

from fastgraph.errors import UnstorableValueError
from fastgraph.execution.tasks import Task, TaskFailed, TaskResult
from fastgraph.graph.failures import record_error

__all__ = ["refuse_large"]


def refuse_large(result: TaskResult, task: Task, attempt: int, limit_bytes: int) -> TaskFailed | None:
    """Return the failure of a task that wrote a value above the limit, naming its key; None where all are within."""
    for write in result.writes:
        if write.value.size > limit_bytes:
            error = UnstorableValueError(
                f"key {write.key!r}",
                f"{type(write.value.value).__name__} of {write.value.size:,} bytes",
                f"At most {limit_bytes:,} are kept (FASTGRAPH_MAX_VALUE_BYTES). Save it as an artifact.",
            )
            record = record_error(error, node=task.node, attempt=attempt)
            return TaskFailed(task_id=result.task_id, error=record)
    return None
