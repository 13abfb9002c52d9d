"""Names of artifacts: labels that lead nowhere.

No path of ours is ever made from one: content lies under its hash. A name that comes from outside is refused where it is
made to lead somewhere (`checked_name`), and whatever becomes a file's name elsewhere, in a browser or on the command line,
goes through `file_name` first, whoever chose it.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["MAX_NAME", "checked_name", "file_name"]

MAX_NAME = 255
MAX_FILE_NAME_BYTES = 200  # below the 255 of most file systems, with room for what a program puts around it

# Look like a slash or a backslash, and are none to Unicode's own compatibility forms.
_SLASHES = frozenset("/\\\u2044\u2215\u29f5\u29f8\u29f9\u2571\u2572\u27cb\u27cd\u1735\u3033\u3035")
_SEPARATOR = re.compile(r"[/\\]")
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9])", re.IGNORECASE)
# Controls, format characters (right-to-left overrides, zero widths), surrogates, line and paragraph separators.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def checked_name(name: str) -> str | None:
    """Return what is wrong with a name from outside as the end of a sentence about it; None where nothing is."""
    if not 1 <= len(name) <= MAX_NAME:
        return f"must have 1 to {MAX_NAME} characters"
    kinds = {unicodedata.category(character) for character in name}
    if "Cs" in kinds:
        return "holds half a surrogate pair, which is no character"
    if "Cc" in kinds:
        return "holds control characters; leave them out"
    if kinds & _UNSEEN:
        return "holds characters that nobody sees, such as a change of direction; leave them out"
    parts = _SEPARATOR.split(_without_look_alikes(name))
    if any(part.strip(" ") in {".", ".."} for part in parts):
        return "leads to another folder; leave `..` and what looks like it out"
    if parts[0] == "" or re.match(r"[A-Za-z]:", parts[0]):
        return "begins at the root of a disk; it is a label, not a path"
    if any(_is_device(part) for part in parts):
        return "is a device on some systems; choose another one"
    return None


def file_name(name: str, fallback: str) -> str:
    """Return a name under which a file may be kept in the folder at hand, on any system; `fallback` where none is left."""
    last = _SEPARATOR.split(_without_look_alikes(name))[-1]
    last = "".join("_" if character == ":" else character for character in last)
    last = "".join(character for character in last if unicodedata.category(character) not in _UNSEEN)
    last = _shortened(last.strip().rstrip(". "))
    if not last.strip("."):
        return fallback
    return f"_{last}" if _is_device(last) else last


def _without_look_alikes(name: str) -> str:
    """Write whatever looks like a slash, a backslash, a dot or a colon as what it looks like; the rest stays."""
    return "".join(map(_plain, name))


def _plain(character: str) -> str:
    if character.isascii():
        return character
    if character in _SLASHES:
        return "/"
    compatible = unicodedata.normalize("NFKC", character)
    return compatible if compatible and set(compatible) <= set("./\\:") else character


def _is_device(part: str) -> bool:
    stem = unicodedata.normalize("NFKC", part).split(".", 1)[0].split(":", 1)[0].strip()
    return _DEVICES.fullmatch(stem) is not None


def _shortened(name: str) -> str:
    """Cut a name to MAX_FILE_NAME_BYTES and keep its ending."""
    if len(name.encode("utf-8", "ignore")) <= MAX_FILE_NAME_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 16:
        stem, dot, ending = name, "", ""
    room = MAX_FILE_NAME_BYTES - len((dot + ending).encode("utf-8", "ignore"))
    return stem.encode("utf-8", "ignore")[:room].decode("utf-8", "ignore").rstrip(". ") + dot + ending
