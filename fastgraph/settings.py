"""Every setting, read once at the entry point and handed down frozen.

Values come from `FASTGRAPH_*` variables, then from `.env`, then from the defaults here; a command line flag wins over all.
All faults are reported at once. `.env.example` lists the same fields, and a test compares the two.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from fastgraph.errors import SettingsError
from fastgraph.retention import Retention
from fastgraph.workflow_counts import parse_counts

__all__ = ["Settings"]


class Settings(BaseSettings):
    """The settings of one process. Paths are relative to the folder the process was started in."""

    model_config = SettingsConfigDict(env_prefix="FASTGRAPH_", env_file=".env", extra="ignore", frozen=True)

    data_dir: Path = Field(
        Path("data"), description="Folder of the database, artifacts, states and checkpoints."
    )
    database_url: str | None = Field(
        None,
        repr=False,  # it may hold a password
        description="Store; default sqlite:///<data_dir>/fastgraph.db, or postgresql+psycopg://user@host/name.",
    )
    sqlite_synchronous: Literal["FULL", "NORMAL"] = Field(
        "FULL", description="FULL survives power loss; NORMAL may lose the last commits then, never the file."
    )

    host: str = Field("127.0.0.1", description="Address that the API binds.")
    port: int = Field(8000, ge=0, le=65535, description="Port that the API binds; 0 takes a free one.")
    hosts: int = Field(
        1, ge=0, le=64, description="Host processes that `fastgraph serve` starts and watches."
    )
    targets: str = Field(
        "", description="Workflows to load, comma separated; empty loads the shipped examples."
    )
    default_workflow: str | None = Field(
        None, description="Workflow of a run that names none; default the first graph of the first target."
    )
    allowed_hosts: str = Field(
        "",
        description="Further Host names that are served, comma separated; loopback and the bound address always are.",
    )

    api_keys: SecretStr = Field(
        SecretStr(""),
        description="API keys, comma separated: key or role:key (read, run, operate); a bare key has every role.",
    )
    cors_origins: str = Field(
        "", description="Origins of other pages that may use the API, comma separated; empty is none."
    )

    max_threads: int = Field(256, ge=1, description="Threads of a host for sync nodes.")
    max_abandoned_threads: int = Field(
        64, ge=1, description="Threads that never returned after a cancel; with more, a host drains and ends."
    )
    max_processes: int = Field(
        4, ge=1, le=1024, description='Task processes of a host, for nodes with executor="process".'
    )
    max_active_runs: int = Field(500, ge=1, description="Runs that one host holds at once.")
    max_body_bytes: int = Field(8 * 1024**2, ge=1024, description="Largest request body.")
    max_upload_bytes: int = Field(1024**3, ge=1024, description="Largest uploaded artifact.")
    spill_bytes: int = Field(256 * 1024, ge=1024, description="Values above this size go to files.")
    max_value_bytes: int = Field(256 * 1024**2, ge=1024, description="Largest single value a node may write.")

    lease_seconds: float = Field(
        15.0, gt=1, description="A host that does not renew for so long may lose its runs."
    )
    silence_seconds: float = Field(
        120.0, ge=0, description="How long a hanging host's lease is renewed for it by its stand-in."
    )
    paused: bool = Field(
        False,
        description="Whether the server starts paused: runs are accepted, none starts until an unpause.",
    )
    poll_seconds: float = Field(1.0, gt=0, description="How often the store is looked at when no hint came.")
    cancel_grace_seconds: float = Field(5.0, gt=0, description="How long cancelled tasks may still run.")
    drain_seconds: float = Field(6.0, gt=0, description="How long a host may finish steps after SIGTERM.")

    workflow_limits: str = Field(
        "",
        description="Runs of a workflow that have a host at once, over all hosts: name=4,other=10; others have no limit.",
    )
    max_backlog: int = Field(
        100_000,
        ge=0,
        description="Runs that may wait for a host; more are answered 503 with Retry-After; 0 is no limit.",
    )
    workflow_backlogs: str = Field(
        "",
        description="Runs of a workflow that may wait for a host: name=100,other=1000; more are answered 429.",
    )
    retention_days: str = Field(
        "",
        description="Days that ended runs are kept: 30, or completed=7,failed=90,quarantined=never,text-report=3; empty "
        "is for ever.",
    )

    rate_limit: str = Field(
        "", description="Limit per client address, such as 100/minute; empty is off on loopback."
    )
    otlp_endpoint: str = Field(
        "",
        description="Where OpenTelemetry traces go (OTLP over HTTP), such as http://127.0.0.1:4318; empty: nowhere.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is logged."
    )
    strict_values: bool = Field(
        False,
        description="Whether large values, too, are copied whole for each node; `fastgraph dev` does so.",
    )
    capture_output: bool = Field(
        True, description="Whether what nodes print and log goes to their run's console."
    )
    log_format: Literal["json", "console"] = Field("json", description="Form of a log line.")

    @field_validator("workflow_limits", "workflow_backlogs")
    @classmethod
    def _read_counts(cls, text: str) -> str:
        parse_counts(text)
        return text

    @field_validator("retention_days")
    @classmethod
    def _read_retention(cls, text: str) -> str:
        Retention.parse(text)
        return text

    @property
    def max_active_by_workflow(self) -> dict[str, int]:
        """How many runs of each limited workflow may have a host at once."""
        return parse_counts(self.workflow_limits)

    @property
    def max_backlog_by_workflow(self) -> dict[str, int]:
        """How many runs of each limited workflow may wait for a host."""
        return parse_counts(self.workflow_backlogs)

    @property
    def retention(self) -> Retention:
        """How long ended runs are kept."""
        return Retention.parse(self.retention_days)

    @property
    def url(self) -> str:
        """The store's SQLAlchemy URL, with the default filled in."""
        if self.database_url:
            return self.database_url
        return f"sqlite:///{(self.data_dir / 'fastgraph.db').as_posix()}"

    @classmethod
    def read(cls, **flags: Any) -> Self:
        """Read all settings; flags that are None count as not given. Raises SettingsError naming every fault."""
        given = {name: value for name, value in flags.items() if value is not None}
        try:
            return cls(**given)
        except ValidationError as error:
            faults = [f"FASTGRAPH_{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors()]
            raise SettingsError("; ".join(faults)) from error
