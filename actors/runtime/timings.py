"""How long handling takes, counted at a cost that a message does not feel.

Bucket n counts the messages that took less than 2^n units of 1,024 ns and not less than half of that: the number of
bits of the time is its bucket, so that counting is a shift and an addition. A percentile is the upper end of its
bucket, which is right within a factor of two.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["BUCKETS", "add_counts", "bucket_of", "no_counts", "percentile_seconds", "upper_seconds"]

BUCKETS = 48  # up to nine years
UNIT_SECONDS = 1.024e-6


def no_counts() -> list[int]:
    """Return empty counts."""
    return [0] * BUCKETS


def bucket_of(seconds: float) -> int:
    """Return the bucket of a time; where it is counted for every message this is written out (`Inbox.end`)."""
    return (int(seconds * 1e9) >> 10).bit_length()


def upper_seconds(bucket: int) -> float:
    """Return the time that all messages of a bucket took less than."""
    return float(1 << bucket) * UNIT_SECONDS


def add_counts(total: list[int], counts: Sequence[int]) -> None:
    """Add counts to others."""
    for bucket, count in enumerate(counts):
        if count:
            total[bucket] += count


def percentile_seconds(counts: Sequence[int], part: float) -> float | None:
    """Return the time within which this part (0.99) of the messages was handled; None where there were none.

    >>> percentile_seconds([0, 3, 1], 0.5)
    2.048e-06
    """
    total = sum(counts)
    if not total:
        return None
    wanted, seen = part * total, 0
    for bucket, count in enumerate(counts):
        seen += count
        if seen >= wanted:
            return upper_seconds(bucket)
    return upper_seconds(len(counts) - 1)
