"""Numbers in words, for Spanish and English, on top of `num2words`."""

from __future__ import annotations

import re

from mia.voice.forms import FORMS
from mia.voice.words import word_set

#: Longer numbers are read digit by digit, as one reads a telephone or an account number.
LONGEST = 8

_GROUPED = {
    "es": re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d{1,3}(?:,\d{3})+(?:\.\d+)?"),
    "en": re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?"),
}


def cardinal(number: int, language: str) -> str:
    """An integer in words."""
    from num2words import num2words

    words: str = num2words(number, lang=language)
    return words.replace(",", "") if language == "en" else words


def ordinal(number: int, language: str, *, feminine: bool = False) -> str:
    """As in "tercero", "tercera", "third". Beyond the tenth Spanish uses
    the cardinal, as people do."""
    from num2words import num2words

    if language == "es" and number > 10:
        return cardinal(number, "es")
    words: str = num2words(number, lang=language, to="ordinal")
    return words[:-1] + "a" if feminine and words.endswith("o") else words


def year(number: int, language: str) -> str:
    """As in "nineteen ninety-nine"; Spanish reads a year as any number."""
    from num2words import num2words

    return str(num2words(number, lang=language, to="year" if language == "en" else "cardinal"))


def decade(number: int) -> str:
    """As in "nineteen fifties", for English."""
    said = year(number, "en")
    return said[:-1] + "ies" if said.endswith("y") else said + "s"


def split(written: str, language: str) -> tuple[str, str, str]:
    """A written number as (digits of the whole part, decimal sign or "", decimals)."""
    if _GROUPED[language].fullmatch(written) and not written.startswith("0"):
        grouping = next(c for c in written if not c.isdigit())
        written = written.replace(grouping, "")
    sign = next((c for c in written if not c.isdigit()), "")
    whole, _, decimals = written.partition(sign) if sign else (written, "", "")
    return whole, sign, decimals


def in_words(written: str, language: str) -> str:
    """A written number (digits, grouping, decimals) in words."""
    forms = FORMS[language]
    if written.count(".") > 1 and not _GROUPED[language].fullmatch(written):
        return f" {forms.point} ".join(in_words(part, language) for part in written.split("."))
    whole, sign, decimals = split(written, language)
    ungrouped = written.startswith(whole)
    if (ungrouped and len(whole) > LONGEST) or (len(whole) > 1 and whole[0] == "0"):
        said = digits(whole, language)
    else:
        said = cardinal(int(whole or "0"), language)
    if not decimals:
        return said
    by_digits = language == "en" or len(decimals) > 2 or decimals[0] == "0"
    after = digits(decimals, language) if by_digits else cardinal(int(decimals), language)
    return f"{said} {forms.comma if sign == ',' else forms.point} {after}"


def digits(written: str, language: str) -> str:
    """Every digit by itself."""
    return " ".join(cardinal(int(digit), language) for digit in written)


def agreeing(said: str, noun: str) -> str:
    """A Spanish number before its noun: "veintiún años", "doscientas personas", "una hora".

    What follows may be no noun at all ("el 21 de mayo"); then the number stays as it is.
    """
    noun = noun.casefold()
    one = said == "uno"
    if noun in _NO_NOUN or not (one or noun.endswith("s")):
        return said
    feminine = noun in _FEMININE or (noun.endswith("a" if one else "as") and noun not in _MASCULINE)
    if feminine:
        said = said.replace("cientos", "cientas").replace("quinientos", "quinientas")
        return re.sub(r"uno$", "una", said)
    return re.sub(r"(veinti)?uno$", lambda m: "veintiún" if m[1] else "un", said)


_FEMININE = word_set(
    "vez veces flor flores noche noches tardes canción canciones opción opciones imagen "
    "imágenes habitaciones mujer mujeres parte partes clase clases calle calles red redes "
    "llave"
)
_MASCULINE = word_set(
    "día días problema problemas tema temas programa programas sistema sistemas idioma "
    "idiomas mapa mapas planeta planetas kilograma gramas megas gigas teras dálmatas cometas "
    "poemas artistas fantasmas piratas turistas"
)
_NO_NOUN = word_set(
    "de del y o u e a al en por para con sin es son más menos si que entre hasta desde pero "
    "como la las los el lo ya no sí está están era fue ni cada tras cuando"
)
