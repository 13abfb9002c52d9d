"""Classes of a program that are nothing but their attributes, so that these are all that must be kept.

Only a class that a schema names, or that is registered, is ever stored so. What says of itself how it is copied
(`__reduce__`, `__getstate__`), has slots, or builds on anything but such classes is not: a file, a lock or a frame is
more than its attributes. No `__init__` runs when one is read.
"""

from __future__ import annotations

from typing import Any, Final

__all__ = ["attributes_of", "is_plain_class", "with_attributes"]

_HEAP_TYPE: Final = 1 << 9  # defined by a `class` statement, not in C
_SAYS_HOW: Final = ("__reduce_ex__", "__reduce__", "__getstate__", "__getattribute__", "__new__")
# a secret of Pydantic, say, shows nothing of itself and would lie open in its attributes
_KNOWN_OTHERWISE: Final = ("__setstate__", "__get_pydantic_core_schema__")


def is_plain_class(kind: type[Any]) -> bool:
    """Say whether instances of a class are their `__dict__` and nothing else."""
    bases = kind.__mro__[:-1]
    return (
        bool(bases)
        and kind.__dictoffset__ != 0
        and all(base.__flags__ & _HEAP_TYPE and not vars(base).get("__slots__") for base in bases)
        and not any(name in vars(base) for base in bases for name in _SAYS_HOW)
        and not any(hasattr(kind, name) for name in _KNOWN_OTHERWISE)
        and not issubclass(kind, type)
    )


def attributes_of(instance: Any) -> dict[str, Any]:
    """Return the attributes of an instance of a plain class."""
    return dict(vars(instance))


def with_attributes(kind: type[Any], attributes: dict[str, Any]) -> Any:
    """Return an instance with these attributes."""
    instance = object.__new__(kind)
    vars(instance).update(attributes)
    return instance
