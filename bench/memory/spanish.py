"""Spanish and English, asked in four directions: 160 memories a companion would really hold, each
asked for in both languages, among 80 lines of small talk (`spanish_english.json`).

Written by hand before anything was tuned, and frozen. Questions avoid the words of their answer
where a person might, so words alone find one in twenty.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.memory.room import Room, Said, room
from mia.mind.memory.ports import Embedder, Question

PATH = Path(__file__).parent / "spanish_english.json"
DIRECTIONS = (("es", "es"), ("es", "en"), ("en", "es"), ("en", "en"))
NOW = 1_700_000_000.0

Ranks = Callable[[Room, str, float], Sequence[int]]


@dataclass
class Hits:
    """(direction, found at 1, found at 5) of each question."""

    rows: list[tuple[tuple[str, str], bool, bool]]

    def at(self, k: int, direction: tuple[str, str] | None = None) -> float:
        column = {1: 1, 5: 2}[k]
        return float(np.mean([row[column] for row in self.rows if direction in (None, row[0])]))


def content() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(PATH.read_text("utf-8"))
    return found


def said() -> list[Said]:
    """Each in a conversation of its own, an hour after the other: no neighbour helps."""
    return [
        Said(str(m["id"]), str(m["id"]), "owner", m["text"], NOW + 3600 * m["id"], m["language"])
        for m in content()["memories"]
    ]


def measured(embedder: Embedder | None, ranks: Ranks) -> Hits:
    lines = said()
    language = {line.name: line.language for line in lines}
    rows: list[tuple[tuple[str, str], bool, bool]] = []
    with room(lines, embedder) as place:
        for question in content()["questions"]:
            wanted = str(question["memory"])
            found = [place.names[one] for one in ranks(place, question["text"], 0.0)]
            direction = (question["language"], language[wanted])
            rows.append((direction, wanted in found[:1], wanted in found[:5]))
    return Hits(rows)


def recalled(embedder: Embedder | None) -> dict[str, float]:
    """What the gate lets through: shares of questions and of small talk, 0 to 1."""
    lines = said()
    asked_for = {str(q["memory"]) for q in content()["questions"]}
    with room(lines, embedder) as place:
        questions = [
            (place.names.get(found[0].id) if found else None, str(q["memory"]), found)
            for q in content()["questions"]
            for found in [place.retriever.recall(Question(q["text"], q["language"], limit=4))]
        ]
        chatter = [line for line in lines if line.name not in asked_for]
        ids = {name: memory for memory, name in place.names.items()}
        told = [
            place.retriever.recall(
                Question(line.text, line.language, limit=4, leave_out=frozenset({ids[line.name]}))
            )
            for line in chatter
        ]
        right = [any(place.names[f.id] == wanted for f in found) for _, wanted, found in questions]
    return {
        "questions told the right memory": float(np.mean(right)),
        "questions told nothing": float(np.mean([not found for _, _, found in questions])),
        "memories told for a question": float(np.mean([len(f) for _, _, f in questions])),
        "small talk told something": float(np.mean([bool(found) for found in told])),
    }
