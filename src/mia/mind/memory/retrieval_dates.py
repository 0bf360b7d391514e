"""Times that a question names: "ayer", "la semana pasada", "in May", "en 2023".

Calendar arithmetic on the moment the question gives; no clock is read here.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from mia.mind.memory.words import folded

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "enero january", "febrero february", "marzo march", "abril april", "mayo may",
            "junio june", "julio july", "agosto august", "septiembre september",
            "octubre october", "noviembre november", "diciembre december",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_DAYS = {"hoy": 0, "today": 0, "ayer": 1, "yesterday": 1, "anteayer": 2, "anoche": 1}
_SPANS = {
    "semana": 7, "week": 7, "mes": 31, "month": 31, "ano": 366, "year": 366,
}  # fmt: skip
_PAST = {"pasada", "pasado", "last", "past"}
_ASKS_WHEN = re.compile(
    r"\b(when|how long|what (?:year|month|day|date|time)|since when"
    r"|cu[aá]ndo|cu[aá]nto (?:tiempo )?hace|qu[eé] (?:d[ií]a|fecha|mes|a[nñ]o|hora)"
    r"|cu[aá]nto tiempo|desde cu[aá]ndo)\b",
    re.IGNORECASE,
)
_TELLS_TIME = re.compile(
    r"\b(yesterday|today|tonight|tomorrow|ago|last|next|week|weekend|month|year|years|monday"
    r"|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|may|june"
    r"|july|august|september|october|november|december|\d{4}|since|recently|morning|night|summer"
    r"|spring|winter|fall|just"
    r"|ayer|hoy|ma[nñ]ana|anoche|hace|pasad[oa]|pr[oó]xim[oa]|semana|mes|a[nñ]o|a[nñ]os|lunes"
    r"|martes|mi[eé]rcoles|jueves|viernes|s[aá]bado|domingo|enero|febrero|marzo|abril|mayo|junio"
    r"|julio|agosto|septiembre|octubre|noviembre|diciembre|desde|verano|invierno|primavera"
    r"|oto[nñ]o|tarde|noche)\b",
    re.IGNORECASE,
)

DAY = 86_400.0


def asks_when(text: str) -> bool:
    """Whether a time is asked for."""
    return _ASKS_WHEN.search(text) is not None


def tells_time(text: str) -> bool:
    """Whether a line says when something is or was."""
    return _TELLS_TIME.search(text) is not None


def named(tokens: Sequence[str], now: float) -> tuple[float, float] | None:
    """The time that is named, as [from, to) in Unix seconds; None where none is.

    now: Unix seconds; 0: unknown, then nothing is understood. Days begin at midnight UTC, which
    is near enough for a hint.
    """
    if not now:
        return None
    words = [folded(token) for token in tokens]
    today = dt.datetime.fromtimestamp(now, dt.UTC).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    for word in words:
        if word in _DAYS:
            start = (today - dt.timedelta(days=_DAYS[word])).timestamp()
            return start, start + DAY
    for at, word in enumerate(words):
        if word in _SPANS and _PAST.intersection(words[max(0, at - 1) : at + 2]):
            span = _SPANS[word] * DAY
            return now - 2 * span, now - span / 7
    year = next((int(w) for w in words if re.fullmatch(r"(19|20)\d\d", w)), None)
    month = next((_MONTHS[w] for w in words if w in _MONTHS and _a_month(words, w)), None)
    if month is not None:
        if year is None:
            year = today.year if month <= today.month else today.year - 1
        start_of = dt.datetime(year, month, 1, tzinfo=dt.UTC)
        return start_of.timestamp(), (start_of + dt.timedelta(days=31)).timestamp()
    if year is not None:
        start_of = dt.datetime(year, 1, 1, tzinfo=dt.UTC)
        return start_of.timestamp(), start_of.replace(year=year + 1).timestamp()
    return None


def _a_month(words: Sequence[str], word: str) -> bool:
    """Months, unlike a verb: "may" and "march" only after "in", "on" and the like, or a number."""
    if word not in ("may", "march"):
        return True
    at = words.index(word)
    before, after = words[max(0, at - 1) : at], words[at + 1 : at + 2]
    return any(w in ("in", "of", "since", "last") for w in before) or any(
        w.isdigit() for w in (*before, *after)
    )
