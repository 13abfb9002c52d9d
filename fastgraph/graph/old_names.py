"""Keywords under the names that LangGraph had for them before: accepted with a DeprecationWarning, as there."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

__all__ = ["read_old_names"]


def read_old_names(function: str, given: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return keywords under their names of today; `names` leads there. Raises TypeError for any other keyword."""
    for old in given:
        if old not in names:
            raise TypeError(f"{function}() got an unexpected keyword argument {old!r}")
        warnings.warn(f"{function}({old}=…) is called {names[old]} now.", DeprecationWarning, stacklevel=3)
    return {names[old]: value for old, value in given.items()}
