"""The actor runtime: Pykka's actors on an asyncio loop, and the thread that owns such a loop.

Other packages take what they need from here. Nothing in this package knows of runs, stores or HTTP.
"""

from actors.runtime.ask import ref_ask, ref_ask_blocking, ref_end, ref_kill, ref_stop, ref_stop_blocking
from actors.runtime.async_actor import AsyncActor
from actors.runtime.errors import (
    ActorFailedError,
    ActorGoneError,
    AskTimeoutError,
    InboxFullError,
    NoLoopError,
    WouldBlockLoopError,
)
from actors.runtime.lifeline import Lifeline
from actors.runtime.loop_thread import LoopThread
from actors.runtime.messages import ControlMessage, DownKind, DownReason
from actors.runtime.report import ActorReport, ActorState, ChildReport, ChildState, report_of
from actors.runtime.watchdog import LoopWatchdog, Stall

__all__ = [
    "ActorFailedError",
    "ActorGoneError",
    "ActorReport",
    "ActorState",
    "AskTimeoutError",
    "AsyncActor",
    "ChildReport",
    "ChildState",
    "ControlMessage",
    "DownKind",
    "DownReason",
    "InboxFullError",
    "Lifeline",
    "LoopThread",
    "LoopWatchdog",
    "NoLoopError",
    "Stall",
    "WouldBlockLoopError",
    "ref_ask",
    "ref_ask_blocking",
    "ref_end",
    "ref_kill",
    "ref_stop",
    "ref_stop_blocking",
    "report_of",
]
