"""The mouth, by what is really heard: it follows the playhead, and shuts when the sound stops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mia.avatar.lipsync import SHUT, LipSync, MouthShape, ReplyMouth
from mia.avatar.loudness import VoiceLevel
from mia.avatar.motion import Glide, eased
from mia.telemetry import events as facts

Playhead = Callable[[], tuple[str, float] | None]

#: A mouth whose sound was taken away is shut within this.
SHUTTING = 0.07
#: Somebody speaks over her: she is lower, and opens her mouth less.
DUCKED = 0.7
DUCKING = 0.08
#: Replies whose sound is kept; a new one is told before the old one is over.
KEPT = 2


@dataclass(frozen=True, slots=True)
class Said:
    """The mouth at one moment. heard: seconds of the reply's sound, None while none is heard.
    voice: how loud she is over a few syllables, 0 … 1."""

    shape: MouthShape = SHUT
    reply: str = ""
    heard: float | None = None
    voice: float = 0.0


class Mouth:
    """Told of the conversation's facts; asked for moments of the loop's time."""

    def __init__(
        self, lipsync: LipSync, playhead: Playhead, language: Callable[[str], str]
    ) -> None:
        self._lipsync = lipsync
        self._playhead = playhead
        self._language = language
        self._level = VoiceLevel()
        self._replies: dict[str, ReplyMouth] = {}
        self._paused = False
        self._volume = Glide(1.0)
        self._last: tuple[str, float, float] = ("", 0.0, 0.0)
        """The reply, the second of it, and the loop's time of the newest moment heard."""
        self._stopped: tuple[float, MouthShape] = (0.0, SHUT)
        """When the sound was taken away, and the mouth it left."""

    # ── facts ────────────────────────────────────────────────────────────────────────────────

    def tell(self, event: facts.Event) -> None:
        match event:
            case facts.SoundPlaced():
                self._reply(event.reply).sound(event)
            case facts.SegmentPlaced():
                self._reply(event.reply).segment(event)
            case facts.Paused():
                self._stop(event.at, event.reply)
                self._paused = True
            case facts.Unducked():
                self._paused = False
                self._volume.to(event.at, 1.0, DUCKING)
            case facts.Ducked():
                self._volume.to(event.at, DUCKED, DUCKING)
            case facts.ReplyEnded():
                self._stop(event.at, event.reply)
                self._replies.pop(event.reply, None)
                self._paused = False
                self._volume.to(event.at, 1.0, DUCKING)
            case _:
                pass

    def _reply(self, reply: str) -> ReplyMouth:
        known = self._replies.get(reply)
        if known is None:
            known = ReplyMouth(self._lipsync, self._level, self._language)
            self._replies[reply] = known
            while len(self._replies) > KEPT:
                del self._replies[next(iter(self._replies))]
        return known

    def _stop(self, at: float, reply: str) -> None:
        """The sound is gone from here on: the mouth shuts from what it was."""
        known = self._replies.get(reply)
        last, heard, when = self._last
        if known is None or last != reply or self._paused:
            return
        if at - when > 0.5:  # nobody has looked for a while: nothing to shut
            return
        now = known.at(heard + at - when).scaled(self._volume.value(at))
        self._stopped = (at, now)

    # ── moments ──────────────────────────────────────────────────────────────────────────────

    @property
    def paused(self) -> bool:
        return self._paused

    def at(self, at: float, now: float) -> Said:
        """The mouth at loop time `at`; `now` is the loop's time, for which the playhead is."""
        playing = None if self._paused else self._playhead()
        if playing is None or playing[1] <= 0:
            return Said(self._shutting(at))
        reply, heard = playing[0], playing[1] + (at - now)
        known = self._replies.get(reply)
        if known is None or heard >= known.loudness.seconds:
            return Said(self._shutting(at), reply)
        self._last = (reply, heard, at)
        shape = known.at(heard).scaled(self._volume.value(at))
        return Said(shape, reply, heard, known.loudness.slowly(heard))

    def shutting(self, at: float) -> bool:
        return at - self._stopped[0] < SHUTTING and self._stopped[1] is not SHUT

    def _shutting(self, at: float) -> MouthShape:
        since, shape = self._stopped
        return shape.scaled(1 - eased((at - since) / SHUTTING))
