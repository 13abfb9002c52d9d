"""Requests of all shapes, drawn from the OpenAPI document: no answer is a 5xx, and each is what the document says.

A real server answers. Valid and invalid values are drawn for path, query, headers and body of every operation, beside
real ids, so that requests also get beyond "there is no such run".
"""

import os
import random
from collections import Counter
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from support.serving import Serving

EXAMPLES = int(os.environ.get("FASTGRAPH_REQUEST_EXAMPLES", "10"))
SEED = 20261125
CONFORM = (
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
ANSWER_SECONDS = 30
# A full disk, a full backlog and a paused server are refusals with a sentence, and no failure of the server.
REFUSALS = {503, 507}


@pytest.mark.slow
def test_no_request_of_any_shape_makes_the_server_fail(serving: Serving) -> None:
    base = f"http://127.0.0.1:{serving.port}"
    known = _known_values(serving)
    schema = schemathesis.openapi.from_url(f"{base}/openapi.json")
    asked: Counter[str] = Counter()
    statuses: Counter[int] = Counter()
    faults: list[str] = []
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        label = f"{operation.method.upper()} {operation.path}"
        try:
            _ask(operation, base, known, lambda status, label=label: _count(asked, statuses, label, status))
        except BaseExceptionGroup as group:
            faults += [f"{label}: {_short(error)}" for error in group.exceptions]
        except Exception as error:  # noqa: BLE001 - every operation is asked; all that was wrong is told at the end
            faults.append(f"{label}: {_short(error)}")
        assert serving.client.get("/api/monitoring/health/live").status_code == 200
    print(f"{sum(asked.values())} requests to {len(asked)} operations; {dict(sorted(statuses.items()))}")
    assert not faults, "\n\n".join(faults)
    assert len(asked) >= 35
    assert sum(count for status, count in statuses.items() if status < 300) >= len(asked)


def _count(asked: Counter[str], statuses: Counter[int], label: str, status: int) -> None:
    asked[label] += 1
    statuses[status] += 1


def _ask(operation: Any, base: str, known: dict[str, list[str]], count: Any) -> None:
    chance = random.Random(SEED)

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def one(case: Any) -> None:
        for name in case.path_parameters or {}:
            if name in known and chance.random() < 0.7:
                case.path_parameters[name] = chance.choice(known[name])
        response = case.call(base_url=base, timeout=ANSWER_SECONDS)
        count(response.status_code)
        assert response.status_code < 500 or response.status_code in REFUSALS, (
            response.status_code,
            response.text[:300],
            case.as_curl_command()[:500],
        )
        case.validate_response(response, checks=CONFORM)

    one()


def _known_values(serving: Serving) -> dict[str, list[str]]:
    """Ids that exist, by the name of their parameter: of a run that ended, one that waits, and what they made."""
    ended = serving.client.create_run(workflow="walk", payload={"steps": 3, "pause_seconds": 0})
    serving.client.wait_until_ended(ended)
    going = serving.client.create_run(workflow="walk", payload={"steps": 100_000, "pause_seconds": 0.05})
    runs = [serving.client.run(run_id) for run_id in (ended, going)]
    upload = httpx.post(f"{serving.client.url}/api/artifacts?name=a.txt", content=b"some text")
    return {
        "run_id": [ended, going],
        "thread_id": [run["thread_id"] for run in runs],
        "name": ["walk"],
        "artifact_id": [upload.json()["artifact_id"]],
    }


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:1500]
