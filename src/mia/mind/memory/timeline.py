"""When each line of a conversation is heard, on one clock that begins with its first: what its
subtitles and its sound are both cut by, so that they fit each other.

Where sound of a line was kept it says when the line was heard. Where none was, a line is stamped
when it was known (a person's at the end of their turn, MIA's when she had finished); so it is on
the screen from as long before as it takes to read, to that moment, or from the line before on.
A conversation may be left and taken up days later: silence of more than five minutes is cut short.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import soundfile

from mia.mind.memory.records import Memory
from mia.mind.memory.sounds import Piece

#: How fast people read, in characters a second, and the shortest time on the screen.
READING = 15.0
SHORTEST = 1.5
#: Silence that is kept as it is, and what is left of a longer one, in seconds.
LONGEST_GAP = 300.0
GAP_LEFT = 3.0


@dataclass(frozen=True, slots=True)
class Heard:
    """A piece of sound: seconds from the conversation's beginning, and how long it is."""

    piece: Piece
    begin: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Shown:
    """A line, its seconds from the conversation's beginning, and its sound."""

    line: Memory
    begin: float
    end: float
    sound: tuple[Heard, ...] = ()


def laid_out(
    lines: Sequence[Memory], pieces: Mapping[int, Sequence[Piece]] | None = None
) -> list[Shown]:
    """The lines in the order in which they are heard. pieces: kept sound, by line; reads how long
    each is, and leaves out what has been forgotten meanwhile. Blocking."""
    known = {line.id: _measured((pieces or {}).get(line.id, ())) for line in lines}
    shown: list[Shown] = []
    before = zero = end = 0.0
    for number, line in enumerate(lines):
        sound = known[line.id]
        takes = max(SHORTEST, len(line.text) / READING)
        first = sound[0][0].at if sound else line.at - takes
        if number == 0:
            zero = first
        if first - zero - end > LONGEST_GAP:
            zero = first - end - GAP_LEFT
        if sound:
            heard = tuple(Heard(piece, max(0.0, piece.at - zero), s) for piece, s in sound)
            words = [one for one in heard if not one.piece.filler] or heard
            begin, until = words[0].begin, words[-1].begin + words[-1].seconds
        else:
            heard = ()
            until = max(line.at - zero, before + SHORTEST)
            begin = max(before, until - takes)
        shown.append(Shown(line, begin, until, heard))
        before, end = until, max(end, until)
    return sorted(shown, key=lambda one: one.begin)


def _measured(pieces: Sequence[Piece]) -> list[tuple[Piece, float]]:
    found = []
    for piece in pieces:
        try:
            found.append((piece, float(soundfile.info(piece.path).duration)))
        except (soundfile.LibsndfileError, OSError):
            continue
    return found
