"""Words for the same expression: a model's maker and a persona's seldom use the same one."""

from __future__ import annotations

_FAMILIES = (
    ("joy", "happy", "happiness", "smile", "smiling", "feliz", "alegre", "alegria", "sonrisa"),
    ("fun", "relaxed", "relajada", "laugh", "laughing", "risa", "diversion"),
    ("sad", "sorrow", "sadness", "triste", "tristeza", "cry", "crying", "llanto"),
    ("angry", "anger", "enojo", "enojada", "enfado", "enfadada", "ira"),
    ("surprised", "surprise", "sorpresa", "sorprendida", "shock", "shocked"),
    ("thinking", "think", "thoughtful", "pensando", "pensativa"),
    ("shy", "blush", "blushing", "embarrassed", "verguenza", "sonrojo", "timida"),
    ("wink", "guiño", "guino"),
    ("love", "heart", "hearts", "amor", "corazones"),
    ("confused", "confusion", "confundida"),
    ("sleepy", "tired", "sueño", "cansada"),
)
_FAMILY = {word: family for family in _FAMILIES for word in family}


def kindred(name: str) -> tuple[str, ...]:
    """`name` and the other words for it, itself first; all in lower case."""
    word = name.casefold().strip()
    return (word, *(other for other in _FAMILY.get(word, ()) if other != word))
