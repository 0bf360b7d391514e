"""Text as a filter reads it: letters only, whatever they are disguised as.

`tokens` cuts a text into words and gives for each the readings it may have: `Fúçk`, `f*u*c*k`,
`ｆｕｃｋ`, `fuсk` with a Cyrillic letter and `phuck` all have a reading of plain small letters.
Which of them is a hit is for `matching` to say.

Sources: Unicode's NFKC and its confusables (UTS 39) for the letters that look like Latin ones; the
substitutions of "leet" as its readers list them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_LOOK_ALIKE = dict(
    zip(
        "аеорсухкмнтвіјѕԁһԛԝɡүӏԍαεικνορτυχγηωμβσɑɐəɘɛıɩɪɨłøđðħŋʀʏʟɴɢʙʜƒʞɯɹʇʌʍʎɥꞵǝɟɔ",
        "aeopcyxkmhtbijsdhqwgylgaeiknoptuxynwuboaaeeeiiiiloddhnrylngbhfkmrtvwyhbefc",
        strict=True,
    )
)
#: Drawn as nothing, though Unicode counts them as letters or symbols.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\u180e")
#: One sign for one letter; a second reading where there are two.
_LEET = {
    **{"4": "a", "@": "a", "3": "e", "€": "e", "1": "i", "!": "i", "|": "i", "¡": "i"},
    **{"0": "o", "$": "s", "5": "s", "7": "t", "+": "t", "8": "b", "9": "g", "6": "g", "2": "z"},
}
_OTHER = {"1": "l", "!": "l", "|": "l", "¡": "l", "6": "b", "9": "q", "@": "o", "7": "l"}
_STAR = "*"
_LETTER = re.compile(r"[a-zñ]")
_WORD = re.compile(r"[a-zñ0-9@€!|¡$+*]+")
_EDGES = "@€!|¡$+*"
#: Joins the parts of one word where no space does: "fu-ck", "fu.ck". An apostrophe may, too, but
#: not before the endings of English ("who're" is no "whore").
_JOINTS = frozenset("-._/\\~·•:,;^'’`´=")
_ENDINGS = frozenset({"s", "t", "m", "d", "ll", "re", "ve", "em", "n"})
_APOSTROPHES = frozenset("'’`´")
#: Single letters that are words, in Spanish or English.
_LETTER_WORDS = frozenset("aeouyi")
_LONGEST_JOIN = 24
#: More letters in a row are an alphabet, or an attempt to keep us busy.
_LONGEST_SPELLING = 48
_MOST_LEFT_OUT = 6


@dataclass(frozen=True, slots=True)
class Token:
    """A word, or letters that make one. start, end: its characters in the text."""

    readings: tuple[str, ...]
    start: int
    end: int
    starred: str = ""
    """With `*` where a letter was left out, else empty."""
    joined: bool = False
    """Put together from several words; not counted in a row of words."""

    @property
    def plain(self) -> str:
        return self.readings[0] if self.readings else ""


def folded(text: str) -> tuple[str, list[int]]:
    """The text in small plain letters, digits and signs, and for each the character it is from."""
    out: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        if unicodedata.category(letter) in ("Cf", "Mn", "Me", "Cc") and letter not in "\n\t\r":
            if letter == "\u0303" and out and out[-1] == "n":
                out[-1] = "ñ"
            continue
        if letter in _BLANK:
            continue
        for plain in _plain(letter):
            out.append(plain)
            places.append(place)
    return "".join(out), places


def _plain(letter: str) -> Iterator[str]:
    code = ord(letter)
    for first in (0x1F150, 0x1F170):  # letters in black circles and squares
        if first <= code < first + 26:
            yield chr(ord("a") + code - first)
            return
    if 0x1F1E6 <= code <= 0x1F1FF:  # half a flag each
        yield from (" ", chr(ord("a") + code - 0x1F1E6), " ")
        return
    for part in unicodedata.normalize("NFKC", letter).casefold():
        if part == "ñ":
            yield part
            continue
        base = unicodedata.normalize("NFD", part)[0]
        if unicodedata.category(base) != "Mn":
            yield _LOOK_ALIKE.get(base, base)


def tokens(text: str) -> list[Token]:
    """The words of a text in order, then the words that its pieces make together."""
    plain, places = folded(text)
    words: list[Token] = []
    gaps: list[str] = []
    end = 0
    for found in _WORD.finditer(plain):
        gap = plain[end : found.start()]
        end = found.end()
        if gap and gap in _APOSTROPHES and words and found[0] in _ENDINGS:
            words[-1] = Token(words[-1].readings, words[-1].start, places[end - 1] + 1)
            continue
        start, stop = places[found.start()], places[found.end() - 1] + 1
        words.append(Token(tuple(_readings(found[0])), start, stop, _starred(found[0])))
        gaps.append(gap)
    return [*words, *_spelt(words, gaps), *_halves(words, gaps)]


def _readings(word: str) -> Iterator[str]:
    """What a run of letters, digits and signs can be read as; the plainest first."""
    seen: set[str] = set()
    for reading in _unleeted(word):
        for variant in _respelt(reading):
            if variant and variant not in seen:
                seen.add(variant)
                yield variant


def _unleeted(word: str) -> Iterator[str]:
    inner = word.strip(_EDGES)
    letters = len(_LETTER.findall(inner))
    if letters == len(inner):
        yield inner
    if letters == len(word) or not letters:
        return
    bare = inner.replace(_STAR, "")
    if bare != inner:
        yield bare if _LETTER.sub("", bare) == "" else ""
    # One letter among digits is a name ("A55", "M4"), not a word.
    if letters < 2 and re.search("[0-9]", word):
        return
    for part in (inner, word.strip(_STAR)):
        part = part.replace(_STAR, "")
        if len(part) - letters <= 2 * letters:
            yield "".join(_LEET.get(sign, sign) for sign in part)
            yield "".join(_OTHER.get(sign, _LEET.get(sign, sign)) for sign in part)


def _respelt(word: str) -> Iterator[str]:
    yield word
    other = word.replace("vv", "w").replace("ph", "f")
    if len(word) > 3:
        other = re.sub(r"(?<=[bcdfghjklmnpqrstwxzñ])v(?=[bcdfghjklmnpqrstwxzñ])", "u", other)
    if other != word:
        yield other
    if "k" in other:
        yield re.sub(r"k(?=[aoulr])", "c", re.sub(r"k(?=[ei])", "qu", other))
    if "ñ" in other:
        yield other.replace("ñ", "n")


def _starred(word: str) -> str:
    """A word in which stars stand for letters: "f*ck", "p**a"."""
    inner = word.strip(_EDGES)
    stars = inner.count(_STAR)
    if not stars or stars > 2 or len(inner) - stars < 2 or not inner.replace(_STAR, "").isalpha():
        return ""
    return inner


def _lone(token: Token) -> str:
    """The letter that stands alone, "" for a word."""
    return token.plain if len(token.plain) == 1 else ""


def _spelt(words: list[Token], gaps: list[str]) -> Iterator[Token]:
    """Words written letter by letter: "f u c k", "p.u.t.a"; also across the ends of clauses."""
    run: list[Token] = []
    for token in [*words, None]:
        if token is not None and _lone(token):
            run.append(token)
            continue
        if len(run) >= 3:
            yield from _spelling(run)
        run = []


def _spelling(run: list[Token]) -> Iterator[Token]:
    """All of a run, or without the little words at its ends; never something in its middle, for a
    place that is spelt out may hold anything."""
    first, last = 0, len(run)
    if last > _LONGEST_SPELLING:
        return
    for _ in range(_MOST_LEFT_OUT):
        whole = "".join(_lone(token) for token in run[first:last])
        yield Token((whole,), run[first].start, run[last - 1].end, joined=True)
        if last - first > 3 and _lone(run[first]) in _LETTER_WORDS:
            first += 1
        elif last - first > 3 and _lone(run[last - 1]) in _LETTER_WORDS:
            last -= 1
        else:
            return


def _halves(words: list[Token], gaps: list[str]) -> Iterator[Token]:
    """Words with something between their parts: "fu-ck", "f uck", "fuc k"."""
    for at in range(1, len(words)):
        parts = [words[at].plain]
        for before in range(at - 1, max(-1, at - 5), -1):
            gap = gaps[before + 1]
            if not (len(gap) == 1 and gap in _JOINTS) or not words[before].plain:
                break
            parts.insert(0, words[before].plain)
            whole = "".join(parts)
            # Letters that all stand alone are spelt out: `_spelling` takes them whole.
            if len(whole) <= _LONGEST_JOIN and any(len(part) > 1 for part in parts):
                yield Token(tuple(_respelt(whole)), words[before].start, words[at].end, joined=True)
        if gaps[at].isspace():
            yield from _stray(words[at - 1], words[at])


def _stray(left: Token, right: Token) -> Iterator[Token]:
    """A consonant alone beside the rest of its word; alone it is nobody's word."""
    for lone, word in ((left, right), (right, left)):
        letter = _lone(lone)
        if letter and letter not in _LETTER_WORDS and len(word.plain) > 1:
            whole = left.plain + right.plain
            yield Token(tuple(_respelt(whole)), left.start, right.end, joined=True)
