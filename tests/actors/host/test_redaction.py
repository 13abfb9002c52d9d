"""A log line holds no key, whatever text it came in."""

from typing import Any

import pytest

from actors.host.redaction import REDACTED, redact

KEY = "fg_8q_gnBllGLgEI_3nU7dad_G7iooqUW0pczWH80vPITE"


@pytest.mark.parametrize(
    "text",
    [
        f"no access with {KEY}.",
        f"{{'Authorization': 'Bearer {KEY}'}}",
        "authorization: bearer hunter22",
        "could not connect to postgresql+psycopg://user:hunter22@host/name",
        "GET /api/artifacts/x?expires=1&signature=hunter22-_x HTTP/1.1",
    ],
)
def test_secrets_in_a_text_are_replaced(text: str) -> None:
    line: dict[str, Any] = {"event": text, "exception": text, "number": 1}
    cleaned = str(redact(None, "info", line))
    assert KEY not in cleaned
    assert "hunter22" not in cleaned
    assert cleaned.count(REDACTED) >= 2


def test_fields_that_are_called_secrets_are_replaced_and_others_stay() -> None:
    line: dict[str, Any] = {
        "event": "api ready",
        "password": "x",
        "path": "/api/runs/",
        "token": None,
        "status": 200,
    }
    assert redact(None, "info", dict(line)) == {**line, "password": REDACTED}
