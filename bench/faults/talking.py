"""Faults of mind, voice, ears and what carries the sound, on the virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from unittest import mock

from bench.faults.broken import BrokenLlm, BrokenStt, BrokenTts, DeafDetector
from bench.faults.outcome import Outcome
from bench.faults.scene import Scene
from mia.conversation import Conversation
from tests.support.fakes import FakeLlm, FakeLoudspeaker, FakeStt, FakeTts

Play = Callable[[], Outcome]
ALWAYS = range(1, 10_000)


def mind(fault: str, how: str, *, gone: bool = False, other: bool = False) -> Play:
    """gone: it stays broken. other: there is a fallback."""

    def play() -> Outcome:
        scene = Scene("mind", fault)
        broken = BrokenLlm(how=how, strike=scene.strike, calls=ALWAYS if gone else range(1, 2))
        scene.llms = [("main", broken), *([("other", FakeLlm())] if other else [])]
        return scene.play()

    return play


def voice(
    fault: str, how: str, broken: Callable[[int], bool], *, other: bool = True, turns: int = 3
) -> Play:
    def play() -> Outcome:
        scene = Scene("voice", fault, turns=turns)
        part = BrokenTts(how=how, strike=scene.strike, broken=broken)
        scene.voices = [("main", part), *([("other", FakeTts())] if other else [])]
        return scene.play()

    return play


def ears(fault: str, how: str, *, other: bool, heals: bool = True) -> Play:
    def play() -> Outcome:
        scene = Scene("ears", fault, spoken=True, turns=4)
        part = BrokenStt(how=how, strike=scene.strike, heals=heals)
        scene.ears = [("main", part), *([("other", FakeStt())] if other else [])]
        return scene.play()

    return play


def detector() -> Outcome:
    scene = Scene("ears", "turn detector hangs", spoken=True)
    scene.turn_detector = DeafDetector(scene.strike)
    return scene.play()


def warm_up() -> Outcome:
    scene = Scene("mind", "out of memory while it reads ahead")
    scene.llms = [
        ("main", BrokenLlm(how="dies", strike=scene.strike, calls=range(0), warm_too=True))
    ]
    return scene.play()


def tab_closed() -> Outcome:
    """The loudspeaker is gone in mid-reply, another one comes 2 s later."""

    def during(conversation: Conversation, speaker: FakeLoudspeaker, scene: Scene) -> None:
        scene.strike()
        conversation.detach(speaker)
        scene.speaker = FakeLoudspeaker()
        asyncio.get_running_loop().call_later(2.0, conversation.attach, scene.speaker)

    return Scene("page", "tab closed in mid-reply, back after 2 s", during=during).play()


def clock_jumps() -> Outcome:
    """Calendar time goes a day back and a year on in mid-reply; the loop's time does not."""
    moments = iter([1.7e9, 1.7e9 - 86_400, 1.7e9 + 31_536_000])
    latest = [1.7e9]

    def jumping() -> float:
        latest[0] = next(moments, latest[0] + 3600)
        return latest[0]

    def during(_c: Conversation, _s: FakeLoudspeaker, scene: Scene) -> None:
        scene.strike()

    with mock.patch("time.time", jumping):
        return Scene("clock", "calendar time jumps back and on", during=during).play()


FAULTS: dict[str, Play] = {
    "llm_dies": mind("server dies, and is back", "dies"),
    "llm_gone": mind("server dies for good, another is configured", "dies", gone=True, other=True),
    "llm_hangs": mind("hangs before the first word, another is configured", "hangs", other=True),
    "llm_hangs_alone": mind("hangs before the first word, no other", "hangs"),
    "llm_hangs_midway": mind("hangs in mid-reply", "hangs midway", other=True),
    "llm_garbage": mind("sends garbage", "garbage"),
    "llm_mid_token": mind("closes in mid-token", "dies midway"),
    "llm_no_memory": mind("out of memory", "no memory", gone=True, other=True),
    "llm_no_memory_alone": mind("out of memory once, no other", "no memory"),
    "llm_mistake": mind("a plugin's own fault", "mistake", gone=True, other=True),
    "llm_warm_up": warm_up,
    "tts_one_segment": voice("fails on one segment", "fails", lambda call: call == 3),
    "tts_one_segment_alone": voice(
        "fails on one segment, no other", "fails", lambda call: call == 3, other=False
    ),
    "tts_all": voice("fails on every segment", "fails", lambda call: call >= 3),
    "tts_all_alone": voice(
        "fails for a whole reply, no other", "fails", lambda call: 3 <= call <= 5, other=False
    ),
    "tts_slow": voice("8 s late with a segment", "slow", lambda call: call == 3),
    "tts_hangs": voice("hangs", "hangs", lambda call: call >= 3),
    "tts_hangs_alone": voice(
        "hangs on one segment, no other", "hangs", lambda call: call == 3, other=False
    ),
    "tts_silence": voice("gives no sound at all", "silence", lambda call: call >= 3),
    "tts_zeros": voice("gives a second of digital silence", "zeros", lambda call: call == 3),
    "tts_no_memory": voice("out of memory", "no memory", lambda call: call >= 3),
    "stt_hangs": ears("hangs, another is configured", "hangs", other=True, heals=False),
    "stt_hangs_alone": ears("hangs, no other", "hangs", other=False),
    "stt_fails": ears("fails, another is configured", "fails", other=True),
    "stt_no_memory": ears("out of memory, another is configured", "no memory", other=True),
    "turn_detector_hangs": detector,
    "tab_closed": tab_closed,
    "clock_jumps": clock_jumps,
}
