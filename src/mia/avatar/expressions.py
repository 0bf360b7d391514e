"""Which expressions she has, what a tag in her text may call them, and how each shows.

Names are the field's own across outputs: the page's puppet, VTube Studio's hotkeys and VMC's blend
shapes are mapped from these. An expression never says what mouth and lids do by themselves: it
adds to them, so that she can smile, speak and blink at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mia.avatar.motion import eased

NEUTRAL = "neutral"

#: Expression → the tags that show it, in Spanish and English, besides its own name.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "neutral": ("normal", "calm", "calma", "tranquila", "tranquilo", "seria", "serio", "serious"),
    "joy": (
        "alegría", "alegre", "feliz", "felicidad", "contenta", "contento", "risa", "risas", "ríe",
        "se ríe", "sonrisa", "sonríe", "divertida", "divertido", "emocionada", "emocionado",
        "entusiasmada", "happy", "happiness", "joyful", "smile", "smiles", "smiling", "laugh",
        "laughs", "laughing", "giggle", "giggles", "chuckles", "grin", "grins", "excited",
        "cheerful", "love", "amor", "cariño",
    ),
    "sad": (
        "triste", "tristeza", "pena", "llora", "llorando", "suspira", "suspiro", "decepcionada",
        "sadness", "sorrow", "cry", "cries", "crying", "sigh", "sighs", "disappointed", "sorry",
    ),
    "angry": (
        "enfado", "enfadada", "enfadado", "enojada", "enojado", "enojo", "rabia", "ira", "molesta",
        "furiosa", "anger", "mad", "annoyed", "furious", "frown", "frowns", "pouts",
    ),
    "surprised": (
        "sorpresa", "sorprendida", "sorprendido", "asombro", "asombrada", "asombrado", "surprise",
        "shock", "shocked", "amazed", "astonished", "gasp", "gasps",
    ),
    "thinking": (
        "pensando", "pensativa", "pensativo", "piensa", "duda", "dudosa", "curiosa", "curioso",
        "curiosidad", "think", "thinks", "thoughtful", "pensive", "curious", "hmm", "ponders",
    ),
    "shy": (
        "tímida", "tímido", "timidez", "vergüenza", "avergonzada", "avergonzado", "sonrojada",
        "se sonroja", "sonroja", "bashful", "embarrassed", "blush", "blushes", "blushing",
    ),
    "wink": ("guiño", "guiña", "guiña un ojo", "pícara", "winks", "winking", "playful", "smirk",
             "smirks"),
}  # fmt: skip
NAMES: tuple[str, ...] = tuple(ALIASES)


@dataclass(frozen=True, slots=True)
class Look:
    """What an expression adds at full weight. smile: to the mouth's form. squint: how far the eyes
    are shut already, which a blink must not add to. lids: how far they hang. parted: how far the
    mouth is open while she says nothing. Gaze and angles as in `Frame`; brows too."""

    smile: float = 0.0
    squint: float = 0.0
    lids: float = 0.0
    brows: float = 0.0
    parted: float = 0.0
    gaze_x: float = 0.0
    gaze_y: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0


LOOKS: Mapping[str, Look] = {
    "joy": Look(smile=0.65, squint=0.35, brows=0.25, pitch=1.0, roll=2.5),
    "sad": Look(smile=-0.5, lids=0.22, brows=-0.15, gaze_y=-0.3, pitch=-5.0, roll=-1.5),
    "angry": Look(smile=-0.4, squint=0.15, brows=-0.9, pitch=-2.5),
    "surprised": Look(brows=1.0, parted=0.3, pitch=2.5),
    "thinking": Look(smile=-0.15, brows=0.3, gaze_x=-0.45, gaze_y=0.45, yaw=-4.0, roll=-3.5),
    "shy": Look(smile=0.25, lids=0.15, gaze_x=0.35, gaze_y=-0.4, yaw=4.0, pitch=-5.0, roll=3.0),
    "wink": Look(smile=0.5, brows=0.2, roll=4.5),
}
PLAIN = Look()
#: Seconds one eye is shut with `wink`.
WINK = 0.45


def tags(own: Mapping[str, Sequence[str]] | None = None) -> dict[str, str]:
    """Every tag and the expression it shows; `own`: further tags by expression, which go before
    ours. A name that is not ours is an expression of the user's, shown by what they map it to."""
    found = {name: name for name in NAMES}
    for name, aliases in ALIASES.items():
        found.update(dict.fromkeys(aliases, name))
    for name, further in (own or {}).items():
        found[name] = name
        found.update(dict.fromkeys(further, name))
    return found


def known(own: Iterable[str] = ()) -> tuple[str, ...]:
    """The names of all expressions there are."""
    return tuple(dict.fromkeys((*NAMES, *own)))


#: Seconds in which an expression comes, and goes.
RISE, FALL = 0.25, 0.45
#: An expression stays at least so long, or nobody would see it.
DWELL = 1.5
#: She keeps it so long after her last word; after she was interrupted not at all.
LINGER = 4.0
#: Weight of an expression while she speaks: a full one would hide what the mouth does.
WHILE_SPEAKING = 0.8


@dataclass(frozen=True, slots=True)
class _Change:
    at: float
    name: str


class Expressing:
    """Which expression shows when: a short list of changes, and the one that is still to come."""

    def __init__(self) -> None:
        self._changes = [_Change(-math.inf, NEUTRAL)]

    def show(self, at: float, name: str) -> None:
        """Show it from `at` on, or as soon as the one before has been seen."""
        self._drop_later(at)
        if self._changes[-1].name != name:
            self._add(max(at, self._changes[-1].at + DWELL), name)
        elif name != NEUTRAL:
            self._changes.append(_Change(at, name))

    def calm(self, at: float, after: float = LINGER) -> None:
        """Come back to the neutral face, `after` seconds from `at`."""
        if self.next_name != NEUTRAL:
            self._add(max(at + after, self._changes[-1].at + DWELL), NEUTRAL)

    def _add(self, at: float, name: str) -> None:
        self._changes.append(_Change(at, name))
        del self._changes[:-6]

    def _drop_later(self, at: float) -> None:
        while len(self._changes) > 1 and self._changes[-1].at > at:
            self._changes.pop()

    @property
    def next_name(self) -> str:
        return self._changes[-1].name

    def weights(self, at: float) -> dict[str, float]:
        """0 … 1 of each expression that shows at all."""
        found: dict[str, float] = {}
        for number, change in enumerate(self._changes):
            if change.name == NEUTRAL or at <= change.at:
                continue
            until = math.inf
            for later in self._changes[number + 1 :]:
                if later.name != change.name:
                    until = later.at
                    break
            weight = eased((at - change.at) / RISE) * (1 - eased((at - until) / FALL))
            if weight > 0.001:
                found[change.name] = max(found.get(change.name, 0.0), weight)
        return found

    def since(self, name: str, at: float) -> float:
        """Seconds since `name` last came."""
        times = [c.at for c in self._changes if c.name == name and c.at <= at]
        return at - times[-1] if times else math.inf

    def moving(self, at: float) -> bool:
        return any(change.at - 0.3 <= at <= change.at + FALL for change in self._changes)


def blended(weights: Mapping[str, float]) -> Look:
    """What all of them add together."""
    if not weights:
        return PLAIN
    values = dict.fromkeys(Look.__slots__, 0.0)
    for name, weight in weights.items():
        look = LOOKS.get(name, PLAIN)
        for part in values:
            values[part] += weight * getattr(look, part)
    return Look(**values)
