"""Clients that stop reading: they are served from the log once they read on, cost no memory, and nobody waits for them.

The whole minute with 50 clients is `make slow-consumers`; here are some seconds of it, with larger events so that the
slow ones fall far behind. Its figures are in docs/reliability.md.
"""

from pathlib import Path

import pytest

from benchmarks.slow_consumers import Load, measure

LOAD = Load(clients=9, slow=3, per_second=400, event_bytes=8_000, seconds=10)
BEHIND_MB = 20.0
MEMORY_MB = 20.0
READING_ON_MB = 40.0  # pages and sockets of those that catch up: less than what two of the three have missed


@pytest.mark.slow
def test_clients_that_stop_reading_cost_no_memory_and_nobody_waits_for_them(tmp_path: Path) -> None:
    """`measure` raises where an event is missing or comes twice, where a slow client was served, and where those that read
    had to wait for those that don't."""
    figures = measure(tmp_path, LOAD)
    assert figures["events"] > LOAD.events
    assert figures["least that a slow client fell behind, MB"] > BEHIND_MB, figures
    # Less than one of the three has not taken.
    assert figures["memory growth with, MB"] < MEMORY_MB, figures
    assert figures["memory growth with, once they read on, MB"] < READING_ON_MB, figures
