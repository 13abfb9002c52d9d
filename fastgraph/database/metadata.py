"""What all tables of the schema have in common: one metadata, the names of constraints, keys, partial indexes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, MetaData, text
from sqlalchemy.types import TypeEngine

__all__ = ["key_type", "metadata", "partial_index"]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def key_type() -> TypeEngine[int]:
    """SQLite's own row number is a column of type INTEGER and of no other name; PostgreSQL's is as wide."""
    return BigInteger().with_variant(Integer(), "sqlite")


def partial_index(name: str, *columns: str, where: str, is_unique: bool = False) -> Index:
    """An index of the rows that meet a condition, on both databases."""
    return Index(name, *columns, unique=is_unique, sqlite_where=text(where), postgresql_where=text(where))
