"""What a capable brain makes of turns while nobody talks: short facts, and a summary of the talk,
each linked to the turns it comes from. What several people say in one talk is looked at for each
of them apart.

Never needed: the turns stay, and stay searchable. A fact names the lines it stands on; one that
contradicts what was known closes its time ("until"), which then is told no more, and so are the
summaries that stand on the same lines. A reply that is no JSON, or names lines it was not shown,
makes nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from mia.conversation.ports import LanguageModel, Message, Prompt
from mia.mind.memory import reading, words
from mia.mind.memory.answers import objects
from mia.mind.memory.journal import Journal
from mia.mind.memory.records import Kind, Line, Memory
from mia.mind.safety.untrusted import clean
from mia.strings import translate

#: Lines looked at in one go, and the fewest that are worth it.
MOST_LINES = 40
FEWEST_LINES = 6
#: Longest answer of the brain that is read, in characters, and its limit in tokens.
LONGEST_ANSWER = 8_000
MAX_TOKENS = 700
#: A fact's longest text, and a summary's.
LONGEST_FACT = 200
LONGEST_SUMMARY = 400
#: What is known that the brain is shown, of each kind: the newest.
MOST_KNOWN = {"fact": 30, "summary": 5}
#: Of that, as many as may have a word that a new fact has taken from one of them.
FEW = 3


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


class _Summary(BaseModel):
    model_config = ConfigDict(extra="ignore")

    summary: str = Field(min_length=3, max_length=LONGEST_SUMMARY)


@dataclass(frozen=True, slots=True)
class Made:
    """Something that may be remembered. source: whose it is, and of when. lines: those it stands
    on; known: what was known before and it has words of, so it stands on the lines of that, too.
    It is forgotten with any of them. replaces: what is true no more because of it."""

    kind: Kind
    text: str
    source: Memory
    lines: frozenset[int]
    known: frozenset[int]
    replaces: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Digest:
    """What one look at a conversation came to. upto: the newest line looked at."""

    session: int
    upto: int
    made: Sequence[Made]


def undigested(
    journal: Journal, running: frozenset[int], settled: float
) -> tuple[int, list[Memory]] | None:
    """A conversation with enough lines nobody has looked at; and those lines. Of the running ones
    only lines said before `settled` (Unix seconds): newer ones may still be taken back."""
    rows = journal.connection.execute(
        "SELECT m.session, count(*) FROM memory m LEFT JOIN digested d ON d.session = m.session"
        " WHERE m.kind = 'turn' AND m.dormant = 0 AND m.session IS NOT NULL"
        " AND m.id > coalesce(d.upto, 0) GROUP BY m.session HAVING count(*) >= ?"
        " ORDER BY m.session",
        (FEWEST_LINES,),
    ).fetchall()
    for session, _ in rows:
        ids = journal.connection.execute(
            "SELECT m.id FROM memory m LEFT JOIN digested d ON d.session = m.session"
            " WHERE m.session = ? AND m.kind = 'turn' AND m.id > coalesce(d.upto, 0)"
            " ORDER BY m.id LIMIT ?",
            (session, MOST_LINES),
        ).fetchall()
        lines = reading.by_ids(journal.connection, [row[0] for row in ids])
        if session in running:
            lines = [line for line in lines if line.at < settled]
        if len(lines) >= FEWEST_LINES:
            return int(session), lines
    return None


def known(journal: Journal, speaker: str, persona: str) -> list[Memory]:
    """The facts and summaries that hold about a person, the newest first."""
    ids = [
        row[0]
        for kind, most in MOST_KNOWN.items()
        for row in journal.connection.execute(
            "SELECT id FROM memory WHERE kind = ? AND until IS NULL AND speaker = ?"
            " AND persona = ? ORDER BY id DESC LIMIT ?",
            (kind, speaker, persona, most),
        )
    ]
    return reading.by_ids(journal.connection, sorted(ids, reverse=True))


def by_person(lines: Sequence[Memory]) -> dict[str, list[Memory]]:
    """What each person said and was answered: what two people said makes no fact of either, and a
    summary would tell the one what the other said."""
    found: dict[str, list[Memory]] = {}
    asking: set[str] = set()
    answered = False
    for line in lines:
        if line.role == "user":
            asking = {line.speaker} if answered else asking | {line.speaker}
        answered = line.role == "assistant"
        if line.role == "user" or asking <= {line.speaker}:  # an answer to several is nobody's
            found.setdefault(line.speaker, []).append(line)
    return {
        person: theirs
        for person, theirs in found.items()
        if len(theirs) >= FEWEST_LINES or len(found) == 1
    }


def asked(lines: Sequence[Memory], known: Sequence[Memory], language: str) -> Prompt:
    """What the brain is asked: lines and what is known by number, JSON to come back."""
    said = "\n".join(f"{line.id} {line.role}: {clean(line.text)[:300]}" for line in lines)
    before = "\n".join(f"{one.id}: {clean(one.text)}" for one in known) or "-"
    wish = translate("memory.facts.ask", language, lines=said, known=before)
    system = translate("memory.facts.system", language)
    return Prompt((Message("system", system), Message("user", wish)), language, MAX_TOKENS)


def understood(answer: str, lines: Sequence[Memory], known: Sequence[Memory]) -> list[Made]:
    """The facts of an answer, and the summary, that stand on lines that were shown and share a word
    with them; nothing where it is no such answer. lines: of one person (`by_person`)."""
    facts = (_fact(row, lines, known) for row in objects(answer, "text"))
    summaries = (_summary(row, lines, known) for row in objects(answer, "summary"))
    summary = next((one for one in summaries if one is not None), None)
    return [one for one in (*facts, summary) if one is not None]


def _fact(row: object, lines: Sequence[Memory], known: Sequence[Memory]) -> Made | None:
    try:
        fact = _Fact.model_validate(row)
    except ValidationError:
        return None
    named = [line for line in lines if line.id in fact.lines and line.role == "user"]
    stems = set(words.asked(fact.text))
    heard = stems_of(named)
    if not stems & heard:
        return None
    # It stands on each line that has a word of it, named or not.
    others = (line.id for line in lines if (stems - heard) & stems_of([line]))
    standing = frozenset([*(line.id for line in named), *others])
    replaces = tuple(one.id for one in known if one.id in fact.replaces)
    return Made("fact", fact.text, named[-1], standing, _with(stems - heard, known), replaces)


def _summary(row: object, lines: Sequence[Memory], known: Sequence[Memory]) -> Made | None:
    """It may have been made of any line, so it stands on all of them."""
    said = [line for line in lines if line.role == "user"]
    try:
        text = _Summary.model_validate(row).summary
    except ValidationError:
        return None
    stems = set(words.asked(text))
    if not stems & stems_of(said):
        return None
    standing = frozenset(line.id for line in lines)
    return Made("summary", text, said[-1], standing, _with(stems - stems_of(lines), known))


def _with(stems: set[str], known: Sequence[Memory]) -> frozenset[int]:
    """Those that have one of these words, where few have it. What many have ("the user told …", a
    name) is of none of them, and would be forgotten with any."""
    having = Counter(stem for one in known for stem in stems_of([one]))
    rare = {stem for stem in stems if having[stem] <= FEW}
    return frozenset(one.id for one in known if rare & stems_of([one]))


def stems_of(memories: Iterable[Memory]) -> set[str]:
    """The words they share with others, cut back to their stems in both languages."""
    return {stem for memory in memories for stem in words.asked(memory.text)}


async def written(brain: LanguageModel, prompt: Prompt) -> str:
    """The brain's whole answer. Raises BackendUnavailable."""
    answer = ""
    async with aclosing(brain.stream(prompt)) as pieces:
        async for piece in pieces:
            answer += piece
            if len(answer) > LONGEST_ANSWER:
                break
    return answer


def keep(
    journal: Journal, digest: Digest, lines: Sequence[Memory], known: Sequence[Memory]
) -> list[int]:
    """Write down what was made, close what it replaces, and note how far was looked; their ids.
    known: what the brain was shown of before."""
    ids = []
    with journal.transaction() as connection:
        before = {memory.id: memory.text for memory in (*lines, *known)}
        now = {one.id: one.text for one in reading.by_ids(connection, list(before))}
        unchanged = {memory for memory, text in now.items() if text == before[memory]}
        for made in digest.made:
            if not made.lines | made.known <= unchanged:
                continue  # forgotten, or said otherwise, while the brain was at it
            source = made.source
            line = Line(
                "",
                "user",
                source.speaker,
                source.persona,
                # Some models answer in another language than they were asked in.
                words.language_of(words.tokens(made.text), source.language),
                clean(made.text),
                source.at,
            )
            if made.kind == "summary":
                journal.erase(_summed_up(connection, made))
            memory = journal.insert(made.kind, None, line)
            journal.found_in(memory, sorted(made.lines), made.known)
            for old in made.replaces:
                journal.withdraw(old, source.at)
            ids.append(memory)
        # What says something else now is to be looked at again.
        changed = [line.id for line in lines if line.id in now.keys() - unchanged]
        connection.execute(
            "INSERT INTO digested VALUES (?1, ?2) ON CONFLICT (session)"
            " DO UPDATE SET upto = excluded.upto"
            # Where a line before these was corrected meanwhile, it is not to be passed over.
            " WHERE NOT EXISTS (SELECT 1 FROM memory WHERE session = ?1 AND kind = 'turn'"
            " AND id > digested.upto AND id < ?3)",
            (digest.session, min([digest.upto, *(line - 1 for line in changed)]), lines[0].id),
        )
    return ids


def _summed_up(connection: sqlite3.Connection, summary: Made) -> list[int]:
    """The summaries that hold of lines of the same talk with the same person; this one is newer."""
    rows = connection.execute(
        "SELECT DISTINCT m.id FROM source s JOIN memory m ON m.id = s.fact JOIN memory t"
        " ON t.id = s.turn WHERE s.turn IN (SELECT value FROM json_each(?)) AND t.at = m.at"
        " AND m.kind = 'summary' AND m.until IS NULL AND m.speaker = ?",
        (json.dumps(sorted(summary.lines)), summary.source.speaker),
    )
    return [row[0] for row in rows]
