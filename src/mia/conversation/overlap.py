"""What words spoken over MIA mean: go on, stop, or a turn of their own."""

from __future__ import annotations

import re
import unicodedata

from mia.conversation.moves import Meaning

#: "I am listening": said while another speaks, without wanting the floor.
BACKCHANNELS = {
    "es": frozenset(
        "ajá mm mhm hmm mjm ah oh eh sí ya claro vale ok okay okey bueno bien genial exacto "
        "cierto verdad entiendo wow guau uy anda dale".split()
    )
    | {"ya veo", "claro que sí", "qué bien", "muy bien", "así es", "sí sí", "ah ya", "ah sí",
       "no me digas", "en serio"},
    "en": frozenset(
        "mm mhm mmhm hmm uhhuh huh ah oh yeah yep yes right ok okay sure really wow cool "
        "nice great exactly true".split()
    )
    | {"i see", "uh huh", "mm hm", "of course", "oh yeah", "yeah yeah", "got it", "no way"},
}  # fmt: skip
#: "Be quiet": as the whole utterance, or opening it as a command.
STOP_WORDS = {
    "es": frozenset(
        {"para", "espera", "alto", "basta", "silencio", "calla", "cállate", "detente", "stop",
         "un momento", "espera un momento", "para para", "ya basta", "no no", "perdona"}
    ),
    "en": frozenset(
        {"stop", "wait", "hold on", "quiet", "enough", "pause", "shut up", "be quiet",
         "one moment", "wait wait", "stop stop", "no no", "hang on", "excuse me"}
    ),
}  # fmt: skip
#: Answers once MIA has asked something.
ANSWERS = frozenset({"si", "no", "yes", "no no", "yeah", "yep", "nope", "ok", "okay", "vale",
                     "claro", "claro que si", "sure", "of course", "dale", "bueno"})  # fmt: skip


def _bare(text: str) -> str:
    flat = unicodedata.normalize("NFKD", text.lower())
    letters = "".join(c for c in flat if not unicodedata.combining(c))
    return re.sub(r"[^\w]+", " ", letters).strip()


_BACKCHANNELS = frozenset(_bare(w) for words in BACKCHANNELS.values() for w in words)
_STOPS = frozenset(_bare(w) for words in STOP_WORDS.values() for w in words)


def meaning(text: str, *, asked: bool = False, own_words: str = "") -> Meaning:
    """What an utterance over MIA's voice means.

    asked: MIA has just asked something, so "sí" and "no" are answers.
    own_words: what MIA was saying; her own voice from the loudspeaker is nobody speaking.

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
    if said in _BACKCHANNELS or all(word in _BACKCHANNELS for word in words[:4]) and len(words) < 4:
        return "backchannel"
    return "words"


def _opens_with_stop(words: list[str]) -> bool:
    """ "Para, MIA" and "wait a second" stop; "para mí" ("for me") is an ordinary beginning."""
    if words[0] == "para":
        return len(words) == 1 or words[1] in ("mia", "por", "ya", "un", "espera", "para")
    return words[0] in _STOPS


def _echo(words: list[str], own: list[str]) -> bool:
    """At least three words, and most of them in the order in which MIA just said them."""
    if len(words) < 3 or not own:
        return False
    at, matched = 0, 0
    for word in words:
        try:
            at = own.index(word, at) + 1
        except ValueError:
            continue
        matched += 1
    return matched >= 0.6 * len(words)
