"""Run a sketched program on a library and return all that a user could see of it.

Ids are taken out: both libraries make their own, and which are equal is what `tests/conformance/` compares. Between two
values of the root, what parallel tasks and nested graphs show comes in nobody's order and is sorted.
"""

import asyncio
import threading
import warnings
from collections.abc import Callable
from typing import Any

from conformance.library import FASTGRAPH, LANGGRAPH
from conformance.observing import silent_loggers
from conformance.plain import Raised, Seen
from differential.building import World, build, make_value
from differential.sketch import Move, Program

__all__ = ["TOO_BIG", "Sight", "compare", "find_difference", "watch", "watch_both"]

Sight = list[Any]
HELD_SECONDS = 30.0  # after which a program counts as one that never ends
COUNTERS = "counters_since_delta_snapshot"  # LangGraph's own bookkeeping of delta channels
TOO_BIG = "too big"
TURNS = 6  # calls that `go on` makes at most


class Nameless(Seen):
    """Plain data without ids."""

    def number(self, id_: Any) -> str | None:
        """Return the same for every id."""
        return None if id_ is None else "#"

    def _entry(self, key: Any, value: Any) -> Any:
        if key == "__interrupt__":
            value = sorted(value, key=lambda question: str(question.value))
        return super()._entry(key, value)


class Watching:
    """One run of a program on a library."""

    def __init__(self, lg: Any, program: Program) -> None:
        self.lg = lg
        self.program = program
        self.world = World()
        self.seen = Nameless()
        saver = lg.checkpoint.memory.InMemorySaver() if program.saver == "memory" else None
        self.graph = build(lg, program, self.world, is_async=program.is_async, saver=saver)
        self.config: dict[str, Any] = {"configurable": {"thread_id": "1"}, "recursion_limit": program.limit}
        self.runner = asyncio.Runner() if program.is_async else None

    def run(self) -> Sight:
        """Make all calls and return what they show, the state after each, and the history."""
        try:
            sight: Sight = []
            for number, move in enumerate(self.program.moves):
                sight += self._make(move, number)
                if self.world.is_too_big:
                    self.world.occurred.add(TOO_BIG)
                    return sight
            if self.program.saver == "memory":
                sight.append(("history", self._look(self._history)))
            return sight
        finally:
            if self.runner is not None:
                self.runner.close()

    def _make(self, move: Move, number: int) -> Sight:
        command = self.lg.types.Command
        has_saver = self.program.saver == "memory"
        if move.kind == "start":
            return self._call({key: self._value(key, f"i:{number}") for key in move.keys})
        if not has_saver:
            return []
        match move.kind:
            case "go on":
                return self._go_on()
            case "answer":
                if self._has_several_due_and_no_question():
                    # LangGraph gives an answer to nothing to whoever asks first, we to the first task
                    return self._go_on()
                return self._call(command(resume=f"answer {number}"))
            case "answer all" | "answer one":
                return self._answer(move)
            case "tell":
                update = {key: self._value(key, f"t:{number}") for key in move.keys}
                return self._call(command(update=update, goto=list(move.goto)))
            case "fork":
                config = self._old(move.number)
                return self._call(None, config) if config else []
            case "update" | "update old":
                config = self._old(move.number) if move.kind == "update old" else self.config
                if config is None:
                    return []
                self.world.occurred.add(move.kind)
                values = {key: self._value(key, f"u:{number}") for key in move.keys}
                shown = self._look(lambda: self.seen.plain(self._update(config, values, move.node)))
                return [("update", shown), *self._state()]

    def _update(self, config: Any, values: Any, node: str | None) -> Any:
        if self.runner is None:
            return self.graph.update_state(config, values, as_node=node)
        return self.runner.run(self.graph.aupdate_state(config, values, as_node=node))

    def _value(self, key: str, label: str) -> Any:
        return make_value(key, "a" if key == "gate" else label, 0)

    def _go_on(self) -> Sight:
        """Answer what is asked and try again what failed, until the thread is at its end."""
        sight: Sight = []
        for _ in range(TURNS):
            state = self._look(lambda: self.graph.get_state(self.config))
            if isinstance(state, Raised) or not state.next:
                break
            given = self._answers(list(state.interrupts)) if state.interrupts else None
            self.world.occurred.add("answers" if given is not None else "resumed without an input")
            sight += self._call(given)
        return sight

    def _has_several_due_and_no_question(self) -> bool:
        state = self._find_state()
        return state is not None and not state.interrupts and len(state.next) > 1

    def _find_state(self) -> Any:
        """Return the thread's state; None where its pending writes can't be applied, which LangGraph raises on a look."""
        try:
            return self.graph.get_state(self.config)
        except self.lg.errors.InvalidUpdateError:
            return None

    def _answer(self, move: Move) -> Sight:
        state = self._find_state()
        if state is None:
            return []
        asked = sorted(state.interrupts, key=lambda question: str(question.value))
        if not asked:
            return []
        if move.kind == "answer one" and len(asked) > 1:
            self.world.occurred.add("some of several answers")
            asked = [asked[move.number % len(asked)]]
        return self._call(self._answers(asked))

    def _answers(self, asked: list[Any]) -> Any:
        if len(asked) > 1:
            self.world.occurred.add("parallel questions")
        return self.lg.types.Command(resume={question.id: f"re {question.value}" for question in asked})

    def _old(self, number: int) -> Any:
        history = list(self.graph.get_state_history(self.config))
        if not history:
            return None
        self.world.occurred.add("an old checkpoint")
        config = history[number % len(history)].config
        return {**self.config, "configurable": {**self.config["configurable"], **config["configurable"]}}

    def _call(self, given: Any, config: Any = None) -> Sight:
        config = config or self.config
        options: dict[str, Any] = {"durability": self.program.durability} if self.program.durability else {}
        chunks: list[Any] = []
        try:
            if self.program.way.endswith("stream"):
                options |= {
                    "stream_mode": ["values", "updates", *self.program.modes],
                    "subgraphs": self.program.is_deep,
                }
                self._stream(chunks, given, config, options)
                shown: Any = "end"
            elif self.runner is not None:
                shown = self.seen.plain(self.runner.run(self.graph.ainvoke(given, config, **options)))
            else:
                shown = self.seen.plain(self.graph.invoke(given, config, **options))
        except Exception as error:  # noqa: BLE001 - the error is the observation
            shown = Raised(error)
            self.world.occurred.add(f"raised {type(error).__name__}")
            if type(error).__name__ == "InvalidUpdateError":
                # what LangGraph streams of a step that can't be applied is a difference that docs/langgraph.md names
                while chunks and chunks[-1][-2] != "values":
                    chunks.pop()
        return [("call", self._in_order(chunks), shown), *self._state()]

    def _stream(self, chunks: list[Any], given: Any, config: Any, options: dict[str, Any]) -> None:
        if self.runner is None:
            chunks.extend(self.graph.stream(given, config, **options))
            return

        async def collect() -> None:
            async for chunk in self.graph.astream(given, config, **options):
                chunks.append(chunk)  # noqa: PERF401 - what came before an error is seen, too

        self.runner.run(collect())

    def _in_order(self, chunks: list[Any]) -> list[Any]:
        """Sort what comes between two values of the root."""
        steps: list[Any] = []
        together: list[Any] = []
        for chunk in [*chunks, None]:
            if chunk is not None:
                place, mode, shown = chunk if self.program.is_deep else ((), *chunk)
                is_separator = (
                    mode == "values"
                    and not place
                    and not (isinstance(shown, dict) and "__interrupt__" in shown)
                )
                told = ([self.seen.text(part) for part in place], mode, self._shown(mode, shown))
                if not is_separator:
                    together.append(told)
                    continue
            steps += sorted(together, key=_ordered)
            together = []
            if chunk is not None:
                steps.append(told)
        return steps

    def _shown(self, mode: str, shown: Any) -> Any:
        plain = self.seen.plain(shown)
        if mode == "debug" and isinstance(plain, dict):
            plain.pop("timestamp", None)
            if plain.get("type") == "checkpoint":
                plain["payload"]["metadata"].pop(COUNTERS, None)
        elif mode == "checkpoints":
            plain["metadata"].pop(COUNTERS, None)
        return plain

    def _state(self) -> Sight:
        if self.program.saver != "memory":
            return []
        return [("state", self._look(lambda: self._snapshot(self.graph.get_state(self.config))))]

    def _snapshot(self, shown: Any) -> Any:
        snapshot = self.seen.snapshot(shown)
        del snapshot["parent"]  # the history says whose child each one is
        for told in (snapshot, *snapshot["tasks"]):
            told["interrupts"] = sorted(told["interrupts"], key=repr)
        return snapshot

    def _history(self) -> list[Any]:
        history = list(self.graph.get_state_history(self.config))
        places = {
            shown.config["configurable"]["checkpoint_id"]: number for number, shown in enumerate(history)
        }
        told = []
        for shown in history:
            parent = shown.parent_config and places.get(shown.parent_config["configurable"]["checkpoint_id"])
            told.append({**self._snapshot(shown), "parent": parent})
            if any(move.kind == "update old" for move in self.program.moves):
                for task in told[-1]["tasks"]:
                    del task["result"]  # LangGraph notes there, too, what a branch was made of
        return told

    @staticmethod
    def _look(look: Callable[[], Any]) -> Any:
        try:
            return look()
        except Exception as error:  # noqa: BLE001 - the error is the observation
            return Raised(error)


def watch(lg: Any, program: Program) -> tuple[Sight, set[str]]:
    """Return what is seen of a program, and the features that occurred. TimeoutError where it never ends."""
    found: list[tuple[Sight, set[str]]] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            watching = Watching(lg, program)
            found.append((watching.run(), watching.world.occurred))
        except BaseException as error:  # noqa: BLE001 - it is raised again below
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(HELD_SECONDS)
    if thread.is_alive():
        raise TimeoutError(f"on {lg} it has not ended within {HELD_SECONDS} s: {program!r}")
    if errors:
        raise errors[0]
    return found[0]


def watch_both(program: Program) -> tuple[Sight, Sight, set[str]]:
    """Return what is seen on LangGraph and on FastGraph, and the features that occurred on LangGraph."""
    with warnings.catch_warnings(), silent_loggers():
        warnings.simplefilter("ignore")
        theirs, occurred = watch(LANGGRAPH, program)
        if TOO_BIG in occurred:
            return [], [], occurred
        ours, _ = watch(FASTGRAPH, program)
    return theirs, ours, occurred


def compare(program: Program) -> set[str]:
    """Assert that both libraries show the same; return the features that occurred."""
    theirs, ours, occurred = watch_both(program)
    found = find_difference(theirs, ours)
    assert found is None, f"{found}\n{program!r}"
    return occurred


def find_difference(theirs: Any, ours: Any, at: str = "") -> str | None:
    """Return a sentence on the first difference of two sights, None where there is none."""
    if theirs == ours:
        return None
    if isinstance(theirs, dict) and isinstance(ours, dict) and theirs.keys() == ours.keys():
        pairs = [(str(key), theirs[key], ours[key]) for key in theirs]
    elif isinstance(theirs, list | tuple) and isinstance(ours, list | tuple):
        pairs = [
            (str(number), their, our) for number, (their, our) in enumerate(zip(theirs, ours, strict=False))
        ]
        if len(theirs) != len(ours):
            rest = (theirs if len(theirs) > len(ours) else ours)[len(pairs) :]
            pairs.append(
                (
                    "more",
                    rest[0] if len(theirs) > len(ours) else None,
                    rest[0] if len(ours) > len(theirs) else None,
                )
            )
    else:
        pairs = []
    found = [find_difference(their, our, f"{at}.{key}") for key, their, our in pairs if their != our]
    return found[0] if found else f"at {at}:\n  LangGraph: {theirs!r}\n  FastGraph: {ours!r}"


def _ordered(shown: Any) -> str:
    """Return a text to sort by, which does not depend on the order of keys."""
    if isinstance(shown, dict):
        return repr([(str(key), _ordered(shown[key])) for key in sorted(shown, key=str)])
    if isinstance(shown, list | tuple):
        return repr([_ordered(item) for item in shown])
    return repr(shown)
