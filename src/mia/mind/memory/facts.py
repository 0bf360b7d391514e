"""What a capable brain makes of turns while nobody talks: short facts, each linked to its turns.

Never needed: the turns stay, and stay searchable. A fact names the lines it stands on; one that
contradicts an earlier fact closes that one's time ("until"), which then is told no more. A reply
that is no JSON, or names lines it was not shown, makes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from mia.conversation.ports import LanguageModel, Message, Prompt
from mia.mind.memory import reading, words
from mia.mind.memory.answers import objects
from mia.mind.memory.journal import Journal
from mia.mind.memory.records import Line, Memory
from mia.mind.safety.untrusted import clean
from mia.strings import translate

#: Lines looked at in one go, and the fewest that are worth it.
MOST_LINES = 40
FEWEST_LINES = 6
#: Longest answer of the brain that is read, in characters, and its limit in tokens.
LONGEST_ANSWER = 8_000
MAX_TOKENS = 600
#: A fact's longest text.
LONGEST_FACT = 200


class _Fact(BaseModel):
    model_config = ConfigDict(extra="ignore")

    text: str = Field(min_length=3, max_length=LONGEST_FACT)
    lines: list[int] = Field(min_length=1, max_length=12)
    replaces: list[int] = Field(default_factory=list, max_length=12)

    @field_validator("lines", "replaces", mode="before")
    @classmethod
    def _as_a_list(cls, value: Any) -> Any:
        """One number, or null, where a list was asked for."""
        if value is None:
            return []
        return value if isinstance(value, list) else [value]


class Digest:
    """What one look at a conversation came to. upto: the newest line looked at."""

    def __init__(self, session: int, upto: int, facts: Sequence[_Fact]) -> None:
        self.session = session
        self.upto = upto
        self.facts = list(facts)


def undigested(journal: Journal, running: frozenset[int]) -> tuple[int, list[Memory]] | None:
    """A conversation, not one of the running, with enough lines nobody has looked at; and those
    lines."""
    rows = journal.connection.execute(
        "SELECT m.session, count(*) FROM memory m LEFT JOIN digested d ON d.session = m.session"
        " WHERE m.kind = 'turn' AND m.dormant = 0 AND m.session IS NOT NULL"
        " AND m.id > coalesce(d.upto, 0) GROUP BY m.session HAVING count(*) >= ?"
        " ORDER BY m.session",
        (FEWEST_LINES,),
    ).fetchall()
    for session, _ in rows:
        if session in running:
            continue
        ids = journal.connection.execute(
            "SELECT m.id FROM memory m LEFT JOIN digested d ON d.session = m.session"
            " WHERE m.session = ? AND m.kind = 'turn' AND m.id > coalesce(d.upto, 0)"
            " ORDER BY m.id LIMIT ?",
            (session, MOST_LINES),
        ).fetchall()
        return int(session), reading.by_ids(journal.connection, [row[0] for row in ids])
    return None


def known(journal: Journal, speaker: str, persona: str) -> list[Memory]:
    """The facts that hold about a person, the newest first."""
    ids = journal.connection.execute(
        "SELECT id FROM memory WHERE kind = 'fact' AND until IS NULL AND speaker = ?"
        " AND persona = ? ORDER BY id DESC LIMIT 30",
        (speaker, persona),
    ).fetchall()
    return reading.by_ids(journal.connection, [row[0] for row in ids])


def asked(lines: Sequence[Memory], facts: Sequence[Memory], language: str) -> Prompt:
    """What the brain is asked: lines and facts by number, facts as JSON to come back."""
    said = "\n".join(f"{line.id} {line.role}: {clean(line.text)[:300]}" for line in lines)
    before = "\n".join(f"{fact.id}: {clean(fact.text)}" for fact in facts) or "-"
    wish = translate("memory.facts.ask", language, lines=said, facts=before)
    system = translate("memory.facts.system", language)
    return Prompt((Message("system", system), Message("user", wish)), language, MAX_TOKENS)


def understood(answer: str, lines: Sequence[Memory], facts: Sequence[Memory]) -> list[_Fact]:
    """The facts of an answer that stand on lines that were shown and share a word with them;
    nothing where it is no such answer."""
    shown = {line.id: line for line in lines if line.role == "user"}
    holding = {fact.id for fact in facts}
    found = []
    for row in objects(answer, "text"):
        try:
            fact = _Fact.model_validate(row)
        except ValidationError:
            continue
        fact.lines = [line for line in fact.lines if line in shown]
        fact.replaces = [old for old in fact.replaces if old in holding]
        stems = set(words.asked(fact.text))
        if any(stems & set(words.asked(shown[line].text)) for line in fact.lines):
            found.append(fact)
    return found


async def written(brain: LanguageModel, prompt: Prompt) -> str:
    """The brain's whole answer. Raises BackendUnavailable."""
    answer = ""
    async with aclosing(brain.stream(prompt)) as pieces:
        async for piece in pieces:
            answer += piece
            if len(answer) > LONGEST_ANSWER:
                break
    return answer


def keep(journal: Journal, digest: Digest, lines: Sequence[Memory]) -> list[int]:
    """Write the facts down, close what they replace, and note how far was looked; their ids."""
    by_id = {line.id: line for line in lines}
    ids = []
    with journal.transaction() as connection:
        for fact in digest.facts:
            left = [by_id[line] for line in fact.lines if journal.is_there(line)]
            if not left:
                continue  # forgotten while the brain was at it
            source = left[-1]
            line = Line(
                "",
                "user",
                source.speaker,
                source.persona,
                # Some models answer in another language than they were asked in.
                words.language_of(words.tokens(fact.text), source.language),
                clean(fact.text),
                source.at,
            )
            memory = journal.insert("fact", None, line)
            journal.found_in(memory, [one.id for one in left])
            for old in fact.replaces:
                connection.execute("UPDATE memory SET until = ? WHERE id = ?", (source.at, old))
            ids.append(memory)
        connection.execute(
            "INSERT INTO digested VALUES (?, ?) ON CONFLICT (session)"
            " DO UPDATE SET upto = excluded.upto",
            (digest.session, digest.upto),
        )
    return ids
