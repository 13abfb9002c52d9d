"""The log of events as the feeds read it: rows of the store become events, encoded once.

A row that holds a batch of a stream becomes as many events as it stands for. A row whose batch retention has emptied
becomes one `gap` that says which numbers are gone. Every read is one short query; none is open while somebody is sent to.
"""

from __future__ import annotations

from collections.abc import Sequence
