"""API keys, who asks, and links to artifacts."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, field_validator

from api.middleware.rate_limit import parse_rate
from api.security.callers import Role
from api.strict_json import has_control_characters
from fastgraph.errors import SettingsError

__all__ = ["ApiKey", "ArtifactLink", "CreateKey", "CreatedKey", "WhoAsks"]


class CreateKey(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(
        min_length=1, max_length=100, description="What it is called in the audit; stands once."
    )
    role: Role = Field(Role.OPERATE, description="What it may do: operate includes run, which includes read.")
    rate_limit: str | None = Field(
        None, max_length=100, description="Such as 100/minute; without it the server's own."
    )

    @field_validator("name")
    @classmethod
    def _is_printable(cls, name: str) -> str:
        if has_control_characters(name) or not name.strip():
            raise ValueError("holds control characters, or nothing else than spaces")
        return name

    @field_validator("rate_limit")
    @classmethod
    def _is_rate(cls, rate: str | None) -> str | None:
        if rate is not None:
            try:
                parse_rate(rate)
            except SettingsError:
                raise ValueError(f"{rate!r} is no rate; write one such as 100/minute") from None
        return rate


class ApiKey(BaseModel):
    """A key that was made: everything but the key itself."""

    key_id: str
    name: str
    role: Role
    rate_limit: str | None
    created_at: datetime
    created_by: str = Field(description="The name of the key, or `loopback`, that asked for it.")


class CreatedKey(ApiKey):
    """The answer to its making, and the only one that holds the key."""

    key: str = Field(description="Keep it: only its hash is stored, and it is never shown again.")


class WhoAsks(BaseModel):
    """As whom the server takes this request."""

    name: str = Field(description="The name of the key, or `loopback`.")
    roles: list[Role]
    is_required: bool = Field(description="Whether a request without a key is refused.")


class ArtifactLink(BaseModel):
    """A link that needs no key, for a short time."""

    url: str = Field(description="On this server, beginning with a slash; `&download=true` may be added.")
    expires_at: datetime
