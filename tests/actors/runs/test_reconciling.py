"""What the store says of a boot's runs against what the boot knows: looked at twice, and told once."""

import pytest

from actors.runs.reconciling import LOOK_SECONDS, Reconciler
from fastgraph.ids import new_id
from support.boots import House
from support.clocks import ManualClock

pytestmark = pytest.mark.anyio


async def test_a_run_that_is_gone_is_told_of_at_its_second_look_and_between_looks_of_nothing(
    house: House,
) -> None:
    """It may have been claimed again meanwhile, and its new actor has lost nothing."""
    clock = ManualClock()
    reconciler = Reconciler(house.store, boot_id=new_id(), clock=clock)
    told = []
    for seconds in (LOOK_SECONDS, LOOK_SECONDS, LOOK_SECONDS / 2):
        clock.advance(seconds)
        assert await reconciler.find_stranded({"a run"}) == []
        told.append(reconciler.lost)
    assert told == [set(), {"a run"}, set()]
