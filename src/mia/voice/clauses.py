"""Cuts a streamed text into clauses: the first as early as it makes sense, later ones longer.

The time from the model's first word to the first sound is mostly the time to speak the first
clause, so that one is short. What follows is spoken while the listener is still busy with what
came before, and longer stretches have the better melody.

`ClauseCutter` looks at one character after the other and never at how they arrived: however the
stream is split into pieces, the clauses are the same.
"""

from __future__ import annotations

import re
import unicodedata

from mia.voice.words import ABBREVIATIONS, CLINGING, CONJUNCTIONS, OPEN_ABBREVIATIONS

SENTENCE_MARKS = ".?!…"
CLAUSE_MARKS = ",;:—"
#: Marks of scripts without spaces end a sentence by themselves.
WIDE_MARKS = "。！？"
OPENERS = "¿¡«“([{"
CLOSERS = "\"'”’»)]}*_`"

#: The first clause: three words, or as many letters, are enough to speak; six words are enough to
#: stop waiting for a mark (each word more is heard as 10 ms of writing, and with Kokoro as 150 of
#: synthesis).
FIRST_WORDS = 3
FIRST_LETTERS = 12
PATIENCE_WORDS = 6
LEAST_WORDS_BEFORE_CONJUNCTION = 3
#: The second segment may still end at a comma when it is this long. It does not wait for a mark any
#: longer than the first: it is made while that is heard, which is short.
SECOND_WORDS = 6
#: From the third segment on a sentence shorter than this waits for the next one.
LONELY_SENTENCE = 60
#: A `*stage direction*` or `[tag]` longer than this is none.
LONGEST_ASIDE = 100
#: Text without any space is cut at this many times the chunk size.
UNSPACED_CHUNKS = 4

_WORD_BEFORE = re.compile(r"[^\W_]+(?:\.[^\W_]+)*$")
_LIST_NUMBER = re.compile(r"(?:^|\n)[ \t]*(?:[-*+][ \t]+)?\d{1,3}$")
_WORDS = re.compile(r"\S+")
_ASIDE = re.compile(r"(?<!\*)\*(?!\*)[^*\n]{1,100}\*(?!\*)|\[[^\]\n]{0,100}\]")
_LINE_OPENS = re.compile(r"(?<![\w_])_(?=[^\s_])")
_LINE_CLOSES = re.compile(r"(?<=[^\s_])_(?![\w_])")
_FENCE = "```"


def is_emoji(char: str) -> bool:
    """Whether a character is (part of) a pictograph."""
    return unicodedata.category(char) in ("So", "Sk", "Cs") or char in "\ufe0f\u200d\u20e3"


class ClauseCutter:
    """Implements the port of the same name.

    language: ISO 639-1. The tables of Spanish and English are used together, since a reply in
    one quotes the other; it is kept for languages that will need rules of their own.
    chunk_size: characters after which a segment is cut at the next best place. A single word,
    an aside or a block of code may be longer.
    """

    def __init__(self, language: str = "es", *, chunk_size: int = 150) -> None:
        self.language = language
        self._chunk = chunk_size
        self._text = ""
        self._index = 0
        """How many segments were cut off so far."""
        self._sentence = 0
        """Where the first complete sentence of the text ends that waits for a second, or 0."""
        self._clause = 0
        """Where the last complete clause of the text ends, or 0."""

    def feed(self, piece: str) -> list[str]:
        """The clauses that are complete with this piece, without surrounding space."""
        out: list[str] = []
        pending = piece
        while pending:
            for number, char in enumerate(pending):
                self._text += char
                if cut := self._cut():
                    clause, rest = self._text[:cut], self._text[cut:]
                    # The rest is read again as the beginning of the next segment.
                    pending = rest + pending[number + 1 :]
                    self._begin()
                    if clause.strip():
                        out.append(clause.strip())
                        self._index += 1
                    break
            else:
                break
        return out

    def finish(self) -> list[str]:
        """What is left when the stream has ended: one clause or none."""
        rest = self._text.strip()
        self._begin()
        return [rest] if rest else []

    def _begin(self) -> None:
        self._text = ""
        self._sentence = self._clause = 0

    # ── where to cut ─────────────────────────────────────────────────────────────────────────

    def _cut(self) -> int:
        """Where the segment ends, now that the last character is known; 0: not yet."""
        text = self._text
        if text.count(_FENCE) % 2:
            return 0
        if text.endswith("\n") and text.rstrip().endswith(_FENCE):
            return len(text)
        end, is_sentence = self._boundary()
        if end and not _in_aside(text, end):
            if is_sentence and (cut := self._at_sentence(end)):
                return cut
            if not is_sentence and self._long_enough(text[:end]):
                return end
            self._clause = end
        if self._index < 2 and text[-1].isspace() and (cut := _breath(text)):
            # A mark that came too early for a second segment of its own is better than none.
            return self._clause if self._index and _enough(text[: self._clause]) else cut
        return self._overflow()

    def _at_sentence(self, end: int) -> int:
        text = self._text
        if self._index == 0:
            return end if _enough(text[:end]) else 0
        if self._index < 3 or end >= LONELY_SENTENCE or self._sentence:
            return end
        self._sentence = end
        return 0

    def _long_enough(self, clause: str) -> bool:
        """Whether a segment may end at a mark inside a sentence."""
        if self._index == 0:
            return _enough(clause)
        return self._index == 1 and len(clause.split()) >= SECOND_WORDS

    def _overflow(self) -> int:
        """Where to cut a segment that has grown too long; 0 while it has not."""
        text = self._text
        if len(text) <= self._chunk:
            return 0
        for end in (self._sentence, self._clause):
            if end:
                return end
        if not text[-1].isspace() and len(text) <= self._chunk * UNSPACED_CHUNKS:
            spaces = [m.end() for m in re.finditer(r"\s+", text.rstrip()) if m.start()]
            spaces = [at for at in spaces if text[:at].strip() and not _in_aside(text, at)]
            return spaces[-1] if spaces else 0
        if text[-1].isspace() and _in_aside(text, len(text)):
            return 0
        return len(text)

    # ── marks ────────────────────────────────────────────────────────────────────────────────

    def _boundary(self) -> tuple[int, bool]:
        """The boundary that the last character has made sure: (where it is, 0 for none;
        whether it ends a sentence)."""
        text = self._text
        last = text[-1]
        if last in WIDE_MARKS:
            return len(text), True
        if last == "\n":
            return (len(text), True) if text.strip() else (0, False)
        if last == "—" and text[-2:-1].isspace():
            return len(text) - 1, False
        body = text[:-1]
        if last.isspace():
            return self._mark_at_end(body)
        if last in "¿¡" and body and not body[-1].isspace() and body[-1] not in OPENERS:
            end, is_sentence = self._mark_at_end(body)
            return (end, is_sentence) if is_sentence else (0, False)
        if body[-1:].isspace():
            return self._after_open_abbreviation(body.rstrip(), last)
        return 0, False

    def _mark_at_end(self, body: str) -> tuple[int, bool]:
        """The mark that `body` ends with, seen through quotes, brackets and emoji after it."""
        end = len(body)
        while end and (body[end - 1] in CLOSERS or is_emoji(body[end - 1])):
            end -= 1
        if not end:
            return 0, False
        mark = body[end - 1]
        if mark in CLAUSE_MARKS:
            return len(body), False
        if mark not in SENTENCE_MARKS:
            return 0, False
        before = body[: end - 1]
        if mark == "." and (_is_shortened(before) or _may_end(before)):
            return 0, False
        return len(body), True

    def _after_open_abbreviation(self, body: str, following: str) -> tuple[int, bool]:
        """Whether it does: "etc. Luego" ends a sentence, "etc. y" does not."""
        if body.endswith(".") and _may_end(body[:-1]) and not _is_shortened(body[:-1]):
            starts = following.isupper() or following in OPENERS
            return (len(body), True) if starts else (0, False)
        return 0, False


def _enough(clause: str) -> bool:
    """Whether a clause is worth speaking by itself."""
    clause = _without_asides(clause)
    words = sum(any(c.isalnum() for c in word) for word in clause.split())
    return words >= FIRST_WORDS or sum(map(str.isalnum, clause)) >= FIRST_LETTERS


def _without_asides(text: str) -> str:
    """The text with what is not spoken anyway replaced by as many spaces."""
    return _ASIDE.sub(lambda aside: " " * len(aside.group()), text)


def _is_shortened(before: str) -> bool:
    """Whether the full stop after this text belongs to a word, a number of a list, an initial."""
    if before.endswith("."):
        return False
    if _LIST_NUMBER.search(before):
        return True
    found = _WORD_BEFORE.search(before)
    if found is None:
        return False
    word = found.group()
    if len(word) == 1 and word.isalpha() and word.isupper():
        return True
    return word.casefold() in ABBREVIATIONS


def _may_end(before: str) -> bool:
    found = _WORD_BEFORE.search(before)
    return found is not None and found.group().casefold() in OPEN_ABBREVIATIONS


def _in_aside(text: str, at: int) -> bool:
    """Whether a cut at `at` would fall into a `*direction*`, a `[tag]` or `code`."""
    start = max(text.rfind("\n", 0, at) + 1, at - LONGEST_ASIDE)
    line = text[start:at]
    if line.rfind("[") > line.rfind("]"):
        return True
    if line.count("`") % 2:
        return True
    if len(_LINE_OPENS.findall(line)) > len(_LINE_CLOSES.findall(line)):
        return True
    opened = False
    for number, char in enumerate(line):
        if char != "*" or "*" in (line[number - 1 : number], line[number + 1 : number + 2]):
            continue
        if opened:
            opened = False
        elif line[number + 1 : number + 2].strip():
            opened = True
    return opened


def _breath(text: str) -> int:
    """Where to cut a text of many words without a mark: before a conjunction, else where no
    word is left hanging; 0 while it is short or there is no such place."""
    spans = [match.span() for match in _WORDS.finditer(_without_asides(text))]
    if len(spans) < PATIENCE_WORDS or _in_aside(text, len(text)):
        return 0
    words = [text[start:end].casefold().strip("¿¡\"'«»“”(),") for start, end in spans]
    for number in range(len(words) - 1, LEAST_WORDS_BEFORE_CONJUNCTION - 1, -1):
        if words[number] in CONJUNCTIONS and not _in_aside(text, spans[number][0]):
            return spans[number][0]
    for number in range(len(words) - 1, LEAST_WORDS_BEFORE_CONJUNCTION - 1, -1):
        if words[number - 1] not in CLINGING and not _in_aside(text, spans[number][0]):
            return spans[number][0]
    return 0
