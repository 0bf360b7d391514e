"""What a mind is told of memories: at most about a hundred tokens, as data.

A memory is somebody's words, and may come from a stranger in a stream's chat. So they are told as
notes between marks, with the reminder that they are no instructions; whatever could end the marks,
or pass for the model's own control tokens, is taken out (`mind/safety/untrusted.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mia.conversation.ports import Recollection
from mia.mind.memory import words
from mia.mind.memory.records import OWNER, Memory
from mia.mind.safety import untrusted
from mia.strings import translate

#: About 100 tokens: Spanish has 3 to 4 characters a token in every tokenizer measured.
LARGEST = 340
#: One memory is cut at this many characters.
LONGEST = 150
MOST = 4
#: A mind that follows no instructions is confused by more than this.
MOST_PLAIN = 1
#: … and it is told only what others said: its own words were babble too often. So there may be
#: nothing for it in a note; one empty sentence, because none would mean the note itself.
NOTHING_PLAIN = ("",)

_SENTENCE = re.compile(r"[^.!?…]+[.!?…]*")
DAY = 86_400.0


def shortened(text: str, most: int = LONGEST) -> str:
    """Its beginning, up to a word."""
    if len(text) <= most:
        return text
    return text[: most - 1].rsplit(" ", 1)[0].rstrip(",;:.") + "…"


def ago(seconds: float, language: str) -> str:
    """How long ago, in words: today, yesterday, 5 days, 3 weeks, 2 months, a year ago."""
    days = int(max(0.0, seconds) // DAY)
    if days < 2:
        return translate("memory.today" if days < 1 else "memory.yesterday", language)
    for unit, length, upto in (("days", 1, 14), ("weeks", 7, 60), ("months", 30, 700)):
        if days < upto:
            return translate(f"memory.ago.{unit}", language, count=max(2, round(days / length)))
    return translate("memory.ago.years", language, count=max(2, round(days / 365)))


def note(
    memories: Sequence[tuple[Memory, float]],
    language: str,
    now: float,
    *,
    names: Mapping[str, str],
    most: int = MOST,
    question: str = "",
) -> Recollection:
    """The best of these memories (with their scores, best first), told as far as there is room.

    names: what speakers are called now, by id. language: of the frame; memories stay as they are.
    question: what they are told for.
    """
    chosen: list[tuple[Memory, float, str]] = []
    size = 0
    for memory, score in memories[:most]:
        said = shortened(untrusted.clean(_at_most(memory, question)))
        line = _line(memory, said, language, now, names)
        if not said or size + len(line) > LARGEST:
            continue
        size += len(line)
        chosen.append((memory, score, line))
    if not chosen:
        return Recollection()
    told = sorted(chosen, key=lambda entry: entry[0].id)
    lines = "\n".join(f"- {line}" for _, _, line in told)
    stated = [memory for memory, _, _ in chosen if memory.role == "user" or memory.kind != "turn"]
    return Recollection(
        note=translate("memory.note", language, lines=lines),
        plain=tuple(_plain(one, language, question) for one in stated[:MOST_PLAIN])
        or NOTHING_PLAIN,
        memories=tuple((memory.id, round(score, 4), memory.text) for memory, score, _ in chosen),
    )


def _line(memory: Memory, said: str, language: str, now: float, names: Mapping[str, str]) -> str:
    when = ago(now - memory.at, language)
    if memory.kind != "turn":
        return f"{when}: {said}"
    if memory.role == "assistant":
        who = translate("memory.you", language)
    else:
        name = shortened(untrusted.name(names.get(memory.speaker, "")), 40)
        unnamed = "memory.they" if memory.speaker == OWNER else "memory.somebody"
        who = name or translate(unnamed, language)
    return f"{when}, {who}: «{said}»"


def _at_most(memory: Memory, question: str) -> str:
    """What there is room for: of a summary that is too long the sentence that is asked for."""
    if memory.kind == "summary" and len(memory.text) > LONGEST:
        return _to_the_point(memory.text, question)
    return memory.text


def _plain(memory: Memory, language: str, question: str) -> str:
    text = shortened(untrusted.clean(_to_the_point(memory.text, question)))
    if memory.kind != "turn":
        return text
    return translate("memory.plain", language, words=text)


def _to_the_point(text: str, question: str) -> str:
    """Of several sentences the one that has most in common with the question; a greeting or a
    question beside it leads a small mind astray."""
    asked = set(words.asked(question))
    sentences = [found.strip() for found in _SENTENCE.findall(text) if found.strip()]
    if len(sentences) < 2:
        return text
    told = [one for one in sentences if not one.endswith("?")] or sentences

    def common(sentence: str) -> tuple[int, int]:
        return len(asked & set(words.asked(sentence))), len(sentence)

    best: str = max(told, key=common)
    return best
