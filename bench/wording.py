"""Words as a word error rate counts them."""

from __future__ import annotations

import re
import unicodedata

import jiwer

from mia.voice.speakable import speakable


def plain(text: str, language: str) -> str:
    """Lower case, without marks, hyphens and accents, and with every number in words.

    Whisper writes "42" or "forty-two" as it likes, and published transcripts leave accents out:
    neither is a word misheard.
    """
    bare = unicodedata.normalize("NFKD", speakable(text, language).lower())
    letters = "".join(c for c in bare if not unicodedata.combining(c))
    return re.sub(r"\s+", " ", re.sub(r"[^\w ]+", " ", letters.replace("'", ""))).strip()


def misheard(said: str, heard: str, language: str) -> tuple[int, int]:
    """Wrong words (replaced, missing, added) of an utterance, and its words."""
    out = jiwer.process_words(plain(said, language), plain(heard, language))
    wrong = out.substitutions + out.deletions + out.insertions
    return wrong, out.hits + out.substitutions + out.deletions
