"""LoCoMo: can the lines with the answer be found? (Maharana et al. 2024, `snap-research/locomo`.)

The data is CC BY-NC 4.0: for measuring only, named on the command line, never part of MIA. Nothing
here depends on which conversations they are, and no weight is changed for them.

Recall at k: of a question's evidence lines, the share among the first k found; the mean over all
questions with evidence.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.memory.room import Room, Said, room
from mia.mind.memory import words
from mia.mind.memory.ports import Embedder, Question

CATEGORIES: Mapping[int, str] = {
    1: "multi-hop", 2: "temporal", 3: "open-domain", 4: "single-hop", 5: "adversarial",
}  # fmt: skip
TUNED_ON = ("conv-26", "conv-30")
#: "D8:6; D9:17", "D:11:26" and "D30:05" are in the file as they stand.
_EVIDENCE = re.compile(r"D:?(\d+):0*(\d+)")
_SESSION = re.compile(r"session_(\d+)")

Ranks = Callable[[Room, str, float], Sequence[int]]
"""The ids of the first ten lines found for a question asked at a time, best first."""


@dataclass(frozen=True)
class Asked:
    text: str
    category: int
    evidence: frozenset[str]


@dataclass(frozen=True)
class Talk:
    """One conversation with its questions. ended: Unix seconds."""

    name: str
    said: tuple[Said, ...]
    asked: tuple[Asked, ...]
    ended: float


@dataclass
class Recall:
    """Recall at 5 and 10 of each question, with its category."""

    rows: list[tuple[int, float, float]]

    def at(self, k: int, category: int | None = None) -> float:
        """The mean in percent; nan where no question is of this category."""
        column = {5: 1, 10: 2}[k]
        chosen = [row[column] for row in self.rows if category in (None, row[0])]
        return 100 * float(np.mean(chosen)) if chosen else float("nan")


def read(path: Path) -> list[Talk]:
    """The conversations of a LoCoMo file. Raises OSError, ValueError, KeyError for another file."""
    return [
        _talk(sample, number) for number, sample in enumerate(json.loads(path.read_text("utf-8")))
    ]


def _talk(sample: Mapping[str, Any], number: int) -> Talk:
    conversation = sample["conversation"]
    sessions = sorted(
        int(match[1]) for key in conversation if (match := _SESSION.fullmatch(key)) is not None
    )
    said: list[Said] = []
    at = 0.0
    for session in sessions:
        at = _when(conversation.get(f"session_{session}_date_time", ""), at + 86_400)
        for place, line in enumerate(conversation[f"session_{session}"]):
            caption = line.get("blip_caption")
            text = line["text"] + (f" [{caption}]" if caption else "")
            who = line["speaker"]
            name = _EVIDENCE.sub(lambda m: f"D{m[1]}:{m[2]}", line["dia_id"])
            said.append(Said(name, str(session), who, text, at + place * 20))
    known = {line.name for line in said}
    asked: list[Asked] = []
    for one in sample["qa"]:
        named = {
            f"D{m[1]}:{m[2]}"
            for text in one.get("evidence") or ()
            for m in _EVIDENCE.finditer(text)
        }
        if evidence := frozenset(named & known):
            asked.append(Asked(one["question"], int(one["category"]), evidence))
    name = str(sample.get("sample_id", number))
    return Talk(name, tuple(said), tuple(asked), said[-1].at + 3600)


def _when(text: str, otherwise: float) -> float:
    """Unix seconds of "1:56 pm on 8 May, 2023"."""
    try:
        moment = dt.datetime.strptime(text, "%I:%M %p on %d %B, %Y")
    except ValueError:
        return otherwise
    return moment.replace(tzinfo=dt.UTC).timestamp()


def measured(talks: Sequence[Talk], embedder: Embedder | None, ranks: Ranks) -> Recall:
    rows: list[tuple[int, float, float]] = []
    for talk in talks:
        with room(talk.said, embedder) as place:
            for question in talk.asked:
                found = [place.names[one] for one in ranks(place, question.text, talk.ended)]
                hits = [len(question.evidence.intersection(found[:k])) for k in (5, 10)]
                many = len(question.evidence)
                rows.append((question.category, hits[0] / many, hits[1] / many))
    return Recall(rows)


def by_mia(place: Room, text: str, now: float) -> Sequence[int]:
    """What a conversation uses."""
    question = Question(text, language="en", persona="mia", now=now, limit=10)
    return [found.id for found in place.retriever.search(question)]


def by_words(place: Room, text: str, now: float) -> Sequence[int]:
    """BM25 alone, on all words."""
    terms = words.asked(text)
    return [found for found, _ in words.search(place.connection, terms, 10)]


def by_meaning(place: Room, text: str, now: float) -> Sequence[int]:
    """The embedder alone."""
    assert place.retriever.embedder is not None
    assert place.index is not None
    vector = place.retriever.embedder.embed([text], "query")[0]
    return [found for found, _ in place.index.search(vector, 10)]


def verdict(recall: Recall) -> dict[str, Any]:
    """What `--json` writes: shares, not percent."""
    return {
        "recall_at_5": round(recall.at(5) / 100, 4),
        "recall_at_10": round(recall.at(10) / 100, 4),
        "by_category": {
            name: {
                "recall_at_5": round(recall.at(5, number) / 100, 4),
                "recall_at_10": round(recall.at(10, number) / 100, 4),
                "questions": sum(row[0] == number for row in recall.rows),
            }
            for number, name in CATEGORIES.items()
            if any(row[0] == number for row in recall.rows)
        },
        "questions": len(recall.rows),
    }
