"""The types of the standard library that every registry can store, and come back equal and of the same type.

Time zones: naive times, fixed offsets and `zoneinfo` zones are kept as they are. Other tzinfo classes have no name that
could be read back, so they are refused. Sets are written in the order of their encodings, so equal sets have equal bytes.
"""

from __future__ import annotations

import base64
import collections
import datetime as dt
import decimal
import fractions
import ipaddress
import pathlib
import uuid
import zoneinfo
from typing import Any

from pydantic import Secret, SecretBytes, SecretStr
from pydantic_core import TzInfo

from fastgraph.state.library_types import LIBRARY_TYPES
from fastgraph.state.overwrite import Overwrite
from fastgraph.state.registered import REGISTERED_TYPES
from fastgraph.state.registry import TypeEntry, TypeRegistry
from fastgraph.state.secrets import BYTES_TAG, TEXT_TAG, VALUE_TAG

__all__ = ["DEFAULT_REGISTRY", "STANDARD_TYPES"]


def _encode_bytes(value: bytes | bytearray) -> str:
    return base64.b64encode(value).decode("ascii")


def _encode_moment(value: dt.datetime | dt.time) -> Any:
    """Return ISO text where that says all, else [naive ISO text, zone name or None, fold]."""
    zone = value.tzinfo
    if zone is None:
        return [value.isoformat(), None, 1] if value.fold else value.isoformat()
    if isinstance(zone, zoneinfo.ZoneInfo) and zone.key is not None:
        return [value.replace(tzinfo=None, fold=0).isoformat(), zone.key, value.fold]
    if isinstance(zone, TzInfo) or (type(zone) is dt.timezone and _has_no_name(zone)):
        return value.isoformat()
    raise ValueError(
        "Use a zone of datetime.timezone or zoneinfo.ZoneInfo: others can't be read back by name."
    )


def _has_no_name(zone: dt.timezone) -> bool:
    """A fixed offset that was given a name of its own would come back without it."""
    return zone.tzname(None) == dt.timezone(zone.utcoffset(None)).tzname(None)


def _encode_deque(value: collections.deque[Any]) -> list[Any]:
    return [list(value), value.maxlen]


def _encode_zone(zone: zoneinfo.ZoneInfo) -> str:
    if zone.key is None:
        raise ValueError("A zone that was read from a file has no name that leads back to it.")
    return zone.key


def _decode_datetime(data: Any) -> dt.datetime:
    if isinstance(data, str):
        return dt.datetime.fromisoformat(data)
    text, zone, fold = data
    return dt.datetime.fromisoformat(text).replace(tzinfo=zone and zoneinfo.ZoneInfo(zone), fold=fold)


def _decode_time(data: Any) -> dt.time:
    if isinstance(data, str):
        return dt.time.fromisoformat(data)
    text, zone, fold = data
    return dt.time.fromisoformat(text).replace(tzinfo=zone and zoneinfo.ZoneInfo(zone), fold=fold)


STANDARD_TYPES = TypeRegistry(
    [
        TypeEntry("bytes", bytes, _encode_bytes, base64.b64decode),
        TypeEntry("bytearray", bytearray, _encode_bytes, lambda text: bytearray(base64.b64decode(text))),
        TypeEntry("datetime", dt.datetime, _encode_moment, _decode_datetime),
        TypeEntry("date", dt.date, dt.date.isoformat, dt.date.fromisoformat),
        TypeEntry("time", dt.time, _encode_moment, _decode_time),
        TypeEntry(
            "timedelta",
            dt.timedelta,
            lambda value: [value.days, value.seconds, value.microseconds],
            lambda parts: dt.timedelta(days=parts[0], seconds=parts[1], microseconds=parts[2]),
        ),
        TypeEntry("uuid", uuid.UUID, str, uuid.UUID),
        TypeEntry("path", type(pathlib.Path()), str, pathlib.Path),
        TypeEntry("decimal", decimal.Decimal, str, decimal.Decimal),
        TypeEntry("complex", complex, lambda value: [value.real, value.imag], lambda parts: complex(*parts)),
        TypeEntry("overwrite", Overwrite, lambda value: value.value, Overwrite),
        TypeEntry("fraction", fractions.Fraction, str, fractions.Fraction),
        TypeEntry(
            "deque", collections.deque, _encode_deque, lambda parts: collections.deque(parts[0], parts[1])
        ),
        TypeEntry(TEXT_TAG, SecretStr, SecretStr.get_secret_value, SecretStr),
        TypeEntry(
            BYTES_TAG,
            SecretBytes,
            lambda secret: _encode_bytes(secret.get_secret_value()),
            lambda text: SecretBytes(base64.b64decode(text)),
        ),
        TypeEntry(VALUE_TAG, Secret, Secret.get_secret_value, Secret),
        TypeEntry("zone", zoneinfo.ZoneInfo, _encode_zone, zoneinfo.ZoneInfo),
        *(
            TypeEntry(kind.__name__.lower(), kind, str, kind)
            for kind in (
                *(ipaddress.IPv4Address, ipaddress.IPv6Address, ipaddress.IPv4Network, ipaddress.IPv6Network),
                *(pathlib.PurePosixPath, pathlib.PureWindowsPath),
            )
        ),
    ]
)

DEFAULT_REGISTRY = STANDARD_TYPES.with_family(REGISTERED_TYPES).with_family(LIBRARY_TYPES)
