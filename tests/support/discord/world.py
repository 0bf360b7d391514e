"""Who and what there is on the pretend Discord, in the JSON its clients read."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import discord

Json = dict[str, Any]

TEXT, VOICE, STAGE = 0, 2, 13
JOINED = "2026-01-01T00:00:00.000000+00:00"
#: What docs/discord.md asks an owner to give MIA.
GOOD = discord.Permissions(
    view_channel=True, send_messages=True, read_message_history=True, connect=True, speak=True
)
GOOD.update(use_voice_activation=True, change_nickname=True, embed_links=True)

_numbers = itertools.count(1_460_000_000_000_000_000)


def new_id() -> int:
    """A snowflake nobody has yet."""
    return next(_numbers)


@dataclass
class User:
    name: str
    bot: bool = False
    nick: str | None = None
    roles: list[int] = field(default_factory=list)
    id: int = field(default_factory=new_id)

    def user(self) -> Json:
        return {
            "id": str(self.id),
            "username": self.name.lower(),
            "global_name": self.name,
            "discriminator": "0",
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
        }

    def member(self) -> Json:
        return {
            "user": self.user(),
            "nick": self.nick,
            "roles": [str(role) for role in self.roles],
            "joined_at": JOINED,
            "avatar": None,
            "deaf": False,
            "mute": False,
            "flags": 0,
        }


@dataclass
class Channel:
    name: str
    kind: int = VOICE
    denied: discord.Permissions = field(default_factory=discord.Permissions.none)
    """What MIA's role may not do here."""
    id: int = field(default_factory=new_id)

    def payload(self, guild: Guild) -> Json:
        made: Json = {
            "id": str(self.id),
            "guild_id": str(guild.id),
            "name": self.name,
            "type": self.kind,
            "position": 0,
            "parent_id": None,
            "nsfw": False,
            "permission_overwrites": [],
        }
        if self.denied.value:
            made["permission_overwrites"] = [
                {"id": str(guild.role), "type": 0, "allow": "0", "deny": str(self.denied.value)}
            ]
        if self.kind != TEXT:
            made |= {"bitrate": 64_000, "user_limit": 0, "rtc_region": None}
        return made


@dataclass
class Guild:
    """A server with a text channel, two voice channels and a stage; MIA has a role of her own."""

    bot: User
    name: str = "Casa de MIA"
    permissions: discord.Permissions = field(
        default_factory=lambda: discord.Permissions(GOOD.value)
    )
    """Of MIA's role. @everyone has none of its own."""
    id: int = field(default_factory=new_id)
    role: int = field(default_factory=new_id)
    owner: User = field(default_factory=lambda: User("Dueña"))
    members: dict[int, User] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    extra_roles: dict[int, str] = field(default_factory=dict)
    where: dict[int, Channel] = field(default_factory=dict)
    """The voice channel each user is in."""

    def __post_init__(self) -> None:
        self.bot.roles.append(self.role)
        for user in (self.bot, self.owner):
            self.members[user.id] = user
        self.text = self.add(Channel("general", TEXT))
        self.voice = self.add(Channel("Sala"))
        self.other_voice = self.add(Channel("Otra sala"))
        self.stage = self.add(Channel("Escenario", STAGE))

    def add(self, channel: Channel) -> Channel:
        self.channels[channel.id] = channel
        return channel

    def may(self, permission: str, channel: Channel) -> bool:
        """Whether MIA has it there; `permission` by discord.py's name."""
        allowed = self.permissions.value & ~channel.denied.value
        return bool(getattr(discord.Permissions(allowed), permission))

    def role_payload(self) -> Json:
        return _role(self.role, "MIA", self.permissions.value)

    def voice_state(self, user: User, session: str, **changed: Any) -> Json:
        channel = self.where.get(user.id)
        return {
            "guild_id": str(self.id),
            "channel_id": str(channel.id) if channel else None,
            "user_id": str(user.id),
            "member": user.member(),
            "session_id": session,
            "deaf": False,
            "mute": False,
            "self_deaf": False,
            "self_mute": False,
            "self_video": False,
            "suppress": False,
            "request_to_speak_timestamp": None,
        } | changed

    def payload(self) -> Json:
        roles = [_role(self.id, "@everyone", 0), self.role_payload()]
        roles += [_role(number, name, 0) for number, name in self.extra_roles.items()]
        return {
            "id": str(self.id),
            "name": self.name,
            "owner_id": str(self.owner.id),
            "member_count": len(self.members),
            "unavailable": False,
            "features": [],
            "roles": roles,
            "emojis": [],
            "stickers": [],
            "channels": [channel.payload(self) for channel in self.channels.values()],
            # Without the members intent only the bot and who is in a voice channel are told.
            "members": [
                user.member()
                for user in self.members.values()
                if user is self.bot or user.id in self.where
            ],
            "voice_states": [
                self.voice_state(self.members[user], f"voice-{user}") for user in self.where
            ],
            "threads": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "verification_level": 0,
            "default_message_notifications": 0,
            "premium_tier": 0,
            "preferred_locale": "es-ES",
            "nsfw_level": 0,
            "mfa_level": 0,
            "afk_timeout": 300,
            "system_channel_flags": 0,
        }


def _role(number: int, name: str, permissions: int) -> Json:
    return {
        "id": str(number),
        "name": name,
        "permissions": str(permissions),
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": 0,
        "managed": name == "MIA",
        "mentionable": False,
        "flags": 0,
    }


def message(author: User, channel: Channel, guild: Guild | None, content: str, **more: Any) -> Json:
    """A message as the gateway and REST give it."""
    made: Json = {
        "id": str(new_id()),
        "channel_id": str(channel.id),
        "author": author.user(),
        "content": content,
        "timestamp": JOINED,
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "pinned": False,
        "type": 0,
        "flags": 0,
        "components": [],
    }
    if guild is not None:
        made["guild_id"] = str(guild.id)
        made["member"] = {k: v for k, v in author.member().items() if k != "user"}
    return made | more
