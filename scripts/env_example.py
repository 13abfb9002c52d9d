"""Writes `.env.example` from the settings' own names, defaults and descriptions (`make env-example`).

A test compares the two, so that the file can not tell anything else than the code.
"""

import textwrap
from pathlib import Path

from fastgraph.settings import Settings

HEADING = """\
# Every setting of FastGraph Server, with its default. Copy this file to `.env` in the folder that the server is started in,
# and take the `#` away where you want another value. A variable of the environment wins over the file, a flag over both.
"""


def render() -> str:
    """Return the text of `.env.example`."""
    blocks = [HEADING]
    for name, field in Settings.model_fields.items():
        default = str(field.default).lower() if isinstance(field.default, bool) else field.default
        shown = "" if default is None else str(default)
        comment = textwrap.fill(
            field.description or "", width=116, initial_indent="# ", subsequent_indent="# "
        )
        blocks.append(f"{comment}\n#FASTGRAPH_{name.upper()}={shown}\n")
    return "\n".join(blocks)


if __name__ == "__main__":
    (Path(__file__).parents[1] / ".env.example").write_text(render())
