"""What goes wrong in Discord voice: each trap that others fell into, sprung on MIA's ears.

The traps, and who fell into them, are listed in docs/decisions; here the pretend Discord does to
MIA what the real one did to them. Everybody speaks a tone of their own, so that who was heard is
plain in the sound.
"""

from __future__ import annotations

import asyncio
from typing import Any

import discord as discord_py
import pytest

from mia.channels.discord import voice_client
from mia.channels.discord.counts import DEAF_SECONDS, Health
from tests.channels.discord.ears import listening
from tests.support.discord import Discord, LibdaveSession
from tests.support.discord.dave import DaveySession, Group
from tests.support.discord.opus import encode, tone

ANA, BEN, CYD = 440.0, 880.0, 660.0
#: Seconds between frames: faster than talk, so that the tests are.
FAST = 0.005
HALF = 25
"""Frames of half a second."""


def near(hertz: float) -> object:
    return pytest.approx(hertz, abs=6)


# ── 1: deaf after a change of keys ───────────────────────────────────────────────────────────


def test_nobody_is_lost_when_somebody_comes_in_while_others_talk() -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana, ben = await discord.join("Ana"), await discord.join("Ben")
            async with listening(discord) as ears:
                async with asyncio.TaskGroup() as talk:
                    talk.create_task(ana.say(tone(ANA, 0.8)))
                    talk.create_task(ben.say(tone(BEN, 0.8)))
                    await ears.until_heard(ana, 10)
                    epoch = discord.voice.group.epoch
                    cyd = await discord.join("Cyd")
                    talk.create_task(cyd.say(tone(CYD, 0.4)))
                assert discord.voice.group.epoch == epoch + 1
                for person, hertz in ((ana, ANA), (ben, BEN), (cyd, CYD)):
                    await ears.until_heard(person, person.sent)
                    assert ears.pitch(person) == near(hertz)
                assert not ears.receiver.counts.dropped

    asyncio.run(story())


def test_nobody_is_lost_when_somebody_leaves_while_others_talk() -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana, ben = await discord.join("Ana"), await discord.join("Ben")
            cyd = await discord.join("Cyd", encryption=LibdaveSession)
            async with listening(discord) as ears:
                async with asyncio.TaskGroup() as talk:
                    talk.create_task(ana.say(tone(ANA, 0.6)))
                    talk.create_task(cyd.say(tone(CYD, 0.6)))
                    await ears.until_heard(ana, 5)
                    await discord.leave(ben)
                for person, hertz in ((ana, ANA), (cyd, CYD)):
                    await ears.until_heard(person, person.sent)
                    assert ears.pitch(person) == near(hertz)
                assert not ears.receiver.counts.dropped

    asyncio.run(story())


def test_mia_makes_the_commit_herself_when_she_was_there_first() -> None:
    async def story() -> None:
        async with Discord() as discord, listening(discord) as ears:
            ana = await discord.join("Ana")
            await ana.say(tone(ANA, 0.4), pace=FAST)
            await ears.until_heard(ana, ana.sent)
            assert ears.voice.voice_privacy_code is not None
            assert ears.pitch(ana) == near(ANA)

    asyncio.run(story())


def test_she_hears_on_after_the_call_has_moved_to_another_server_with_other_keys() -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with listening(discord) as ears:
                await ana.say(tone(ANA, 0.3), pace=FAST)
                await ears.until_heard(ana, ana.sent)
                old = discord.voice.here.key
                await discord.move_server()
                await discord.bot_joined()
                assert discord.voice.here.key != old
                ears.frames.clear()
                await ana.say(tone(CYD, 0.3), pace=FAST)
                await ears.until_heard(ana, 15)
                assert ears.pitch(ana) == near(CYD)

    asyncio.run(story())


class Replaced:
    """Another session object with the keys of the one before; the first `closed` frames it does
    not open, as while the keys are on their way."""

    def __init__(self, before: Any, closed: int = 0) -> None:
        self._before = before
        self._closed = closed
        self.opened = 0

    def decrypt(self, *frame: Any) -> bytes:
        if self._closed:
            self._closed -= 1
            raise ValueError("DecryptionFailed(NoValidCryptorFound)")
        self.opened += 1
        return bytes(self._before.decrypt(*frame))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._before, name)


def test_she_asks_the_session_there_is_now_and_no_copy_of_an_earlier_one() -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with listening(discord) as ears:
                await ana.say(tone(ANA, 0.3), pace=FAST)
                await ears.until_heard(ana, ana.sent)
                connection = ears.voice._connection
                session = Replaced(connection.dave_session)
                connection.dave_session = session  # type: ignore[assignment]
                await ana.say(tone(ANA, 0.3), pace=FAST)
                await ears.until_heard(ana, ana.sent)
                assert session.opened > 0

    asyncio.run(story())


@pytest.mark.parametrize("code", [4006, 4015])
def test_she_hears_on_after_her_voice_connection_broke(
    code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # discord.py waits a random time, up to a second, before it tries again.
    monkeypatch.setattr(discord_py.backoff.ExponentialBackoff, "delay", lambda _self: 0.01)

    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with listening(discord) as ears:
                first = discord.voice.here
                await first.close(code)
                await discord.until(lambda: discord.voice.client is not first)
                await discord.bot_joined()
                await ears.voice._connection.wait_async(10)
                await ana.say(tone(ANA, 0.3), pace=FAST)
                await ears.until_heard(ana, 10)
                assert ears.pitch(ana) == near(ANA)

    asyncio.run(story())


# ── 2: packets of nobody known ───────────────────────────────────────────────────────────────


def test_what_came_before_discord_told_whose_it_was_is_heard_whole_and_in_order() -> None:
    async def story() -> None:
        async with Discord(dave=0) as discord:
            ana, ben = [await discord.join(name, announces=False) for name in ("Ana", "Ben")]
            async with listening(discord) as ears:
                async with asyncio.TaskGroup() as talk:
                    talk.create_task(ana.say(tone(ANA, 0.5), pace=FAST))
                    talk.create_task(ben.say(tone(BEN, 0.5), pace=FAST))
                assert not any(ears.frames.values()), "somebody was guessed"
                for person, hertz in ((ana, ANA), (ben, BEN)):
                    await discord.voice.speaking(person)
                    await ears.until_heard(person, person.sent)
                    assert ears.pitch(person) == near(hertz)

    asyncio.run(story())


def test_only_the_newest_two_seconds_of_an_unknown_voice_are_kept() -> None:
    async def story() -> None:
        async with Discord(dave=0) as discord:
            ana, _ben = [await discord.join(name, announces=False) for name in ("Ana", "Ben")]
            async with listening(discord) as ears:
                await ana.say(tone(ANA, 3.0), pace=0.001)
                await ears.until(lambda: ears.receiver.counts.dropped["unknown"] >= 50)
                await discord.voice.speaking(ana)
                await ears.until(lambda: ears.receiver.counts.replayed == 100)

    asyncio.run(story())


def test_one_person_alone_needs_no_telling() -> None:
    async def story() -> None:
        async with Discord(dave=0) as discord:
            ana = await discord.join("Ana", announces=False)
            async with listening(discord) as ears:
                await ana.say(tone(ANA, 0.4), pace=FAST)
                await ears.until_heard(ana, ana.sent)
                assert ears.pitch(ana) == near(ANA)

    asyncio.run(story())


def test_encryption_tells_who_speaks_where_discord_does_not() -> None:
    async def story() -> None:
        async with Discord() as discord:
            people = [await discord.join(name, announces=False) for name in ("Ana", "Ben", "Cyd")]
            async with listening(discord) as ears:
                async with asyncio.TaskGroup() as talk:
                    for person, hertz in zip(people, (ANA, BEN, CYD), strict=True):
                        talk.create_task(person.say(tone(hertz, 0.5), pace=FAST))
                for person, hertz in zip(people, (ANA, BEN, CYD), strict=True):
                    await ears.until_heard(person, person.sent)
                    assert ears.pitch(person) == near(hertz)

    asyncio.run(story())


# ── 3: forgotten by the network ──────────────────────────────────────────────────────────────


def test_she_is_still_sent_sound_after_a_long_silence_of_hers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(voice_client, "KEEP_ALIVE_SECONDS", 0.05)

    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with listening(discord) as ears:
                discord.voice.nat = 0.5
                sent = len(discord.voice.arrivals)
                # Several times as long as the network remembers who says nothing.
                await discord.until(lambda: len(discord.voice.arrivals) >= sent + 20)
                await ana.say(tone(ANA, 0.2), pace=FAST)
                await ears.until_heard(ana, ana.sent)

    asyncio.run(story())


# ── 4 and 5: frames that cannot be opened, or were never closed ──────────────────────────────


def test_frames_with_keys_she_does_not_have_yet_cost_themselves_alone() -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana, ben = await discord.join("Ana"), await discord.join("Ben")
            async with listening(discord) as ears:
                call = discord.voice
                call.group.eager = True  # people use new keys before she has heard of them
                async with asyncio.TaskGroup() as talk:
                    talk.create_task(ana.say(tone(ANA, 0.5)))
                    await ears.until_heard(ana, 5)
                    await discord.leave(ben)
                await ears.until(
                    lambda: ears.count(ana) + ears.receiver.counts.dropped["e2ee"] >= ana.sent
                )
                assert ears.pitch(ana) == near(ANA)
                assert not ears.troubles

    asyncio.run(story())


def test_each_frame_that_stays_closed_is_counted_and_the_next_is_heard() -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with listening(discord) as ears:
                await ana.say(tone(ANA, 0.1), pace=FAST)
                await ears.until_heard(ana, ana.sent)
                connection = ears.voice._connection
                session = Replaced(connection.dave_session, closed=10)
                connection.dave_session = session  # type: ignore[assignment]
                await ana.say(tone(ANA, 0.5), pace=FAST)
                await ears.until_heard(ana, ana.sent - 10)
                assert ears.receiver.counts.dropped == {"e2ee": 10}
                assert ears.pitch(ana) == near(ANA)
                assert not ears.troubles

    asyncio.run(story())


def test_she_hears_on_when_the_call_loses_its_encryption_and_when_it_gets_it_back() -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with listening(discord) as ears:
                await ana.say(tone(ANA, 0.2), pace=FAST)
                await discord.voice.downgrade()
                await ana.say(tone(ANA, 0.2), pace=FAST)
                await ears.until_heard(ana, ana.sent)
                await discord.voice.upgrade()
                await ana.say(tone(ANA, 0.2), pace=FAST)
                await ears.until_heard(ana, ana.sent)
                assert ears.pitch(ana) == near(ANA)
                assert not ears.troubles

    asyncio.run(story())


def test_silence_is_never_deciphered_and_so_never_a_failure() -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with listening(discord) as ears:
                connection = ears.voice._connection
                session = Replaced(connection.dave_session, closed=1000)  # without a key for her
                connection.dave_session = session  # type: ignore[assignment]
                await ana.say([], tail=60, pace=0.001)
                await ears.until_heard(ana, 60)
                assert not ears.receiver.counts.dropped
                assert not ears.troubles

    asyncio.run(story())


# ── 6: one speaker's trouble ─────────────────────────────────────────────────────────────────


def test_noise_instead_of_opus_from_one_person_leaves_the_others_heard() -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana, ben = await discord.join("Ana"), await discord.join("Ben")
            async with listening(discord) as ears:
                async with asyncio.TaskGroup() as talk:
                    # Code 3 with 63 frames in a packet: opus allows 120 ms.
                    talk.create_task(ben.say([b"\xff\xff\xff\xff\xff"] * HALF, pace=FAST))
                    talk.create_task(ana.say(tone(ANA, 0.5), pace=FAST))
                await ears.until_heard(ana, ana.sent)
                assert ears.pitch(ana) == near(ANA)
                await ears.until(lambda: ears.receiver.counts.dropped["opus"] >= HALF)
                ears.frames.clear()
                await ben.say(tone(BEN, 0.5), pace=FAST)
                await ears.until_heard(ben, HALF)
                assert ears.pitch(ben) == near(BEN)

    asyncio.run(story())


# ── 7: deaf, and nobody says so ──────────────────────────────────────────────────────────────


def test_who_cannot_open_anything_any_more_says_so_and_says_when_it_is_over() -> None:
    async def story() -> None:
        async with Discord() as discord:
            ana = await discord.join("Ana")
            async with listening(discord) as ears:
                discord.voice.version = 0  # sent as they are: closed with another group's keys
                await ana.say(await of_another_group(), tail=0)
                await ears.until(lambda: ears.troubles)
                assert ears.troubles == ["e2ee"]
                discord.voice.version = 1
                await ana.say(tone(ANA, 0.3), pace=FAST)
                await ears.until(lambda: "healed" in ears.troubles)
                assert ears.troubles == ["e2ee", "healed"]

    asyncio.run(story())


def test_a_burst_that_came_before_its_keys_is_no_deafness() -> None:
    health = Health()
    assert not any(health.failed("e2ee", 10.0 + 0.002 * number) for number in range(500))
    health.well()
    told = [health.failed("e2ee", 20.0 + 0.02 * number) for number in range(100)]
    assert told.count(True) == 1
    assert 20.0 + 0.02 * told.index(True) >= 20.0 + DEAF_SECONDS


async def of_another_group() -> list[bytes]:
    """Frames that nobody in this call has the keys of."""
    group = Group(1)
    ours = DaveySession(1, 1, group.sender)
    theirs = DaveySession(2, 1, group.sender)
    group.sessions |= {1: ours, 2: theirs}
    await group.change(add={1: ours.key_package, 2: theirs.key_package})
    return [ours.encrypt(frame, 1) for frame in encode(tone(ANA, 2.0))]
