"""Signed links: one artifact, one minute, nothing else."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.security.links import LIFETIME_SECONDS, LinkSigner
from fastgraph.ids import new_id
from support.clocks import ManualClock

ARTIFACT = new_id()


def query_of(text: str) -> dict[str, str]:
    return dict(parse_qsl(text))


def test_a_link_is_valid_for_its_artifact_until_it_ends() -> None:
    clock = ManualClock()
    signer = LinkSigner(b"secret" * 6, clock=clock)
    query = query_of(signer.sign(ARTIFACT)[0])
    assert signer.is_valid(ARTIFACT, query)
    assert not signer.is_valid(new_id(), query)
    assert not LinkSigner(b"other" * 6, clock=clock).is_valid(ARTIFACT, query)
    clock.advance(LIFETIME_SECONDS + 1)
    assert not signer.is_valid(ARTIFACT, query)


def test_a_link_of_a_clock_that_was_ahead_does_not_last() -> None:
    clock = ManualClock()
    clock.advance(86_400)
    ahead = query_of(LinkSigner(b"secret" * 6, clock=clock).sign(ARTIFACT)[0])
    assert not LinkSigner(b"secret" * 6, clock=ManualClock()).is_valid(ARTIFACT, ahead)


@pytest.mark.parametrize("field", ["expires", "signature"])
@given(text=st.text(max_size=80))
def test_any_other_text_is_refused(field: str, text: str) -> None:
    signer = LinkSigner(b"secret" * 6, clock=ManualClock())
    query = query_of(signer.sign(ARTIFACT)[0])
    if query[field] != text:
        assert not signer.is_valid(ARTIFACT, {**query, field: text})
