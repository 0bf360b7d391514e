"""What the mouth does for each sound of speech: from IPA to the fifteen visemes and their shapes.

The grouping is that of Oculus' viseme set, whose names `frame.Viseme` has. The numbers are this
project's own: how far the jaw goes at full voice, how wide or round the lips are, which vowels'
shapes it borrows (for avatars that know only five), and how much it insists on its shape against
its neighbours: lips that must close do, a `k` takes whatever shape is about it.
"""

from __future__ import annotations

from dataclasses import dataclass

from mia.avatar.frame import Viseme

FiveVowels = tuple[float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """jaw: 0 … 1 of how far the mouth opens for this sound at full voice. form: -1 … 1, pursed …
    wide. vowels: shares of a, i, u, e, o. insists: weight against its neighbours. closes: the
    lips touch, however loud it is."""

    viseme: Viseme
    jaw: float
    form: float
    vowels: FiveVowels
    insists: float = 1.0
    closes: bool = False


SHAPES: dict[Viseme, Shape] = {
    shape.viseme: shape
    for shape in (
        Shape("sil", 0.55, 0.0, (0.2, 0.0, 0.0, 0.1, 0.0), 0.5),
        Shape("PP", 0.0, -0.1, (0.0, 0.0, 0.0, 0.0, 0.0), 3.0, closes=True),
        Shape("FF", 0.42, 0.1, (0.0, 0.15, 0.1, 0.0, 0.0), 1.6),
        Shape("TH", 0.6, 0.1, (0.15, 0.15, 0.0, 0.2, 0.0), 0.9),
        Shape("DD", 0.62, 0.1, (0.15, 0.2, 0.0, 0.2, 0.0), 0.6),
        Shape("kk", 0.66, 0.0, (0.25, 0.05, 0.0, 0.15, 0.05), 0.4),
        Shape("CH", 0.55, -0.4, (0.0, 0.15, 0.35, 0.0, 0.1), 1.1),
        Shape("SS", 0.5, 0.35, (0.0, 0.4, 0.0, 0.15, 0.0), 0.9),
        Shape("nn", 0.62, 0.1, (0.15, 0.15, 0.0, 0.2, 0.0), 0.6),
        Shape("RR", 0.62, -0.15, (0.1, 0.1, 0.15, 0.15, 0.1), 0.7),
        Shape("aa", 1.0, 0.1, (1.0, 0.0, 0.0, 0.0, 0.0), 1.2),
        Shape("E", 0.86, 0.5, (0.1, 0.1, 0.0, 0.8, 0.0), 1.1),
        Shape("ih", 0.7, 0.7, (0.0, 1.0, 0.0, 0.0, 0.0), 1.1),
        Shape("oh", 0.86, -0.6, (0.05, 0.0, 0.1, 0.0, 0.85), 1.3),
        Shape("ou", 0.66, -0.95, (0.0, 0.0, 1.0, 0.0, 0.0), 1.4),
    )
}
REST = SHAPES["sil"]

_SOUNDS: dict[Viseme, str] = {
    "PP": "pbmɓʙɱ",
    "FF": "fvʋɸ",
    "TH": "θð",
    "DD": "tdʈɖɾʔ",
    "kk": "kɡgqɢxɣχhħɦɰŋɴ",
    "CH": "ʃʒʧʤɕʑʂʐcɟç",
    "SS": "szʦʣ",
    "nn": "nɲɳlʎɭɬʝ",
    "RR": "rɹɻʁɽʀ",
    "aa": "aäæɑɐʌɒA",
    "E": "eɛəɜɘœøɚɝᵊɞ",
    "ih": "iɪɨjyʏᵻɥ",
    "oh": "oɔɤ",
    "ou": "uʊɯwʉʍ",
}
_BY_SYMBOL: dict[str, Viseme] = {
    symbol: viseme for viseme, symbols in _SOUNDS.items() for symbol in symbols
}
#: Spanish b, d, g between vowels are hardly closed.
_BY_SYMBOL["β"] = "FF"


def visemes_of(phoneme: str) -> tuple[Viseme, ...]:
    """The shapes of one IPA phoneme, in order: two for a diphthong or an affricate, one for most,
    none for what has no shape of its own (stress, length, a pause)."""
    found: list[Viseme] = []
    for symbol in phoneme:
        viseme = _BY_SYMBOL.get(symbol)
        if viseme is not None and (not found or found[-1] != viseme):
            found.append(viseme)
    if found[:2] == ["DD", "CH"] or found[:2] == ["DD", "SS"]:
        return tuple(found[1:])  # an affricate's lips are those of its second half
    return tuple(found)
