"""Her voice on its way into the call: every sample once, in order, and silence at once."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

import numpy as np

from mia.channels.discord.rtp import SILENCE
from mia.channels.discord.sender import LINGER, SpeakingSource, prompt_threads
from mia.conversation.ports import PLAYING_RATE, Block
from tests.support.discord.opus import RATE, decode, pitch

BLOCK = PLAYING_RATE // 50


def with_source(
    story: Callable[[SpeakingSource, list[str], list[tuple[str, float]]], None],
) -> None:
    """started: one entry each time the player is set going. heard: what was reported."""

    async def main() -> None:
        started: list[str] = []
        heard: list[tuple[str, float]] = []
        source = SpeakingSource(
            lambda: started.append("on"), lambda reply, s: heard.append((reply, s))
        )
        story(source, started, heard)
        await asyncio.sleep(0)

    asyncio.run(main())


def speak(source: SpeakingSource, seconds: float, reply: str = "r1", level: float = 0.3) -> None:
    at = np.arange(int(seconds * PLAYING_RATE), dtype=np.float32) / PLAYING_RATE
    sound = (level * np.sin(2 * np.pi * 300 * at)).astype(np.float32)
    for begin in range(0, len(sound), BLOCK):
        source.play(Block(reply, begin, sound[begin : begin + BLOCK]))


def drained(source: SpeakingSource) -> list[bytes]:
    """Every frame until the player is told to rest."""
    frames = []
    while frame := source.read():
        frames.append(frame)
    return frames


def test_all_of_it_is_sent_and_then_the_player_rests() -> None:
    def story(source: SpeakingSource, started: list[str], _heard: list[tuple[str, float]]) -> None:
        speak(source, 1.0)
        frames = drained(source)
        assert started == ["on"]
        assert frames[-LINGER:] == [SILENCE] * LINGER
        sound = decode(frame for frame in frames if frame != SILENCE)
        assert abs(len(sound) / RATE - 1.0) <= 0.04
        assert abs(pitch(sound) - 300) < 6

    with_source(story)


def test_the_next_sound_sets_the_player_going_again() -> None:
    def story(source: SpeakingSource, started: list[str], _heard: list[tuple[str, float]]) -> None:
        speak(source, 0.1)
        drained(source)
        speak(source, 0.1, "r2")
        assert started == ["on", "on"]

    with_source(story)


def test_hushed_she_is_silent_within_one_frame() -> None:
    def story(source: SpeakingSource, _started: list[str], heard: list[tuple[str, float]]) -> None:
        speak(source, 1.0)
        for _ in range(10):
            source.read()
        source.hush()
        after = drained(source)
        assert len([frame for frame in after if frame != SILENCE]) == 1
        reply, seconds = heard[-1]
        assert reply == "r1"
        assert 0.2 <= seconds <= 0.22

    with_source(story)


def test_what_was_sent_is_reported_as_heard() -> None:
    async def main() -> None:
        heard: list[tuple[str, float]] = []
        source = SpeakingSource(lambda: None, lambda reply, s: heard.append((reply, s)))
        speak(source, 1.0)
        for _ in range(25):
            source.read()
        await asyncio.sleep(0)
        assert [reply for reply, _ in heard] == ["r1"] * 5
        assert [round(seconds, 2) for _, seconds in heard] == [0.1, 0.2, 0.3, 0.4, 0.5]

    asyncio.run(main())


def test_ducked_she_is_softer() -> None:
    def story(source: SpeakingSource, _started: list[str], _heard: list[tuple[str, float]]) -> None:
        speak(source, 1.0)
        loud = decode(source.read() for _ in range(20))
        source.duck(0.125, 0.02)
        soft = decode(source.read() for _ in range(20))
        assert float(np.abs(soft[-4000:]).max()) < 0.3 * float(np.abs(loud[-4000:]).max())

    with_source(story)


def test_the_player_waits_less_for_busy_threads_while_she_is_on_discord() -> None:
    before = sys.getswitchinterval()
    with prompt_threads():
        assert sys.getswitchinterval() < before
    assert sys.getswitchinterval() == before
