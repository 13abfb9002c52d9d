"""What a log keeps of tasks, as bytes: results, questions, errors, answers. Plain JSON, values in it as they are encoded.

A result's update stands under `update`, so that a checkpoint's change may refer to a value in it instead of storing it
again. Reading needs the graph's codecs, and may run user code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from fastgraph.execution.tasks import (
    ErrorRecord,
    InterruptRequest,
    SendWrite,
    TaskEnding,
    TaskFailed,
    TaskInterrupted,
    TaskResult,
    TimeLimits,
    WaitKind,
    Write,
)
from fastgraph.state.values import StoredValue

if TYPE_CHECKING:
    from fastgraph.checkpoint.logs import ValueReader

__all__ = ["ANSWERS", "decode_answers", "decode_ending", "encode_answers", "encode_ending"]

ANSWERS = "answers"
_RESULT, _QUESTIONS, _ERROR = "result", "questions", "error"


def encode_ending(ending: TaskEnding) -> tuple[str, bytes]:
    """Return an ending's kind and its facts."""
    if isinstance(ending, TaskResult):
        return _RESULT, _encode_result(ending)
    if isinstance(ending, TaskInterrupted):
        return _QUESTIONS, orjson.dumps([_encode_question(question) for question in ending.interrupts])
    error = ending.error
    facts = {
        "type": error.type,
        "message": error.message,
        "traceback": error.traceback,
        "node": error.node,
        "attempt": error.attempt,
        "facts": error.facts,
        "refused": ending.refused_answer,
    }
    return _ERROR, orjson.dumps(facts, default=repr)


def decode_ending(kind: str, task_id: str, body: bytes, reader: ValueReader) -> TaskEnding:
    """The inverse of `encode_ending`. Writes to keys that the graph has no more are left out."""
    facts = orjson.loads(body)
    if kind == _RESULT:
        return _decode_result(task_id, facts, reader)
    if kind == _QUESTIONS:
        return TaskInterrupted(
            task_id=task_id, interrupts=tuple(_decode_question(item, reader) for item in facts)
        )
    refused = facts.pop("refused")
    return TaskFailed(task_id=task_id, error=ErrorRecord(**facts), refused_answer=refused)


def encode_answers(answers: Mapping[str, StoredValue]) -> bytes:
    """Return answers, by interrupt id, as bytes."""
    return orjson.dumps({name: _fragment(answer) for name, answer in answers.items()})


def decode_answers(body: bytes, reader: ValueReader) -> dict[str, StoredValue]:
    """The inverse of `encode_answers`."""
    return {name: reader.decode_any(orjson.dumps(answer)) for name, answer in orjson.loads(body).items()}


def _fragment(value: StoredValue) -> orjson.Fragment:
    return orjson.Fragment(value.to_bytes())


def _encode_result(result: TaskResult) -> bytes:
    keys = [write.key for write in result.writes]
    update: Any = {write.key: _fragment(write.value) for write in result.writes}
    if len(update) < len(keys):
        update = [{write.key: _fragment(write.value)} for write in result.writes]
    facts: dict[str, Any] = {"update": update}
    if result.goto:
        facts["goto"] = result.goto
    if result.sends:
        facts["sends"] = [
            [send.node, _fragment(send.argument), *([list(send.limits)] if send.limits else ())]
            for send in result.sends
        ]
    if not result.has_update:
        facts["has_update"] = False
    return orjson.dumps(facts)


def _decode_result(task_id: str, facts: dict[str, Any], reader: ValueReader) -> TaskResult:
    update = facts["update"]
    pairs = [pair for part in (update if isinstance(update, list) else [update]) for pair in part.items()]
    return TaskResult(
        task_id=task_id,
        writes=tuple(_decode_writes(pairs, reader)),
        goto=tuple(facts.get("goto", ())),
        sends=tuple(
            SendWrite(
                node,
                reader.decode_argument(node, orjson.dumps(tree)),
                TimeLimits(*limits[0]) if limits else None,
            )
            for node, tree, *limits in facts.get("sends", ())
        ),
        has_update=facts.get("has_update", True),
    )


def _decode_writes(pairs: list[tuple[str, Any]], reader: ValueReader) -> Iterator[Write]:
    for key, tree in pairs:
        try:
            yield Write(key, reader.decode_write(key, orjson.dumps(tree)))
        except KeyError:
            continue


def _encode_question(question: InterruptRequest) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "id": question.id,
        "position": question.position,
        "value": _fragment(question.value),
        "task_id": question.task_id,
    }
    optional = {
        "schema": question.response_schema,
        "kind": None if question.kind is WaitKind.INTERRUPT else question.kind.value,
        "name": question.name,
        "due_at": question.due_at.isoformat() if question.due_at else None,
        "namespace": question.namespace or None,
    }
    return facts | {name: fact for name, fact in optional.items() if fact is not None}


def _decode_question(facts: dict[str, Any], reader: ValueReader) -> InterruptRequest:
    return InterruptRequest(
        id=facts["id"],
        position=facts["position"],
        value=reader.decode_any(orjson.dumps(facts["value"])),
        task_id=facts["task_id"],
        response_schema=facts.get("schema"),
        kind=WaitKind(facts.get("kind", WaitKind.INTERRUPT.value)),
        name=facts.get("name"),
        due_at=datetime.fromisoformat(facts["due_at"]) if "due_at" in facts else None,
        namespace=facts.get("namespace", ""),
    )
