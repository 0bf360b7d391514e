"""`/status` in plain words: what she does here, and if she is deaf or silent, why."""

from __future__ import annotations

import math
from typing import Any

from mia.channels.discord.policy import Policy
from mia.channels.discord.room import VoiceRoom
from mia.strings import translate


def lines(room: VoiceRoom | None, policy: Policy, asker: int, language: str) -> list[str]:
    """What is to be said, a line each, the most important first."""

    def text(key: str, **parameters: object) -> str:
        return translate(f"discord.status.{key}", language, **parameters)

    if room is None:
        return [text("nowhere")]
    found = [text("in", channel=room.channel.name, count=len(room.company.people))]
    found += [text(trouble) for trouble in troubles(room)] or [text("well")]
    if asker in policy.optouts:
        found.append(text("opted_out"))
    found.append(text(f"mode_{room.company.manner}"))
    if room.voice is not None:
        found += _connection(room, text)
    return found


def troubles(room: VoiceRoom) -> list[str]:
    """Why she is deaf or silent, as names of texts; empty: she is neither."""
    found: list[str] = []
    if room.voice is None or not room.voice.is_connected():
        return ["not_connected"]
    if room.conversation.muted:
        found.append("muted")
    if room.deaf_because:
        found.append(f"deaf_{room.deaf_because}")
    mine = room.channel.guild.me.voice
    if mine is not None:
        if mine.deaf:
            found.append("server_deaf")
        if mine.mute:
            found.append("server_mute")
        if mine.suppress:
            found.append("suppressed")
    may = room.channel.permissions_for(room.channel.guild.me)
    if not may.speak:
        found.append("may_not_speak")
    if not room.company.people:
        found.append("alone")
    elif not room.listened_to:
        found.append("nobody_allowed")
    return found


def _connection(room: VoiceRoom, text: Any) -> list[str]:
    voice = room.voice
    assert voice is not None
    found = []
    code = voice.voice_privacy_code
    found.append(text("private", code=code) if code else text("not_private"))
    if math.isfinite(voice.latency):
        found.append(text("latency", ms=round(voice.latency * 1000)))
    if voice.receiver is not None:
        counts = voice.receiver.counts
        found.append(
            text(
                "counts",
                decoded=counts.decoded,
                lost=counts.lost,
                closed=counts.dropped["e2ee"] + counts.dropped["transport"],
            )
        )
    return found
