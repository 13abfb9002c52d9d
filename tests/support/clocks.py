"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)


class ManualClock:
    """A `fastgraph.clock.Clock` whose two times move together, only by `advance`."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._passed_seconds = 0.0

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed_seconds)

    def monotonic(self) -> float:
        return self._passed_seconds

    def advance(self, seconds: float) -> None:
        """Move both times on; they never run backwards."""
        assert seconds >= 0, f"a clock can not go back by {-seconds} s"
        self._passed_seconds += seconds

    def step_wall_time(self, seconds: float) -> None:
        """Shift wall time alone, to either side, as an administrator or NTP does."""
        self._start += timedelta(seconds=seconds)
