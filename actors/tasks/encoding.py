"""A task and its ending as messages: what a task process is given, and what it gives back.

Values go as their encoded bytes and are read with the graph's own codecs on the other side, which has loaded the same
workflows. Reading an ending may run user code (validators), so it is done in the thread that waits for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from actors.tasks.channel import Message
from fastgraph.clock import to_rfc3339
from fastgraph.execution.tasks import (
    ErrorRecord,
    InterruptRequest,
    SendWrite,
    Task,
    TaskEnding,
    TaskFailed,
    TaskInterrupted,
    TaskKind,
    TaskResult,
    TimeLimits,
    WaitKind,
    Write,
)
from fastgraph.graph.compiled import CompiledGraph
from fastgraph.graph.control import RunControl
from fastgraph.graph.services import TaskServices
from fastgraph.graph.task_call import TaskCall
from fastgraph.state.plain import decode, encode
from fastgraph.state.values import StoredValue

__all__ = ["decode_call", "decode_ending", "encode_call", "encode_ending"]


def encode_call(call: TaskCall, workflow: str) -> Message:
    """Put a call into a message. Raises UnstorableValueError for a context or config that is no plain data."""
    task, keys = call.task, [key for key, value in call.values.items() if value.is_tracked]
    facts = {
        "workflow": workflow,
        "run_id": call.services.run_id,
        "task": [
            task.id,
            task.node,
            str(task.kind),
            task.path,
            task.step,
            list(task.triggers),
            task.remaining_steps,
        ],
        "attempt": call.attempt,
        "first_attempt_at": call.first_attempt_at,
        "keys": keys,
        "has_argument": task.argument is not None,
    }
    parts = [call.values[key].to_bytes() for key in keys]
    parts.append(encode(dict(call.answers), where="the answers"))
    parts.append(encode(_plain_config(call.config), where="the config"))
    parts.append(encode(call.context, where="the context"))
    if task.argument is not None:
        parts.append(task.argument.to_bytes())
    return Message("task", facts, parts)


def decode_call(message: Message, graph: CompiledGraph, services: TaskServices) -> TaskCall:
    """The inverse of `encode_call`, in the task process. Runs validators."""
    facts, parts = message.facts, list(message.parts)
    name, node, kind, path, step, triggers, remaining_steps = facts["task"]
    argument = graph.state.decode_argument(node, parts.pop()) if facts["has_argument"] else None
    context, config, answers = decode(parts.pop()), decode(parts.pop()), decode(parts.pop())
    return TaskCall(
        graph=graph,
        task=Task(
            id=name,
            node=node,
            kind=TaskKind(kind),
            path=path,
            step=step,
            triggers=tuple(triggers),
            argument=argument,
            remaining_steps=remaining_steps,
        ),
        values={
            key: graph.state.decode_value(key, data) for key, data in zip(facts["keys"], parts, strict=True)
        },
        attempt=facts["attempt"],
        first_attempt_at=facts["first_attempt_at"],
        control=RunControl(),
        answers=answers,
        config=config,
        context=context,
        services=services,
    )


def encode_ending(ending: TaskEnding) -> Message:
    """Put an ending into a message."""
    if isinstance(ending, TaskResult):
        return _encode_result(ending)
    if isinstance(ending, TaskInterrupted):
        questions = [_question_facts(question) for question in ending.interrupts]
        values = [question.value.to_bytes() for question in ending.interrupts]
        return Message("interrupted", {"task_id": ending.task_id, "questions": questions}, values)
    error = ending.error
    facts = {
        "task_id": ending.task_id,
        "error": [error.type, error.message, error.traceback, error.node, error.attempt],
        "matched_policy": ending.matched_policy,
        "refused_answer": ending.refused_answer,
    }
    return Message("failed", facts, [encode(dict(error.facts), where="the error's facts")])


def decode_ending(message: Message, graph: CompiledGraph) -> TaskEnding:
    """The inverse of `encode_ending`, in the host. Runs validators."""
    facts = message.facts
    if message.word == "result":
        return _decode_result(facts, message.parts, graph)
    if message.word == "interrupted":
        return TaskInterrupted(
            task_id=facts["task_id"],
            interrupts=tuple(
                _read_question(question, StoredValue.read(value))
                for question, value in zip(facts["questions"], message.parts, strict=True)
            ),
        )
    kind, text, traceback, node, attempt = facts["error"]
    return TaskFailed(
        task_id=facts["task_id"],
        error=ErrorRecord(
            type=kind,
            message=text,
            traceback=traceback,
            node=node,
            attempt=attempt,
            facts=decode(message.parts[0]),
        ),
        matched_policy=facts["matched_policy"],
        refused_answer=facts["refused_answer"],
    )


def _encode_result(result: TaskResult) -> Message:
    # what an untracked key holds lives in one process only
    tracked = [write for write in result.writes if write.value.is_tracked]
    facts = {
        "task_id": result.task_id,
        "writes": [write.key for write in tracked],
        "goto": result.goto,
        "sends": [[send.node, send.limits and list(send.limits)] for send in result.sends],
        "has_update": result.has_update,
        "unknown_keys": result.unknown_keys,
    }
    parts = [write.value.to_bytes() for write in tracked]
    return Message("result", facts, parts + [send.argument.to_bytes() for send in result.sends])


def _decode_result(facts: Mapping[str, Any], parts: Sequence[bytes], graph: CompiledGraph) -> TaskResult:
    keys = facts["writes"]
    written, sent = parts[: len(keys)], parts[len(keys) :]
    return TaskResult(
        task_id=facts["task_id"],
        writes=tuple(
            Write(key, graph.state.decode_write(key, data)) for key, data in zip(keys, written, strict=True)
        ),
        goto=tuple(facts["goto"]),
        sends=tuple(
            SendWrite(node, graph.state.decode_argument(node, data), TimeLimits(*limits) if limits else None)
            for (node, limits), data in zip(facts["sends"], sent, strict=True)
        ),
        has_update=facts["has_update"],
        unknown_keys=tuple(facts["unknown_keys"]),
    )


def _question_facts(question: InterruptRequest) -> dict[str, Any]:
    return {
        "id": question.id,
        "position": question.position,
        "task_id": question.task_id,
        "response_schema": question.response_schema,
        "kind": str(question.kind),
        "name": question.name,
        "due_at": to_rfc3339(question.due_at) if question.due_at else None,
        "namespace": question.namespace,
    }


def _read_question(facts: Mapping[str, Any], value: StoredValue) -> InterruptRequest:
    due_at = facts["due_at"]
    return InterruptRequest(
        **{
            **facts,
            "kind": WaitKind(facts["kind"]),
            "due_at": datetime.fromisoformat(due_at) if due_at else None,
            "value": value,
        }
    )


def _plain_config(config: Mapping[str, Any]) -> dict[str, Any]:
    return {key: dict(value) if isinstance(value, Mapping) else value for key, value in config.items()}
