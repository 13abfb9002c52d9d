"""One run that ends its host process beside fifty slow innocent ones: it alone is quarantined, and says at which node.

Each innocent run is executing one long task when a host dies of the other's, so they all are suspects; what clears them is
that they run alone for a while.
"""

from pathlib import Path

import pytest

from support import poison_flows
from support.programs import ProgramStarter
from support.serving import Serving

FLOWS = Path(poison_flows.__file__)
INNOCENT = 50
SECONDS = 1.5


@pytest.mark.slow
def test_one_run_that_kills_its_host_is_quarantined_and_fifty_slow_ones_are_not(
    start_program: ProgramStarter, tmp_path: Path
) -> None:
    server = Serving(start_program, tmp_path, flows=FLOWS)
    server.start()
    with server.client as client:
        innocents = [
            client.create_run(workflow="slow", payload={"seconds": SECONDS}) for _ in range(INNOCENT // 2)
        ]
        poison = client.create_run(workflow="poison")
        innocents += [
            client.create_run(workflow="slow", payload={"seconds": SECONDS}) for _ in range(INNOCENT // 2)
        ]
        run = client.wait_until_ended(poison, within_seconds=240)
        assert (run["status"], run["error"]["type"], run["error"]["node"]) == (
            "quarantined",
            "Quarantined",
            "end_process",
        )
        ended = [client.wait_until_ended(innocent, within_seconds=240) for innocent in innocents]
        assert {innocent["status"] for innocent in ended} == {"completed"}
        deaths = server.ledger.read_text().splitlines()
        assert len(deaths) == 3, "twice in the company of others, and once alone"
