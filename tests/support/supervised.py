"""A supervisor to try things on: `House` holds one, with a clock and timers that only a test moves."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import pykka

from actors.runtime import AsyncActor, ref_ask, ref_end
from actors.supervision.child_spec import ChildSpec
from actors.supervision.messages import ChildDown, Escalation, RestartChild
from actors.supervision.supervision import Supervision
from support.clocks import ManualClock


@dataclass
class Waiting:
    seconds: float
    call: Callable[[], object]
    is_cancelled: bool = False

    def cancel(self) -> None:
        self.is_cancelled = True


class ManualTimers:
    """Timers that a test fires; it moves the clock on as far."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.waiting: list[Waiting] = []

    def call_later(self, seconds: float, call: Callable[[], object]) -> Waiting:
        self.waiting.append(Waiting(seconds, call))
        return self.waiting[-1]

    def fire(self) -> float:
        timer = self.waiting.pop(0)
        self.clock.advance(timer.seconds)
        if not timer.is_cancelled:
            timer.call()
        return timer.seconds


class Boss(AsyncActor):
    """A supervisor of whatever it is told to start."""

    def __init__(self, clock: ManualClock, timers: ManualTimers) -> None:
        super().__init__()
        self.escalations: list[Escalation] = []
        self.supervision = Supervision(
            self,
            clock=clock,
            random=Random(1),
            on_escalate=self.escalations.append,
            call_later=timers.call_later,
        )

    def on_receive(self, message: Any) -> Any:
        match message:
            case ChildSpec():
                return self.supervision.start_child(message)
            case ChildDown() | RestartChild():
                return self.supervision.handle(message)
            case "stop all":
                return self.supervision.stop_all()
            case str():
                return self.supervision.stop_child(message)
            case BaseException():
                raise message

    async def on_stop(self) -> None:  # type: ignore[override]  # Pykka's hook is plain
        await self.supervision.stop_all()


class Worker(AsyncActor):
    ended: list[str]

    def __init__(self, name: str, ended: list[str] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.name = name
        self.ended = ended if ended is not None else []

    def on_receive(self, message: Any) -> Any:
        if isinstance(message, BaseException):
            raise message
        return message

    def on_stop(self) -> None:
        self.ended.append(self.name)


class Stubborn(AsyncActor):
    """Waits for ever in its handler; swallows `swallows` cancellations."""

    def __init__(self, swallows: int) -> None:
        super().__init__()
        self.swallows = swallows

    async def on_receive(self, message: Any) -> None:
        while True:
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                self.swallows -= 1
                if self.swallows < 0:
                    raise


class House:
    """A boss, its clock and its timers, for one test."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.timers = ManualTimers(self.clock)
        self.ref = Boss.start(self.clock, self.timers)
        boss = self.ref._actor_weakref()
        assert boss is not None
        self.boss = boss
        self.supervision = boss.supervision
        self.started: list[pykka.ActorRef[Any]] = []

    def worker(self, name: str, ended: list[str] | None = None) -> Callable[[], pykka.ActorRef[Any]]:
        def factory() -> pykka.ActorRef[Any]:
            self.started.append(Worker.start(name, ended))
            return self.started[-1]

        return factory

    async def start(self, key: str, **options: Any) -> pykka.ActorRef[Any]:
        options.setdefault("factory", self.worker(key))
        ref: pykka.ActorRef[Any] = await ref_ask(self.ref, ChildSpec(key=key, **options))
        return ref

    async def die(self, ref: pykka.ActorRef[Any], error: BaseException | None = None) -> None:
        """Let a child die and its supervisor hear of it."""
        ref.tell(error or ValueError("die"))
        await ref_end(ref)
        await self.heard()

    async def heard(self) -> None:
        """All control messages that were sent before are handled: this one goes behind them."""
        await ref_ask(self.ref, ChildDown(key="nobody", generation=0, reason=None))  # type: ignore[arg-type]
