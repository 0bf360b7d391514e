"""Written forms that mean more than their signs say, put into plainer ones before they are read.

"Felipe VI" is "Felipe sexto", "2 1/2 tazas" is "dos y media tazas", "$1.500 pesos" are no dollars,
"10 / 2" is a division. Each rule is one pattern; they run in order, before numbers and units.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from mia.voice import numbers

Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]

_ROMAN = re.compile(r"(?=[IVX])X{0,3}(?:IX|IV|V?I{0,3})")
_VALUES = {"I": 1, "V": 5, "X": 10}
#: First names of those who are counted: after them a numeral is an ordinal.
_RULERS = (
    "Felipe|Carlos|Alfonso|Fernando|Isabel|Enrique|Luis|Jorge|Pablo|Benedicto|Pío|León|Pedro|"
    "Napoleón|Guillermo|Eduardo|Ricardo|Francisco|Alejandro|Catalina|Ramsés|Juana?|Gregorio|"
    "Henry|Elizabeth|Charles|George|Edward|Richard|James|Louis|Paul|William|Philip|Peter|"
    "Alexander|Catherine|Napoleon|Leo|Benedict|Francis|John|Mary|Nicholas|Gregory|Pius"
)
_QUEENS = ("Isabel", "Catalina", "Juana")


def rewritten(text: str, language: str) -> str:
    """The text with its special forms in words or plainer signs; Spanish or English."""
    for pattern, said in _rules(language):
        text = pattern.sub(said, text)
    return text


def roman(numeral: str) -> int:
    """The value of a Roman numeral of I, V and X; 0 if it is none."""
    if not _ROMAN.fullmatch(numeral):
        return 0
    values = [_VALUES[letter] for letter in numeral]
    following = [*values[1:], 0]
    return sum(-v if v < after else v for v, after in zip(values, following, strict=True))


def _of_ruler(found: re.Match[str], language: str) -> str:
    value = roman(found[2])
    if not value:
        return found.group()
    said = numbers.ordinal(value, language, feminine=found[1] in _QUEENS)
    return f"{found[1]} the {said}" if language == "en" else f"{found[1]} {said}"


def _of_century(found: re.Match[str]) -> str:
    value = roman(found[2])
    said = numbers.ordinal(value, "es") if value else found[2]
    return f"{found[1]} {said}"


def _counted(found: re.Match[str]) -> str:
    value = roman(found.group())
    return str(value) if value else found.group()


def _apart(digits: str) -> str:
    """Digits to be read one by one, in the groups they are written in."""
    return ", ".join(" ".join(group) for group in re.findall(r"\d+", digits))


def _half(found: re.Match[str]) -> str:
    """As in "2 y media tazas", of "2 1/2 tazas"."""
    parts = {"1/2": "medio", "½": "medio", "1/4": "cuarto", "¼": "cuarto"}
    part = parts.get(found[2], "tres cuartos")
    if part == "medio" and re.match(r"\w+as?\b", found[3]):
        part = "media"
    return f"{found[1]} y {part} {found[3]}"


def _day_first(found: re.Match[str]) -> str:
    """As in "the second of April", of "2 April" and of "the 2nd April"."""
    the = "" if found.string[: found.start()].casefold().endswith("the ") else "the "
    return f"{the}{numbers.ordinal(int(found[1]), 'en')} of {found[2]}"


_PER_ES = {
    "mes": "al mes", "año": "al año", "día": "al día", "semana": "a la semana", "h": "la hora",
    "hora": "la hora", "min": "el minuto", "kg": "el kilo", "l": "el litro",
    "persona": "por persona",
}  # fmt: skip
_PER_EN = {"mo": "month", "yr": "year", "h": "hour", "hr": "hour", "min": "minute", "kg": "kilo"}
_COUNTED_ES = "seguidores|vistas|visitas|subs|suscriptores|likes|personas|pesos|euros|dólares"
_COUNTED_EN = "followers|views|subs|subscribers|likes|people|dollars|euros|users"

_MONTHS_EN = "January|February|March|April|May|June|July|August|September|October|November|December"
_FRACTION = r"(\d+) (1/2|1/4|3/4|[½¼¾])"


def _spanish() -> Sequence[tuple[str, str | Callable[[re.Match[str]], str]]]:
    return (
        (r"\b([Ss]iglos?) ([IVX]+)\b", _of_century),
        (rf"\b({_RULERS}) ([IVX]+)\b(?!\.)", lambda m: _of_ruler(m, "es")),
        (r"\b(?<![\w.-])[IVX]{2,6}\b(?![\w-])", _counted),
        (r"\b([Cc]apítulo|[Tt]omo|[Pp]arte|[Aa]cto|[Vv]olumen) ([IVX])\b",
         lambda m: f"{m[1]} {roman(m[2])}"),
        (r"\$\s?([\d.,]*\d) (?=pesos\b)", r"\1 "),
        (rf"{_FRACTION} (\w+)", _half),
        (r"\b(\d+)\s?h\s?(\d+)\s?m(?:in)?\b", r"\1 h y \2 min"),
        (r"\b(\d{1,2}:\d{2}):(\d{2})\b", r"\1 y \2 s"),
        (r"\b[nN]\.?[ºo°]\.? ?(?=\d)", "número "),
        (r"\b[Aa]rts?\. ?(?=\d)", "artículo "),
        (r"\b[Cc]/ ?(?=[A-ZÁÉÍÓÚÑ])", "calle "),
        (r"\bkm (?=\d+\b(?! ?[a-z]))", "kilómetro "),
        (r"(?<![\w.])(?:\+\d{1,3} )?[6-9]\d{2} \d{3} \d{3}(?![\w.,]\d|\w)",
         lambda m: ("más " if m.group()[0] == "+" else "") + _apart(m.group())),
        (r"\b911\b", "nueve once"),
        (r"(?<=[\d€$£]) ?/ ?(mes|año|día|semana|hora|h|min|kg|l|persona)\b",
         lambda m: f" {_PER_ES[m[1]]}"),
        (r"(?<=\d) +[/÷] +(?=\d)", " entre "),
        (rf"\b(\d+)[kK] (?={_COUNTED_ES})", r"\1 mil "),
        (rf"\b1M (?:de )?(?={_COUNTED_ES})", "1 millón de "),
        (rf"\b([\d.,]+)M (?:de )?(?={_COUNTED_ES})", r"\1 millones de "),
        (r"(?<=\d) ?¢", " centavos"),
        (r"(?<=\d) ?m³(?!\w)", " metros cúbicos"),
        (r"(?<!\d )\b([a-zA-Z])²", r"\1 al cuadrado"),
        (r"(?<!\d )\b([a-zA-Z])³", r"\1 al cubo"),
        (r"\b([xyz]) (?=al (?:cuadrado|cubo))", lambda m: {"x": "equis", "y": "i griega",
                                                          "z": "zeta"}[m[1]] + " "),
        (r"(?<![\w.,)€$])[-−](?=\d)", "menos "),
        (r"\bC#", "C sharp"),
        (r"['’‘](?=\d{2}\b)", ""),
    )  # fmt: skip


def _english() -> Sequence[tuple[str, str | Callable[[re.Match[str]], str]]]:
    return (
        (rf"\b({_RULERS}) ([IVX]+)\b(?!\.)", lambda m: _of_ruler(m, "en")),
        (r"\b(?<![\w.-])(?!I\b)[IVX]{2,6}\b(?![\w-])", _counted),
        (r"\b([Cc]hapter|[Vv]olume|[Pp]art|[Aa]ct|[Ww]ar) ([IVX])\b",
         lambda m: f"{m[1]} {roman(m[2])}"),
        (rf"{_FRACTION}(?!\w)", lambda m: f"{m[1]} and " + {
            "1/2": "a half", "½": "a half", "1/4": "a quarter", "¼": "a quarter",
        }.get(m[2], "three quarters")),
        (r"\b(\d+)\s?h\s?(\d+)\s?m(?:in)?\b", r"\1 h and \2 min"),
        (r"\b(\d{1,2}:\d{2}):(\d{2})\b", r"\1 and \2 s"),
        (r"\b[Nn]o\. ?(?=\d)", "number "),
        (r"\b[Pp]\. ?(?=\d)", "page "),
        (r"\b[Pp]p\. ?(?=\d)", "pages "),
        (r"\bSt\. (?=[A-Z])", "Saint "),
        (r"\bAve\.(?=\s[a-z]|\s*$)", "Avenue"),
        (r"\bInc\.", "Incorporated"),
        (r"\bLtd\.", "Limited"),
        (r"\b(\d{1,2})(?:st|nd|rd|th)? (" + _MONTHS_EN + r")\b(?! \d{1,2}\b)",
         _day_first),
        (r"(?<!\w)['’‘]?([2-9]0)['’]?s\b", lambda m: numbers.decade(int(m[1]))),
        (r"\b(\d)['’′] ?(\d{1,2})(?:\"|”|″|''|(?=\s|$))", r"\1 foot \2"),
        (r"\b(\d+(?: ft|'|′)?) ?in(?=[.,;!?]|$| (?:long|wide|tall|high))", r"\1 inches"),
        (r"\b1 mi\b", "1 mile"),
        (r"\b([\d.,]+) mi\b", r"\1 miles"),
        (r"(?<!\w)(?:\+(\d{1,3})[ -])?\((\d{3})\) ?(\d{3})[ -](\d{4})\b",
         lambda m: (f"plus {_apart(m[1])}, " if m[1] else "") + _apart(f"{m[2]} {m[3]} {m[4]}")),
        (r"\b911\b", "nine one one"),
        (r"(?<=[\d€$£]) ?/ ?(month|mo|year|yr|day|week|hour|hr|h|min|kg|person)\b",
         lambda m: f" per {_PER_EN.get(m[1], m[1])}"),
        (r"(?<=\d) +[/÷] +(?=\d)", " divided by "),
        (r"(\d)%[-–](?=\d+%)", r"\1 to "),
        (rf"\b(\d+)[kK] (?={_COUNTED_EN})", r"\1 thousand "),
        (rf"\b([\d.,]+)M (?={_COUNTED_EN})", r"\1 million "),
        (r"\b(\d+)x(?= \w)", r"\1 times"),
        (r"\b1 ?¢", "1 cent"),
        (r"(?<=\d) ?¢", " cents"),
        (r"(?<=\d) ?m³(?!\w)", " cubic meters"),
        (r"(?<!\d )\b([a-zA-Z])²", r"\1 squared"),
        (r"(?<!\d )\b([a-zA-Z])³", r"\1 cubed"),
        (r"(?<![\w.,)€$])[-−](?=\d)", "minus "),
        (r"\bC#", "C sharp"),
    )  # fmt: skip


@cache
def _rules(language: str) -> tuple[Rule, ...]:
    chosen = _spanish() if language == "es" else _english()
    return tuple((re.compile(pattern), said) for pattern, said in chosen)
