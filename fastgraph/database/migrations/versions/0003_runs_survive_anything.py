"""What operators need: commands to hosts, watches, keys, the audit log, pauses, limits.

`fastgraph.database.tables` and its neighbours say what they mean.
"""

from __future__ import annotations

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and tables."""
