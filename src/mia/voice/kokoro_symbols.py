"""Kokoro's vocabulary, and how espeak-ng's IPA is written in it.

Ids are those of the `config.json` of Kokoro-82M v1.0 (Apache-2.0). Kokoro learnt Spanish from
espeak-ng's phonemes with affricates and diphthongs as single symbols, English from its own
dictionary, which writes diphthongs as capitals.
"""

from __future__ import annotations

import unicodedata

PAD = 0
#: Longest input without the two pads; also the number of rows of a voice's style table.
LONGEST = 510

VOCABULARY: dict[str, int] = {
    ";": 1, ":": 2, ",": 3, ".": 4, "!": 5, "?": 6, "—": 9, "…": 10, '"': 11, "(": 12, ")": 13,
    "“": 14, "”": 15, " ": 16, "\u0303": 17, "ʣ": 18, "ʥ": 19, "ʦ": 20, "ʨ": 21, "ᵝ": 22,
    "\uab67": 23, "A": 24, "I": 25, "O": 31, "Q": 33, "S": 35, "T": 36, "W": 39, "Y": 41,
    "ᵊ": 42, "a": 43, "b": 44, "c": 45, "d": 46, "e": 47, "f": 48, "h": 50, "i": 51, "j": 52,
    "k": 53, "l": 54, "m": 55, "n": 56, "o": 57, "p": 58, "q": 59, "r": 60, "s": 61, "t": 62,
    "u": 63, "v": 64, "w": 65, "x": 66, "y": 67, "z": 68, "ɑ": 69, "ɐ": 70, "ɒ": 71, "æ": 72,
    "β": 75, "ɔ": 76, "ɕ": 77, "ç": 78, "ɖ": 80, "ð": 81, "ʤ": 82, "ə": 83, "ɚ": 85, "ɛ": 86,
    "ɜ": 87, "ɟ": 90, "ɡ": 92, "ɥ": 99, "ɨ": 101, "ɪ": 102, "ʝ": 103, "ɯ": 110, "ɰ": 111,
    "ŋ": 112, "ɳ": 113, "ɲ": 114, "ɴ": 115, "ø": 116, "ɸ": 118, "θ": 119, "œ": 120, "ɹ": 123,
    "ɾ": 125, "ɻ": 126, "ʁ": 128, "ɽ": 129, "ʂ": 130, "ʃ": 131, "ʈ": 132, "ʧ": 133, "ʊ": 135,
    "ʋ": 136, "ʌ": 138, "ɣ": 139, "ɤ": 140, "χ": 142, "ʎ": 143, "ʒ": 147, "ʔ": 148, "ˈ": 156,
    "ˌ": 157, "ː": 158, "ʰ": 162, "ʲ": 164, "↓": 169, "→": 171, "↗": 172, "↘": 173, "ᵻ": 177,
}  # fmt: skip

#: Applied in this order.
#: The glide that espeak-ng writes between vowels ("y un": iʲ un) is none in Spanish; with it more
#: words were misheard.
SPANISH = (("tʃ", "ʧ"), ("dʒ", "ʤ"), ("ts", "ʦ"), ("ʲ", ""))
ENGLISH = (
    ("dʒ", "ʤ"), ("tʃ", "ʧ"), ("aɪ", "I"), ("aʊ", "W"), ("eɪ", "A"), ("oʊ", "O"), ("ɔɪ", "Y"),
    ("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ"), ("ɚ", "əɹ"), ("ɪə", "iə"), ("əl", "ᵊl"), ("ɐ", "ə"),
    ("ɾ", "T"), ("r", "ɹ"), ("x", "k"), ("ç", "k"), ("ɬ", "l"), ("ʔ", "t"), ("ʲ", ""),
    ("\u0303", ""), ("\u0329", ""), ("e", "A"), ("o", "ɔ"), ("ː", ""),
)  # fmt: skip

#: Back to IPA, for those who draw mouths.
_IPA = {"ʧ": "tʃ", "ʤ": "dʒ", "ʦ": "ts", "ʣ": "dz", "I": "aɪ", "W": "aʊ", "A": "eɪ", "O": "oʊ",
        "Y": "ɔɪ", "Q": "əʊ", "T": "ɾ", "ᵊ": "ə"}  # fmt: skip


def written(ipa: str, language: str) -> str:
    """espeak-ng's phonemes in Kokoro's symbols; those it does not know are left out."""
    ipa = unicodedata.normalize("NFC", ipa)
    for old, new in ENGLISH if language == "en" else SPANISH:
        ipa = ipa.replace(old, new)
    return "".join(symbol for symbol in ipa if symbol in VOCABULARY)


def sounding(symbol: str) -> str:
    """A symbol as IPA."""
    return _IPA.get(symbol, symbol)


def chunks(symbols: str, longest: int = LONGEST) -> list[str]:
    """Symbols in stretches that fit the model, cut between words where there are any."""
    found: list[str] = []
    while len(symbols) > longest:
        cut = symbols.rfind(" ", 1, longest) + 1 or longest
        found.append(symbols[:cut])
        symbols = symbols[cut:]
    return [*found, symbols]
