"""What words spoken over MIA mean: go on, stop, or a turn of their own."""

from __future__ import annotations

import re
import unicodedata

from mia.conversation.lexicon import AFTER_PARA, ANSWERS, BACKCHANNELS, HUMS, STOP_WORDS
from mia.conversation.moves import Meaning


def _bare(text: str) -> str:
    flat = unicodedata.normalize("NFKD", text.lower())
    letters = "".join(c for c in flat if not unicodedata.combining(c))
    return re.sub(r"[^\w]+", " ", letters).strip()


_BACKCHANNELS = frozenset(_bare(w) for words in (*BACKCHANNELS.values(), HUMS) for w in words)
_STOPS = frozenset(_bare(w) for words in STOP_WORDS.values() for w in words)


def meaning(
    text: str, *, asked: bool = False, own_words: str = "", doubted: bool = False
) -> Meaning:
    """What an utterance over MIA's voice means.

    asked: MIA has just asked something, so "sí" and "no" are answers.
    own_words: what MIA was saying; her own voice from the loudspeaker is nobody speaking.
    doubted: it was brief, and the recogniser hardly believes in the text itself.

    Both languages' lexicons are used whatever the language: people mix them, and recognisers do.
    """
    said = _bare(text)
    if not said:
        return "nothing"
    words = said.split()
    if said in _STOPS or (len(words) <= 4 and _opens_with_stop(words)):
        return "stop"
    if _echo(words, _bare(own_words).split()):
        return "nothing"
    if asked and said in ANSWERS:
        return "words"
    if said in _BACKCHANNELS or (
        all(word in _BACKCHANNELS for word in words[:4]) and len(words) < 4
    ):
        return "backchannel"
    if doubted and said not in ANSWERS:
        return "nothing"
    return "words"


def _opens_with_stop(words: list[str]) -> bool:
    """Whether "para, MIA" or "wait a second" begins here, and not "para mí" ("for me")."""
    if words[0] == "para":
        return len(words) == 1 or words[1] in AFTER_PARA
    return words[0] in _STOPS


def _echo(words: list[str], own: list[str]) -> bool:
    """Two words just as MIA said them, or more and most of them in the order in which she did."""
    if len(words) < 2 or not own:
        return False
    if len(words) == 2:
        return any(own[at : at + 2] == words for at in range(len(own) - 1))
    at, matched = 0, 0
    for word in words:
        try:
            at = own.index(word, at) + 1
        except ValueError:
            continue
        matched += 1
    return matched >= 0.6 * len(words)
