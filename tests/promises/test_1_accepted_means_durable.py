"""Promise 1: when a client has its run_id, the run survives `kill -9`."""

from support.serving import Serving

RUNS = 1_000


def test_a_thousand_accepted_runs_complete_after_a_kill_at_once(serving: Serving) -> None:
    accepted = [
        serving.client.create_run(workflow="async", payload={"done": number}) for number in range(RUNS)
    ]
    serving.kill_all()
    serving.start()
    for number, run_id in enumerate(accepted):
        run = serving.client.wait_until_ended(run_id, within_seconds=120)
        assert run["status"] == "completed", run
        assert run["result"]["done"] == number + 1
