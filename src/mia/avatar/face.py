"""Her face: what it does at any moment, for whoever shows it.

It is pulled, not pushed: an output asks for the moment it is about to show, so that a slow one has
nothing to catch up with and a late one may ask a little ahead. Facts on the bus change what is to
come; nothing here runs by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from mia.avatar import expressions as looks
from mia.avatar.body import Breath, Head
from mia.avatar.expressions import Expressing
from mia.avatar.eyes import Attention, Gaze, Lids
from mia.avatar.frame import NOTHING, Frame
from mia.avatar.lipsync import LipSync
from mia.avatar.motion import Glide, eased
from mia.avatar.mouth import Mouth, Playhead, Said
from mia.telemetry import events as facts
from mia.telemetry.events import EventBus

#: Moments are told apart to this many a second; all who ask within one get the same frame.
TICKS = 240
#: Frames that are remembered for that.
REMEMBERED = 32
#: She looks as if she thought only when the answer takes longer than this.
THINKS_AFTER = 0.35
#: A look is shown so long before its word is heard: a face is faster than a tongue.
LOOK_LEAD = 0.05
#: A look that was missed (sound jumps) by more than this is not shown any more.
STALE = 1.0

_ATTENTION: Mapping[str, Attention] = {
    "idle": "idle",
    "listening": "listening",
    "pausing": "listening",
    "committed": "thinking",
    "speaking": "speaking",
    "ducked": "listening",
}


@dataclass(slots=True)
class _Cue:
    reply: str
    sequence: int
    number: int
    name: str
    due: float
    shown: bool = False


class LiveFace:
    """Implements `Face` for one conversation.

    playhead: the conversation's own. seed: the same one gives the same blinks and glances; None:
    others every time. lipsync: how the mouth follows sound. language: of a text, for voices that
    tell words only. clock: the loop's time, by default the running one's.
    """

    def __init__(
        self,
        bus: EventBus,
        playhead: Playhead,
        *,
        seed: int | None,
        conversation: str,
        lipsync: LipSync | None = None,
        language: Callable[[str], str] | None = None,
        linger: float = looks.LINGER,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._clock = clock or asyncio.get_running_loop().time
        self._conversation = conversation
        self._playhead = playhead
        self._linger = linger
        random = Random(seed)
        now = self._clock()
        self._mouth = Mouth(
            lipsync or LipSync(), lambda: self._playhead(), language or (lambda _text: "es")
        )
        self._lids = Lids(Random(random.random()), now)
        self._gaze = Gaze(Random(random.random()), now)
        self._head = Head(Random(random.random()))
        self._breath = Breath(Random(random.random()))
        self._eyelids = Glide(0.0)
        self._expressing = Expressing()
        self._cues: list[_Cue] = []
        self._attention: Attention = "idle"
        self._resting = False
        self._has_sound = ""
        """The reply that has sound already."""
        self._frames: dict[int, Frame] = {}
        self._leave = bus.listen(self._tell)

    def follow(self, conversation: str, playhead: Playhead) -> None:
        """Be the face of this conversation from now on, for instance of a call."""
        self._conversation, self._playhead = conversation, playhead
        self._frames.clear()

    def close(self) -> None:
        """Listen no more."""
        self._leave()

    def feel(self, expression: str, seconds: float) -> None:
        """Show an expression for so long, whatever is being said."""
        now = self._clock()
        self._expressing.show(now, expression)
        self._expressing.calm(now, seconds)
        self._frames.clear()

    # ── facts ────────────────────────────────────────────────────────────────────────────────

    def _tell(self, event: facts.Event) -> None:
        if event.conversation != self._conversation:
            return
        self._mouth.tell(event)
        match event:
            case facts.PhaseChanged():
                self._phase(event)
            case facts.ModeChanged():
                self._rest(event.at, event.paused)
            case facts.SoundPlaced():
                self._has_sound = event.reply
            case facts.SegmentPlaced():
                self._cue(event)
            case facts.ReplyText() if self._has_sound != event.reply:
                self._breath.draw(event.at)
                self._gaze.at_viewer(event.at)
            case facts.PlaybackStarted() | facts.FillerStarted():
                self._breath.let_go(event.at)
            case facts.ReplyEnded():
                self._over(event)
            case _:
                return
        self._frames.clear()

    def _phase(self, event: facts.PhaseChanged) -> None:
        attention = _ATTENTION[event.phase]
        if event.phase == "pausing":
            self._head.nod(event.at)
        if attention != self._attention:
            self._attend(event.at, attention)

    def _attend(self, at: float, attention: Attention) -> None:
        self._attention = attention
        shown: Attention = "resting" if self._resting else attention
        delay = THINKS_AFTER if shown == "thinking" else 0.0
        self._lids.attend(at, shown)
        self._gaze.attend(at, shown, delay)
        self._head.attend(at, shown, delay)

    def _rest(self, at: float, resting: bool) -> None:
        """Paused by her people: eyes shut, until she is wanted again."""
        if resting != self._resting:
            self._resting = resting
            self._eyelids.to(at, 1.0 if resting else 0.0, 0.6 if resting else 0.3)
            self._attend(at, self._attention)

    def _cue(self, event: facts.SegmentPlaced) -> None:
        """A clause's looks, told anew with each piece of its sound."""
        others, shown = [], set()
        for cue in self._cues:
            if (cue.reply, cue.sequence) != (event.reply, event.sequence):
                others.append(cue)
            elif cue.shown:
                shown.add(cue.number)
        told = (
            _Cue(event.reply, event.sequence, number, name, due, number in shown)
            for number, (name, due) in enumerate(event.cues)
        )
        self._cues = [*others, *told]

    def _over(self, event: facts.ReplyEnded) -> None:
        complete = event.status == "completed"
        if complete:
            # A look after the last word is still hers to have.
            for cue in self._cues:
                if cue.reply == event.reply and not cue.shown:
                    self._expressing.show(event.at, cue.name)
            self._lids.blink_soon(event.at + 0.1)
        self._cues = [cue for cue in self._cues if cue.reply != event.reply]
        self._breath.let_go(event.at)
        self._expressing.calm(event.at, self._linger if complete else 0.0)

    # ── moments ──────────────────────────────────────────────────────────────────────────────

    def frame(self, at: float) -> Frame:
        """The face at loop time `at`, now or a little ahead."""
        tick = round(at * TICKS)
        frame = self._frames.get(tick)
        if frame is None:
            frame = self._frames[tick] = self._compose(tick / TICKS)
            if len(self._frames) > REMEMBERED:
                del self._frames[next(iter(self._frames))]
        return frame

    @property
    def lively(self) -> bool:
        """Whether much moves now or within the next 0.3 s."""
        now = self._clock()
        return (
            self._mouth.at(now, now).heard is not None
            or self._mouth.shutting(now)
            or self._attention in ("thinking", "speaking")
            or self._lids.busy(now)
            or self._gaze.busy(now)
            or self._head.moving(now)
            or self._breath.moving(now)
            or self._eyelids.moving(now)
            or self._expressing.moving(now)
        )

    def _compose(self, at: float) -> Frame:
        said = self._mouth.at(at, self._clock())
        self._show_due(said, at)
        weights = self._expressing.weights(at)
        look = looks.blended(weights)
        gaze_x, gaze_y = self._gaze.at(at)
        yaw, pitch, roll, brows = self._head.at(at, said.voice, self._gaze.head(at))
        left, right = self._open(at, look, weights)
        shape = said.shape
        rounded = 1 - 0.6 * abs(min(shape.form, 0.0))
        speaking = said.heard is not None
        if speaking and weights:
            weights = {name: weight * looks.WHILE_SPEAKING for name, weight in weights.items()}
        return Frame(
            at=at,
            speaking=speaking,
            mouth_open=shape.open if speaking else max(shape.open, look.parted),
            mouth_form=_within(shape.form + look.smile * rounded),
            vowels=shape.vowels,
            viseme=shape.viseme,
            eye_open_left=left,
            eye_open_right=right,
            gaze_x=_within(gaze_x + look.gaze_x),
            gaze_y=_within(gaze_y + look.gaze_y),
            head_yaw=yaw + look.yaw,
            head_pitch=pitch + look.pitch + 0.5 * self._breath.at(at),
            head_roll=roll + look.roll,
            brows=_within(brows + look.brows),
            breath=self._breath.at(at),
            expressions=weights or NOTHING,
        )

    def _show_due(self, said: Said, at: float) -> None:
        """Begin the looks whose word is heard now."""
        if said.heard is None:
            return
        for cue in self._cues:
            if cue.reply == said.reply and not cue.shown and cue.due <= said.heard + LOOK_LEAD:
                cue.shown = True
                if said.heard - cue.due < STALE:
                    self._expressing.show(at, cue.name)

    def _open(
        self, at: float, look: looks.Look, weights: Mapping[str, float]
    ) -> tuple[float, float]:
        """Both eyes. A smile has shut them in part already; a blink takes what is left."""
        shut = self._lids.shut(at) * (1 - look.squint)
        both = (1 - look.lids) * (1 - shut) * (1 - self._eyelids.value(at))
        left = both
        if "wink" in weights:
            into = self._expressing.since("wink", at)
            left *= 1 - eased(into / 0.09) * (1 - eased((into - looks.WINK) / 0.15))
        return max(left, 0.0), max(both, 0.0)


def _within(value: float) -> float:
    return min(max(value, -1.0), 1.0)
