"""Links to artifacts that work for a minute without a key: a browser can't send a header with a download.

A link names one artifact and the second in which it ends, and is signed with a secret that is made once and kept in the
store, so that every API process of a store takes the links of the others. A link lets its bearer read that artifact and
nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping

from fastgraph.clock import Clock

__all__ = ["LIFETIME_SECONDS", "SECRET_BYTES", "SECRET_NAME", "LinkSigner"]

LIFETIME_SECONDS = 60
SECRET_NAME = "link-signing"  # noqa: S105 - its name in the store
SECRET_BYTES = 32

_NUMBER = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)


class LinkSigner:
    """Signs links and checks them."""

    def __init__(self, secret: bytes, *, clock: Clock) -> None:
        self._secret = secret
        self._clock = clock

    def sign(self, artifact_id: str) -> tuple[str, int]:
        """Return the query of a link to an artifact (canonical id), and when it ends in seconds since 1970."""
        expires = int(self._clock.now().timestamp()) + LIFETIME_SECONDS
        return f"expires={expires}&signature={self._signature(artifact_id, expires)}", expires

    def is_valid(self, artifact_id: str, query: Mapping[str, str]) -> bool:
        """Say whether a query is that of a link to this artifact which has not ended."""
        expires, signature = query.get("expires", ""), query.get("signature", "")
        if not _NUMBER.fullmatch(expires):
            return False
        wanted = self._signature(artifact_id, int(expires))
        is_ours = hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "surrogatepass"))
        now = self._clock.now().timestamp()
        # Nothing that we sign ends later: a clock that was set back does not make old links last.
        return is_ours and now < int(expires) <= now + LIFETIME_SECONDS + 1

    def _signature(self, artifact_id: str, expires: int) -> str:
        message = f"artifact\n{artifact_id}\n{expires}".encode("utf-8", "surrogatepass")
        digest = hmac.new(self._secret, message, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
