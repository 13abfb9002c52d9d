"""text-report: takes a text apart, looks at each section at the same time, and writes a report.

    parse → analyse (one task a section) → summarise → report

`input` is the text itself, the id of an uploaded artifact, or the name of a shipped text; never a path.
"""

import json
import math
import operator
import re
import uuid
from collections import Counter
from typing import Annotated, Any, TypedDict

from fastgraph_example_texts import NAMES, read_text, words_of
from pydantic import Field

from fastgraph import END, START, Send, StateGraph, log, progress, read_artifact, save_artifact

DEFAULT_TEXT = "gettysburg_address"
SECTION_WORDS = 400
TELLING_WORDS = 5
SENTENCE_END = re.compile(r"(?<=[.!?])[\"\u201d\u2019')]*\s+")
QUOTED = re.compile(r"[\"“][^\"”]+[\"”]")
VOWELS = re.compile(r"[aeiouyäöüáéíóúàèìòù]+", re.IGNORECASE)


class Section(TypedDict):
    title: str
    text: str


class Statistics(TypedDict):
    number: int
    title: str
    words: int
    sentences: int
    different_words: int
    reading_ease: float
    longest_sentence: str
    quoted_share: float
    counts: dict[str, int]


class Input(TypedDict, total=False):
    """A text to report on."""

    input: Annotated[
        str,
        Field(
            description=f"A text, the id of an uploaded artifact, or one of: {', '.join(NAMES)}",
            examples=[DEFAULT_TEXT],
            json_schema_extra={"default": DEFAULT_TEXT},
        ),
    ]


class State(TypedDict, total=False):
    input: str
    source: str
    sections: list[Section]
    analysed: Annotated[list[Statistics], operator.add]
    summary: dict[str, Any]
    artifacts: dict[str, str]


class Part(TypedDict):
    number: int
    of: int
    section: Section


def parse(state: State) -> dict[str, Any]:
    """Find the text and cut it into sections: at headings, or into pieces of about SECTION_WORDS words."""
    source, text = _find_text(state.get("input", DEFAULT_TEXT))
    sections = _cut(text)
    if not sections:
        raise ValueError("The input holds no words. Give a text, an artifact's id, or a shipped text's name.")
    log(f"{len(sections)} sections from {source}", sections=len(sections))
    return {"source": source, "sections": sections}


def _find_text(given: str) -> tuple[str, str]:
    given = given.strip()
    if given in NAMES:
        return f"the shipped text {given}", read_text(given)
    try:
        artifact_id = str(uuid.UUID(given))
    except ValueError:
        return "the input itself", given
    return f"artifact {artifact_id}", read_artifact(artifact_id).decode("utf-8", "replace")


def _cut(text: str) -> list[Section]:
    parts = re.split(r"^#+\s*(.+)$", text, flags=re.MULTILINE)
    titled = list(zip(parts[1::2], parts[2::2], strict=True))
    if parts[0].strip():
        titled.insert(0, ("Beginning", parts[0]))
    sections: list[Section] = []
    for title, body in titled:
        words = body.split()
        pieces = max(1, round(len(words) / SECTION_WORDS))
        size = math.ceil(len(words) / pieces) or 1
        for piece in range(pieces):
            name = title.strip() if pieces == 1 else f"{title.strip()} ({piece + 1} of {pieces})"
            content = body.strip() if pieces == 1 else " ".join(words[piece * size : (piece + 1) * size])
            if words_of(content):
                sections.append({"title": name, "text": content})
    return sections


def each_section(state: State) -> list[Send]:
    sections = state["sections"]
    return [
        Send("analyse", {"number": number, "of": len(sections), "section": section})
        for number, section in enumerate(sections)
    ]


def analyse(part: Part) -> dict[str, Any]:
    """Measure one section."""
    section = part["section"]
    words = words_of(section["text"])
    sentences = [sentence for sentence in SENTENCE_END.split(section["text"]) if words_of(sentence)]
    syllables = sum(max(1, len(VOWELS.findall(word))) for word in words)
    per_sentence = len(words) / max(1, len(sentences))
    quoted = sum(len(words_of(quote)) for quote in QUOTED.findall(section["text"]))
    progress(part["number"] + 1, part["of"], label=section["title"])
    return {
        "analysed": [
            {
                "number": part["number"],
                "title": section["title"],
                "words": len(words),
                "sentences": len(sentences),
                "different_words": len(set(words)),
                # Flesch, "A new readability yardstick", 1948
                "reading_ease": round(206.835 - 1.015 * per_sentence - 84.6 * syllables / len(words), 1),
                "longest_sentence": " ".join(max(sentences, key=len, default="").split()),
                "quoted_share": round(quoted / len(words), 3),
                "counts": dict(Counter(words)),
            }
        ]
    }


def summarise(state: State) -> dict[str, Any]:
    """Add the sections up, and find the words that tell each from the others (TF-IDF)."""
    parts = sorted(state["analysed"], key=lambda part: part["number"])
    total: Counter[str] = Counter()
    found_in: Counter[str] = Counter()
    for part in parts:
        total.update(part["counts"])
        found_in.update(part["counts"].keys())
    words = sum(part["words"] for part in parts)
    return {
        "summary": {
            "source": state["source"],
            "words": words,
            "sentences": sum(part["sentences"] for part in parts),
            "different_words": len(total),
            "reading_ease": round(sum(part["reading_ease"] * part["words"] for part in parts) / words, 1),
            "most_frequent": total.most_common(10),
            "telling": [_telling(part, found_in, len(parts)) for part in parts],
        }
    }


def _telling(part: Statistics, found_in: Counter[str], sections: int) -> list[str]:
    def weight(word: str) -> float:
        return part["counts"][word] / part["words"] * math.log((1 + sections) / found_in[word])

    candidates = [word for word in part["counts"] if len(word) > 3]
    return sorted(candidates, key=lambda word: (-weight(word), word))[:TELLING_WORDS]


def report(state: State) -> dict[str, Any]:
    """Write the report for people and the statistics for programs."""
    parts = sorted(state["analysed"], key=lambda part: part["number"])
    statistics = {
        "summary": state["summary"],
        "sections": [{key: value for key, value in part.items() if key != "counts"} for part in parts],
    }
    return {
        "artifacts": {
            "report": save_artifact("report.md", _markdown(state["summary"], parts), "text/markdown"),
            "statistics": save_artifact(
                "statistics.json", json.dumps(statistics, indent=2, ensure_ascii=False), "application/json"
            ),
        }
    }


def _markdown(summary: dict[str, Any], parts: list[Statistics]) -> str:
    frequent = ", ".join(f"{word} ({count})" for word, count in summary["most_frequent"])
    lines = [
        "# Text report",
        "",
        (
            f"Of {summary['source']}: {summary['words']:,} words in {summary['sentences']:,} sentences, "
            f"{summary['different_words']:,} different ones. Reading ease {summary['reading_ease']} "
            f"(Flesch; 60 to 70 is plain English)."
        ),
        "",
        f"Most frequent: {frequent}.",
        "",
        "| section | words | sentences | different | ease | quoted | telling words |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for part, telling in zip(parts, summary["telling"], strict=True):
        title = part["title"].replace("|", "\\|")
        lines.append(
            f"| {title} | {part['words']} | {part['sentences']} | {part['different_words']} | {part['reading_ease']} "
            f"| {part['quoted_share']:.0%} | {', '.join(telling)} |"
        )
    longest = max(parts, key=lambda part: len(part["longest_sentence"]))
    lines += [
        "",
        f"## The longest sentence, in {longest['title']}",
        "",
        f"> {longest['longest_sentence']}",
        "",
    ]
    return "\n".join(lines)


builder = StateGraph(State, input_schema=Input)
builder.add_node(parse)
builder.add_node(analyse)
builder.add_node(summarise)
builder.add_node(report)
builder.add_edge(START, "parse")
builder.add_conditional_edges("parse", each_section, ["analyse"])
builder.add_edge("analyse", "summarise")
builder.add_edge("summarise", "report")
builder.add_edge("report", END)
graph = builder.compile(
    name="text-report", description="Analyses every section of a text at once and writes a report."
)
