"""The whole face in a whole conversation, on the virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from mia.avatar import expressions
from mia.avatar.face import LiveFace
from mia.avatar.frame import Frame
from mia.conversation import Conversation, Mouth, Parts
from mia.conversation.ports import PLAYING_RATE, Phoneme, Sound, Word
from mia.telemetry import events as facts
from mia.telemetry.events import Event, EventBus
from mia.voice import VoiceWording
from mia.voice.cues import folded
from tests.avatar.talk import tone
from tests.support import virtual
from tests.support.fakes import FakeLoudspeaker, Fakes, FakeVad, same

WORD = 0.3


class SpellingTts:
    """0.3 s a word, each of them an `a` between two `m`."""

    def __init__(self, takes: float = 0.1) -> None:
        self.takes = takes

    async def stream(self, text: str, *, language: str) -> AsyncGenerator[Sound, None]:
        await asyncio.sleep(self.takes)
        words, phonemes, at = [], [], 0
        for number, word in enumerate(text.split()):
            start = text.index(word, at)
            at = start + len(word)
            begin = number * WORD
            words.append(Word(start, at, begin, begin + WORD))
            phonemes += [
                Phoneme("m", begin, begin + 0.08),
                Phoneme("a", begin + 0.08, begin + WORD),
            ]
        yield Sound(tone(len(words) * WORD), PLAYING_RATE, tuple(words), tuple(phonemes))

    async def aclose(self) -> None: ...


@dataclass
class Seen:
    frames: list[Frame] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def first(self, kind: type) -> Event:
        return next(event for event in self.events if isinstance(event, kind))

    def at(self, seconds: float) -> Frame:
        return min(self.frames, key=lambda frame: abs(frame.at - seconds))


def talk(
    reply: str,
    *,
    until: float = 8.0,
    takes: float = 0.1,
    voices: tuple[tuple[float, float], ...] = (),
    calls: tuple[tuple[float, Callable[[Conversation], object]], ...] = (),
    seed: int = 1,
) -> Seen:
    """She answers a typed message at 0.5 s; her face is looked at 60 times a second."""
    seen = Seen()
    fakes = Fakes()
    fakes.llm.reply = reply
    tags = {folded(tag): name for tag, name in expressions.tags().items()}

    async def main() -> None:
        bus = EventBus()
        bus.listen(seen.events.append)
        parts = Parts(
            mouth=Mouth(fakes.llm, SpellingTts(takes), VoiceWording(tags=tags), same),
            stt=fakes.stt,
            turn_detector=None,
            voice_detector=FakeVad,
            system_prompt=lambda _language: "",
        )
        conversation = Conversation("c", parts, bus)
        conversation.attach(FakeLoudspeaker())
        face = LiveFace(bus, lambda: conversation.playhead, seed=seed, conversation="c")
        loop = asyncio.get_running_loop()

        async def script() -> None:
            await asyncio.sleep(0.5 - loop.time())
            conversation.type("?")
            for when, call in calls:
                await asyncio.sleep(when - loop.time())
                call(conversation)

        async def microphone() -> None:
            for number in range(int(until * 50)):
                await asyncio.sleep((number + 1) / 50 - loop.time())
                loud = any(begin <= number / 50 < end for begin, end in voices)
                conversation.hear(np.full(320, 0.5 if loud else 0.0, np.float32))

        async with asyncio.TaskGroup() as group:
            life = [group.create_task(conversation.run()), group.create_task(script())]
            if voices:
                group.create_task(microphone())
            for number in range(int(until * 60)):
                await asyncio.sleep(max(0.0, number / 60 - loop.time()))
                seen.frames.append(face.frame(loop.time()))
            for task in life:
                task.cancel()
        face.close()

    virtual.run(main())
    return seen


def test_a_look_is_shown_at_the_word_it_stands_before() -> None:
    seen = talk("Uno dos tres, cuatro [joy] cinco seis siete ocho.")
    began = seen.first(facts.PlaybackStarted).at
    shown = next(frame.at for frame in seen.frames if frame.expressions.get("joy", 0) > 0)
    assert abs(shown - (began + 4 * WORD)) <= 0.1


def test_a_look_without_a_word_after_it_is_shown_at_the_end() -> None:
    seen = talk("Uno dos tres cuatro. [sad]")
    ended = seen.first(facts.ReplyEnded).at
    shown = next(frame.at for frame in seen.frames if frame.expressions.get("sad", 0) > 0)
    assert abs(shown - ended) <= 0.1


def test_the_segment_carries_its_cues_and_no_tag() -> None:
    seen = talk("[alegría]\nUno dos tres, cuatro *se ríe* cinco seis.")
    placed = [event for event in seen.events if isinstance(event, facts.SegmentPlaced)]
    cues = [cue for event in placed for cue in event.cues]
    assert [name for name, _ in cues] == ["joy", "joy"]
    assert [at for _, at in cues] == [0.0, pytest.approx(4 * WORD)]
    assert all(event.text and not set("[]*") & set(event.text) for event in placed)


def test_a_look_that_was_not_reached_is_never_shown() -> None:
    seen = talk(
        "Uno dos tres, cuatro cinco seis siete ocho [angry] nueve diez once.",
        calls=((2.0, lambda c: c.stop()),),
    )
    assert not any(frame.expressions for frame in seen.frames)


def test_looks_leave_mouth_and_lids_their_own() -> None:
    seen = talk("[joy] Uno dos tres cuatro cinco seis siete ocho nueve diez once doce.")
    spoken = [frame for frame in seen.frames if frame.speaking and frame.expressions]
    assert max(frame.expressions["joy"] for frame in spoken) <= 0.8
    assert max(frame.mouth_open for frame in spoken) > 0.6
    assert min(frame.mouth_open for frame in spoken) < 0.1
    assert min(frame.eye_open_left for frame in spoken) < 0.4, "she still blinks"


def test_one_eye_winks() -> None:
    seen = talk("[wink] Uno dos tres cuatro cinco seis.")
    winks = [f for f in seen.frames if f.eye_open_left < 0.1 and f.eye_open_right > 0.9]
    assert 0.2 < len(winks) / 60 < 0.7


def test_the_mouth_is_shut_soon_after_somebody_interrupts() -> None:
    seen = talk("Uno dos tres, cuatro cinco seis siete ocho nueve diez.", voices=((2.0, 4.0),))
    gone = seen.first(facts.Paused).at
    assert any(frame.mouth_open > 0.3 for frame in seen.frames if gone - 0.2 < frame.at < gone)
    after = [frame for frame in seen.frames if gone + 0.12 < frame.at < 4.0]
    assert all(frame.mouth_open < 0.05 for frame in after)


def test_she_breathes_in_before_a_first_word_that_is_late() -> None:
    seen = talk("Uno dos tres.", takes=1.5)
    began = seen.first(facts.PlaybackStarted).at
    assert seen.at(began - 0.05).breath > 0.95
    assert not seen.at(began - 0.05).speaking


def test_she_looks_as_if_she_thought_when_the_answer_takes_long() -> None:
    seen = talk("Uno dos tres.", takes=3.0)
    committed = seen.first(facts.PhaseChanged).at
    assert seen.at(committed + 0.3).gaze_y < 0.2
    thought = [f.gaze_y for f in seen.frames if committed + 0.5 < f.at < committed + 2.5]
    assert max(thought) > 0.3


def test_the_same_seed_gives_the_same_face() -> None:
    reply = "[joy] Uno dos tres, cuatro."
    assert talk(reply, until=4.0).frames == talk(reply, until=4.0).frames
    assert talk(reply, until=4.0).frames != talk(reply, until=4.0, seed=2).frames


class Still:
    """A face without a conversation, and a clock to set."""

    def __init__(self) -> None:
        self.now = 0.0
        self.bus = EventBus()
        self.face = LiveFace(
            self.bus, lambda: None, seed=1, conversation="c", clock=lambda: self.now
        )


def test_everybody_who_asks_for_a_moment_gets_the_same_frame() -> None:
    still = Still()
    assert still.face.frame(1.0) is still.face.frame(1.0)
    assert still.face.frame(1.0001) is still.face.frame(1.0)


def test_what_others_say_moves_nothing() -> None:
    still, other = Still(), Still()
    still.bus.publish(
        facts.PhaseChanged(at=0.1, conversation="d", phase="listening", before="idle")
    )
    assert still.face.frame(3.0) == other.face.frame(3.0)


def test_it_is_lively_about_a_blink_and_not_in_between() -> None:
    still = Still()
    lively, shut = [], []
    for number in range(60 * 60):
        still.now = number / 60
        lively.append(still.face.lively)
        shut.append(still.face.frame(still.now).eye_open_left < 0.9)
    assert all(lively[k] for k in range(len(shut)) if shut[k])
    assert not all(lively)
    begins = [k for k in range(1, len(shut)) if shut[k] and not shut[k - 1]]
    assert all(lively[k - 6] for k in begins if k > 6), "and shortly before"


def test_paused_she_rests_her_eyes() -> None:
    still = Still()
    still.bus.publish(
        facts.ModeChanged(at=1.0, conversation="c", mode="hands-free", muted=False, paused=True)
    )
    assert still.face.frame(3.0).eye_open_left == pytest.approx(0)
    still.bus.publish(
        facts.ModeChanged(at=5.0, conversation="c", mode="hands-free", muted=False, paused=False)
    )
    assert max(still.face.frame(at).eye_open_left for at in (6.0, 6.5)) > 0.9


def test_a_closed_face_listens_no_more() -> None:
    still = Still()
    before = still.face.frame(3.0)
    still.face.close()
    still.bus.publish(
        facts.PhaseChanged(at=0.1, conversation="c", phase="listening", before="idle")
    )
    assert still.face.frame(3.0) == before


def test_everything_stays_within_its_limits() -> None:
    seen = talk("[surprised] Uno dos tres, cuatro cinco seis. [shy] Siete ocho nueve diez once.")
    for frame in seen.frames:
        for name in ("mouth_open", "eye_open_left", "eye_open_right", "breath"):
            assert 0 <= getattr(frame, name) <= 1, name
        for name in ("mouth_form", "gaze_x", "gaze_y", "brows"):
            assert -1 <= getattr(frame, name) <= 1, name
        assert abs(frame.head_yaw) < 20
        assert abs(frame.head_pitch) < 15
        assert abs(frame.head_roll) < 15
