"""Savers and what they are handed, under LangGraph's module name; what a log is stands in `logs.py`."""

from fastgraph.checkpoint.logs import (
    GIVEN_INPUT,
    STEER,
    STEERED,
    CheckpointSource,
    Pending,
    SavedCheckpoint,
    ThreadLog,
    ValueReader,
    WatchesTasks,
)
from fastgraph.checkpoint.saver import BaseCheckpointSaver
from fastgraph.checkpoint.tuples import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    PendingWrite,
    copy_checkpoint,
    empty_checkpoint,
    get_checkpoint_id,
)

__all__ = [
    "GIVEN_INPUT",
    "STEER",
    "STEERED",
    "BaseCheckpointSaver",
    "ChannelVersions",
    "Checkpoint",
    "CheckpointMetadata",
    "CheckpointSource",
    "CheckpointTuple",
    "Pending",
    "PendingWrite",
    "SavedCheckpoint",
    "ThreadLog",
    "ValueReader",
    "WatchesTasks",
    "copy_checkpoint",
    "empty_checkpoint",
    "get_checkpoint_id",
]
