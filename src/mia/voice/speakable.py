"""What a text sounds like: everything that is not a word becomes words, in Spanish or English."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from mia.voice import numbers
from mia.voice.forms import FORMS, Forms
from mia.voice.markup import spoken_prose
from mia.voice.rewriting import rewritten
from mia.voice.words import word_set

_TLD = "com|org|net|es|mx|ar|cl|co|pe|io|ai|dev|tv|gg|me|app|edu|gov|eu|uk|info"
_EMAIL = re.compile(r"\b([\w.+-]+)@([\w-]+(?:\.[\w-]+)+)\b")
_URL = re.compile(
    r"\b(?:https?://|www\.)(?P<host>[^\s/?#:,)]*[^\s/?#:.,;!)])(?P<rest>(?:[/?#:][^\s]*)?)", re.I
)
_DOMAIN = re.compile(rf"\b((?:[a-z0-9-]+\.)+(?:{_TLD}))\b(?![.@]\w)", re.I)
_HANDLE = re.compile(r"(?<!\w)@(\w+)")
_HASHTAG = re.compile(r"(?<!\w)#([^\W\d]\w*)")
_NUMBER = r"\d+(?:[.,]\d+)*"
_ISO_DATE = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_DATE = re.compile(r"\b(\d{1,2})[/-](\d{1,2})[/-](\d{4})\b")
_TIME = re.compile(
    r"\b([01]?\d|2[0-4]):([0-5]\d)(?::[0-5]\d)?(?:\s*(?:h|hs|hrs)\b\.?)?"
    r"(?:\s*([ap])\.?\s?m\b\.?)?",
    re.I,
)
_HOUR = re.compile(r"\b(1[0-2]|[1-9])\s*([ap])\.?\s?m\b\.?", re.I)
_ORDINAL_ES = re.compile(r"\b(\d{1,3})(?:\.?([ºª])|(er|ro|do|to|mo|vo|no|ra|da|ta|ma|va|na)\b)")
_ORDINAL_EN = re.compile(r"\b(\d{1,4})(?:st|nd|rd|th)\b", re.I)
_PERCENT = re.compile(rf"({_NUMBER})\s?%")
_RANGE = re.compile(rf"(?<![\w.,-])({_NUMBER})(?:-|\s?–\s?)({_NUMBER})(?![\w-])")
_TELEPHONE = re.compile(r"(?<![\w.,-])\d{3}(?:[- ]\d{3})?-\d{4}(?![\w-])")
_DECADE = re.compile(r"\b(?:1[1-9]|20)\d0(?=s\b)s")
_NEGATIVE = re.compile(rf"(?<![\w.,)-])[-−](?={_NUMBER})")
_MINUS = re.compile(r"(?<=\d)\s[-−]\s(?=\d)")
_TIMES = re.compile(r"(?<=\d)\s?[x×*]\s?(?=\d)")
_PLAIN = re.compile(rf"(?<![\w]){_NUMBER}(?!\w)(?:(?=\s+([^\W\d_]+)))?|{_NUMBER}")
_CAPITALS = re.compile(r"\b[A-ZÁÉÍÓÚÜÑ]{2,}(?=s?\b)")
_STRETCHED = re.compile(r"([^\W\d_])\1{3,}")
_ABBREVIATED = re.compile(r"\b([^\W\d_]{1,5})\.(?=\s|$|,)")
_WORD = re.compile(r"\b[^\W\d_]+\b")
_LEFT_OVER = re.compile(r"[^\w\s.,;:!?¡¿…'’\"“”«»()—–-]|_")
_UNSPOKEN = re.compile(r"\s+(?=[.,;:!?…])|(?<=\s)[-–](?=\s)")


@dataclass(frozen=True, slots=True)
class Speakable:
    """What is to be said, and the stage directions and `[tags]` that stood in the text."""

    text: str
    tags: tuple[str, ...] = field(default=())


def read_aloud(text: str, language: str) -> Speakable:
    """A clause for the ear.

    language: ISO 639-1; of one other than Spanish and English only the markup is taken out.
    The text is empty when there is nothing to say (emoji, code, a lone "*").
    """
    prose = spoken_prose(text)
    forms = FORMS.get(language)
    said = prose.text if forms is None else _Reader(language, forms).read(prose.text)
    if not any(char.isalnum() for char in said):
        said = ""
    return Speakable(said, prose.tags)


def speakable(text: str, language: str) -> str:
    """The words of a clause as they are said; see `read_aloud`."""
    return read_aloud(text, language).text


class _Reader:
    def __init__(self, language: str, forms: Forms) -> None:
        self._language = language
        self._forms = forms

    def read(self, text: str) -> str:
        language, forms = self._language, self._forms
        text = _EMAIL.sub(lambda m: f"{self._dotted(m[1])} {forms.at} {self._dotted(m[2])}", text)
        text = _URL.sub(self._url, text)
        text = _DOMAIN.sub(lambda m: self._dotted(m[1]), text)
        text = _HANDLE.sub(lambda m: f"{forms.at} {m[1].replace('_', ' ')}", text)
        text = _HASHTAG.sub(r"\1", text)
        text = rewritten(self._fixed(text), language)
        text = _TELEPHONE.sub(
            lambda m: numbers.digits(re.sub(r"\D", "", m.group()), language), text
        )
        text = self._dates(text)
        text = self._money(text)
        text = self._units(text)
        text = _PERCENT.sub(lambda m: f"{self._number(m[1])} {forms.percent}", text)
        text = self._ordinals(text)
        for written, said in forms.fractions.items():
            text = re.sub(rf"(?<![\w/]){written}(?![\w/])", said, text)
        text = _RANGE.sub(lambda m: f"{m[1]} {forms.to} {m[2]}", text)
        text = _TIMES.sub(f" {forms.signs['×']} ", text)
        text = _MINUS.sub(f" {forms.minus} ", _NEGATIVE.sub(f"{forms.minus} ", text))
        text = _PLAIN.sub(self._plain_number, text)
        text = _ABBREVIATED.sub(self._abbreviation, text)
        text = self._capitals(text)
        text = _WORD.sub(self._word, _STRETCHED.sub(r"\1\1", text))
        text = "".join(f" {forms.signs[c]} " if c in forms.signs else c for c in text)
        text = re.sub(r"(?<=\w)/(?=\w)", " ", text)
        text = _UNSPOKEN.sub("", re.sub(r"\s+", " ", _LEFT_OVER.sub(" ", text)))
        return re.sub(r"\s+", " ", text).strip()

    # ── addresses ────────────────────────────────────────────────────────────────────────────

    def _dotted(self, name: str) -> str:
        name = re.sub(r"(?<=\w)-(?=\w)", f" {self._forms.hyphen} ", name)
        return re.sub(r"[_+]+", " ", name).replace(".", f" {self._forms.dot} ")

    def _url(self, found: re.Match[str]) -> str:
        host = self._dotted(found["host"].removeprefix("www."))
        closing = re.search(r"[.,;:!?)]+$", found["rest"])
        return host + (closing.group() if closing else "")

    # ── phrases with a fixed reading ─────────────────────────────────────────────────────────

    def _fixed(self, text: str) -> str:
        for pattern, said in _fixed_phrases(self._language).items():
            text = pattern.sub(said, text)
        return text

    def _abbreviation(self, found: re.Match[str]) -> str:
        """The full stop of "Sr. Pérez" is none; that of "etc." at the end is."""
        said = self._forms.lexicon.get(found[1].casefold())
        if said is None or found[1].casefold() not in _SHORT | {"vs"}:
            return found.group()
        ends = found.end() == len(found.string)
        return said + ("." if ends else "")

    # ── dates and times ──────────────────────────────────────────────────────────────────────

    def _dates(self, text: str) -> str:
        text = _ISO_DATE.sub(lambda m: self._date(m, int(m[3]), int(m[2]), int(m[1])), text)
        text = _DATE.sub(self._ordered_date, text)
        text = _TIME.sub(lambda m: self._time(int(m[1]), int(m[2]), m[3]), text)
        text = _HOUR.sub(lambda m: self._time(int(m[1]), None, m[2]), text)
        months = "|".join(self._forms.months)
        if self._language == "es":
            return re.sub(rf"\b1(?= de (?:{months})\b)", "primero", text, flags=re.I)
        text = _DECADE.sub(lambda m: numbers.decade(int(m.group()[:-1])), text)
        day = rf"\b({months}) (\d{{1,2}})(?!\d|:|[.,]\d)"
        text = re.sub(day, lambda m: f"{m[1]} {numbers.ordinal(int(m[2]), 'en')}", text)
        return re.sub(
            r"(?<![\w.,$€£])(?:19|20)\d\d(?![\w%]|[.,]\d)",
            lambda m: numbers.year(int(m.group()), "en"),
            text,
        )

    def _ordered_date(self, found: re.Match[str]) -> str:
        first, second, year = int(found[1]), int(found[2]), int(found[3])
        if self._language == "en" and first <= 12:
            first, second = second, first
        return self._date(found, first, second, year)

    def _date(self, found: re.Match[str], day: int, month: int, year: int) -> str:
        if not (1 <= month <= 12 and 1 <= day <= 31):
            return found.group()
        name = self._forms.months[month - 1]
        said = numbers.year(year, self._language)
        if self._language == "es":
            which = "primero" if day == 1 else numbers.cardinal(day, "es")
            return f"{which} de {name} de {said}"
        return f"{name} {numbers.ordinal(day, 'en')}, {said}"

    def _time(self, hour: int, minute: int | None, half: str | None) -> str:
        half = half.lower() if half else ""
        if self._language == "en":
            said = numbers.cardinal(hour, "en")
            if minute:
                few = "oh " if minute < 10 else ""
                said += f" {few}{numbers.cardinal(minute, 'en')}"
            elif not half:
                said += " o'clock" if hour <= 12 else " hundred hours"
            return f"{said} {half.upper()} M" if half else said
        said = "una" if hour == 1 else numbers.cardinal(hour, "es").removesuffix("uno")
        if hour == 21:
            said = "veintiuna"
        if minute == 0 and not half:
            said += " en punto"
        elif minute:
            quarters = {15: "cuarto", 30: "media"} if hour <= 12 else {}
            said += f" y {quarters.get(minute) or numbers.cardinal(minute, 'es')}"
        if half == "a":
            said += " de la mañana"
        elif half:
            said += " de la tarde" if hour == 12 or hour < 8 else " de la noche"
        return said

    # ── amounts ──────────────────────────────────────────────────────────────────────────────

    def _number(self, written: str, noun: str = "") -> str:
        said = numbers.in_words(written, self._language)
        return numbers.agreeing(said, noun) if noun and self._language == "es" else said

    def _counted(self, written: str, forms: tuple[str, str]) -> str:
        noun = forms[0] if written == "1" else forms[1]
        if self._language == "es" and written != "1":
            return f"{self._number(written, noun.split()[0])} {noun}"
        if self._language == "es":
            return f"{numbers.agreeing('uno', noun.split()[0])} {noun}"
        return f"{self._number(written)} {noun}"

    def _money(self, text: str) -> str:
        signs = "|".join(re.escape(s) for s in sorted(self._forms.currencies, key=len)[::-1])
        scales = "|".join(self._forms.scales)
        scale = rf"(?:\s(?P<scale>{scales})\b)?"
        before = rf"(?P<sign>{signs})\s?(?P<number>{_NUMBER}){scale}"
        after = rf"(?P<number>{_NUMBER}){scale}\s?(?P<sign>{signs})(?!\w)"
        text = re.sub(before, self._price, text)
        return re.sub(after, self._price, text)

    def _price(self, found: re.Match[str]) -> str:
        unit = self._forms.currencies[found["sign"]]
        written, scale = found["number"], found["scale"]
        if scale:
            of = " de" if self._language == "es" and scale != "mil" else ""
            return f"{self._number(written)} {scale}{of} {unit[1]}"
        whole, _, cents = numbers.split(written, self._language)
        if len(cents) != 2:
            counted = self._counted(written, unit)
            if self._language == "es" and whole.endswith("000000"):
                return re.sub(r"(mill(?:ón|ones)) ", r"\1 de ", counted)
            return counted
        parts = [self._counted(whole, unit)] if int(whole) or not int(cents) else []
        if int(cents):
            hundredths = ("centavo", "centavos") if self._language == "es" else ("cent", "cents")
            if unit[0] == "euro" and self._language == "es":
                hundredths = ("céntimo", "céntimos")
            elif unit[0] in ("libra", "pound"):
                hundredths = ("penique", "peniques") if unit[0] == "libra" else ("penny", "pence")
            parts.append(self._counted(str(int(cents)), hundredths))
        return (" con " if self._language == "es" else " and ").join(parts)

    def _units(self, text: str) -> str:
        names = "|".join(re.escape(u) for u in sorted(self._forms.units, key=len)[::-1])
        pattern = rf"(?<![\w.,])(?P<number>{_NUMBER})\s?(?P<unit>{names})(?![\w/²'’])"
        return re.sub(
            pattern, lambda m: self._counted(m["number"], self._forms.units[m["unit"]]), text
        )

    def _ordinals(self, text: str) -> str:
        if self._language == "en":
            return _ORDINAL_EN.sub(lambda m: numbers.ordinal(int(m[1]), "en"), text)

        def say(found: re.Match[str]) -> str:
            ending = found[2] or found[3]
            said = numbers.ordinal(
                int(found[1]), "es", feminine=ending == "ª" or ending.endswith("a")
            )
            return said[:-1] if ending == "er" and said.endswith(("primero", "tercero")) else said

        return _ORDINAL_ES.sub(say, text)

    def _plain_number(self, found: re.Match[str]) -> str:
        written = found.group()
        said = self._number(written, found[1] or "")
        before = found.string[found.start() - 1 : found.start()]
        after = found.string[found.end() : found.end() + 1]
        # "MP3", "5G": a number that touches letters is set apart from them.
        return (" " if before.isalpha() else "") + said + (" " if after.isalpha() else "")

    # ── words ────────────────────────────────────────────────────────────────────────────────

    def _capitals(self, text: str) -> str:
        letters = [c for c in text if c.isalpha()]
        shouted = len(letters) > 8 and sum(map(str.isupper, letters)) > 0.9 * len(letters)
        return _CAPITALS.sub(lambda m: self._capital_word(m.group(), shouted), text)

    def _capital_word(self, word: str, shouted: bool) -> str:
        if word.casefold() in self._forms.lexicon:
            return word.casefold()
        if word in self._forms.spelled or not (shouted or _readable(word)):
            return " ".join(self._forms.letters.get(letter, letter) for letter in word)
        return word.lower()

    def _word(self, found: re.Match[str]) -> str:
        word = found.group()
        if word.casefold() in _SHORT:
            return word
        return self._forms.lexicon.get(word.casefold(), word)


#: Entries of the lexicon that are meant only with their full stop ("d." is "don", "d" is not).
_SHORT = word_set(
    "sr sra srta dr dra d dña prof profa ing lic ud uds av avda pág págs núm tel aprox máx "
    "mín ej mr mrs ms approx etc"
)

_VOWELS = "AEIOUÁÉÍÓÚÜ"


def _readable(word: str) -> bool:
    """Whether capitals can be said as one word: "ONU", "NASA", "SÍ", but not "CPU" or "PDF"."""
    if len(word) == 2:
        return any(c in _VOWELS for c in word)
    vowels = sum(c in _VOWELS for c in word)
    clusters = re.findall(rf"[^{_VOWELS}]+", word)
    starts = re.match(rf"[^{_VOWELS}]*", word)
    begins_well = starts is None or len(starts.group()) < 2 or starts.group() in _BEGINNINGS
    return bool(vowels) and begins_well and all(len(cluster) < 3 for cluster in clusters)


_BEGINNINGS = word_set("BL BR CL CR CH DR FL FR GL GR LL PL PR TR QU SH TH ST SP SC WH")


@cache
def _fixed_phrases(language: str) -> Mapping[re.Pattern[str], str | Callable[..., str]]:
    spanish = {
        r"\bEE\.?\s?UU\b\.?(?=\s+[A-ZÁÉÍÓÚ¿¡]|\s*$)": "Estados Unidos.",
        r"\bEE\.?\s?UU\b\.?": "Estados Unidos",
        r"\bp\.\s?ej\.": "por ejemplo",
        r"\betc\.(?=\s+[a-záéíóúñ,])": "etcétera",
        r"\b([ap])\.\s?C\.": r"antes de Cristo",
    }
    english = {
        r"\be\.g\.,?": "for example,",
        r"\bi\.e\.,?": "that is,",
        r"\bU\.S\.A?\.?(?=\s+[A-Z]|\s*$)": "U S.",
        r"\bU\.S\.(?:A\.)?": "U S",
        r"\bU\.K\.": "U K",
        r"\betc\.(?=\s+[a-z,])": "et cetera",
    }
    chosen = spanish if language == "es" else english
    return {re.compile(pattern): said for pattern, said in chosen.items()}
