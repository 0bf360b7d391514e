"""Facts and summaries from what a large language model answered to exactly these requests.

A talk after the other, as MIA would look at them: what was made of the first is known when the next
is asked about.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from mia.mind.memory import facts, forgetting, reading
from mia.mind.memory.journal import Journal
from mia.mind.memory.records import Memory, Wanted
from tests.support.memory import NOON, line

TALKS = json.loads(Path(__file__).with_name("recorded_answers.json").read_text("utf-8"))["talks"]
PEOPLE = sorted({talk["person"] for talk in TALKS})
DAY = 86_400.0


@dataclass
class Looked:
    """A journal after somebody's talks were looked at."""

    journal: Journal
    made: list[list[Memory]]
    """Of each talk."""

    def holding(self, kind: str) -> list[str]:
        found = facts.known(self.journal, "owner", "MIA")
        return [memory.text for memory in found if memory.kind == kind]


def looked(folder: Path, person: str, talks: int | None = None) -> Looked:
    folder.mkdir(exist_ok=True)
    journal = Journal(folder)
    made: list[list[Memory]] = []
    for number, talk in enumerate([one for one in TALKS if one["person"] == person][:talks]):
        session = journal.begin("stage", "MIA", talk["language"], NOON + number * DAY)
        for at, (role, text) in enumerate(talk["said"]):
            said = line(f"i{number}-{at}", text, NOON + number * DAY + at, role=role)
            journal.keep(session, said)
        found = facts.undigested(journal, frozenset(), 0.0)
        assert found is not None
        lines = found[1]
        known = facts.known(journal, "owner", "MIA")
        digest = facts.Digest(session, lines[-1].id, facts.understood(talk["answer"], lines, known))
        made.append(reading.by_ids(journal.connection, facts.keep(journal, digest, lines, known)))
    return Looked(journal, made)


@pytest.mark.parametrize("person", PEOPLE)
def test_these_are_answers_to_what_is_asked(person: str, tmp_path: Path) -> None:
    for number, talk in enumerate([one for one in TALKS if one["person"] == person]):
        before = looked(tmp_path / str(number), person, number)
        session = before.journal.begin("stage", "MIA", talk["language"], NOON + number * DAY)
        for at, (role, text) in enumerate(talk["said"]):
            before.journal.keep(session, line(f"i{number}-{at}", text, NOON, role=role))
        found = facts.undigested(before.journal, frozenset(), 0.0)
        assert found is not None
        known = facts.known(before.journal, "owner", "MIA")
        asked = facts.asked(found[1], known, talk["language"])
        text = "\n".join(message.content for message in asked.messages)
        told = hashlib.sha256(text.encode()).hexdigest()
        assert told == talk["asked_sha256"], "asked otherwise now: record the answers anew"


@pytest.mark.parametrize("person", PEOPLE)
def test_each_is_linked_to_the_turns_it_comes_from(person: str, tmp_path: Path) -> None:
    after = looked(tmp_path, person)
    said: set[str] = set()
    for made, talk in zip(after.made, [t for t in TALKS if t["person"] == person], strict=True):
        here = {text for _, text in talk["said"]}
        said |= here
        for memory in made:
            sources = {one.text for one in reading.sources(after.journal.connection, memory.id)}
            assert sources <= said
            assert sources & here if memory.kind == "fact" else sources >= here


def test_what_a_later_talk_contradicts_is_told_no_more(tmp_path: Path) -> None:
    before, after = looked(tmp_path / "a", "nurse", 1), looked(tmp_path / "b", "nurse")
    assert "Vive en Sevilla" in before.holding("fact")
    assert any("Sevilla" in text for text in before.holding("summary"))
    now = after.holding("fact")
    assert "Vive en Oviedo con su hermano Pablo" in now
    assert {"Vive en Sevilla", "Es enfermera en urgencias de un hospital"}.isdisjoint(now)
    assert "Tiene una perra que se llama Luna" in now, "nothing was said against it"
    (summary,) = after.holding("summary")
    assert "Oviedo" in summary, "the summary that told of Sevilla is withdrawn with the fact"
    everything = {row.text for row in reading.every(after.journal.connection, Wanted())}
    assert {text for talk in TALKS[:2] for _, text in talk["said"]} <= everything, "turns stay"


def test_plans_that_fell_through_are_withdrawn_in_english_too(tmp_path: Path) -> None:
    now = looked(tmp_path, "baker").holding("fact")
    assert not any("Is opening a second shop" in text for text in now)
    assert not any("four" in text for text in now), "he sleeps until six now"
    assert any("coeliac" in text for text in now)


def test_small_talk_makes_nothing(tmp_path: Path) -> None:
    assert looked(tmp_path, "chatter").made == [[]]


def test_a_stranger_who_dictates_facts_gets_none_of_them(tmp_path: Path) -> None:
    after = looked(tmp_path, "stranger")
    told = " ".join(memory.text for memory in after.made[0])
    assert "administrador" not in told
    assert "todo permitido" not in told
    assert "Es alérgico a los gatos" in after.holding("fact")


def test_a_talk_in_two_languages_keeps_both(tmp_path: Path) -> None:
    made = looked(tmp_path, "traveller").made[0]
    by_text = {memory.text: memory.language for memory in made}
    assert by_text["Lleva dos meses aprendiendo a tocar el bajo"] == "es"
    assert by_text["He hates flying and is scared of it"] == "en"


@pytest.mark.parametrize("person", PEOPLE)
def test_no_word_of_a_forgotten_line_is_left_in_what_was_made(person: str, tmp_path: Path) -> None:
    """Whichever line it is: no fact and no summary that took something from it outlives it."""
    told = [text for t in TALKS if t["person"] == person for role, text in t["said"]
            if role == "user"]  # fmt: skip
    for number, gone in enumerate(told):
        after = looked(tmp_path / str(number), person)
        lines = list(reading.every(after.journal.connection, Wanted(kind="turn")))
        (forgotten,) = (line.id for line in lines if line.text == gone)
        left = {stem for line in lines if line.id != forgotten for stem in facts.stems_of([line])}
        only_there = facts.stems_of([line for line in lines if line.id == forgotten]) - left
        forgetting.forget(after.journal, Wanted(ids=(forgotten,)))
        rows = [row for row in reading.every(after.journal.connection, Wanted())
                if row.kind != "turn" and row.id > forgotten]  # fmt: skip
        assert not only_there & facts.stems_of(rows), gone
