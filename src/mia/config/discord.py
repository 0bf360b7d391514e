"""The section `discord`: where she goes there, whom she hears, what she does unasked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from mia.config.sections import Section

Id = Annotated[int, Field(ge=1, lt=2**64)]


class Discord(Section):
    enabled: bool = Field(False, description="Whether she joins Discord.")
    token: SecretStr | None = Field(
        None, description="The bot's token.", json_schema_extra={"env": "DISCORD_TOKEN"}
    )
    text_channel_responses: bool = Field(
        False, description="Answer in text channels too, where she is mentioned."
    )
    group_silence_ms: int = Field(
        800,
        ge=100,
        le=60_000,
        description="Silence of everybody after which she may speak, unless she is called by name.",
        json_schema_extra={"unit": "ms"},
    )
    dual_audio: bool = Field(True, description="Be heard on this machine as well.")
    stage: bool = Field(
        True, description="Avatar, subtitles and page follow the call while she is in one."
    )
    mode: Literal["solo", "addressed", "always", "quiet"] = Field(
        "solo",
        description="Whom she answers: everything while alone with one person and otherwise when "
        "she is meant (solo), only when she is meant (addressed), everything (always), nothing "
        "(quiet).",
    )
    aliases: list[str] = Field(
        default_factory=list,
        max_length=16,
        description="Further names she is called by, or what her name is misheard as.",
    )
    sticky_s: float = Field(
        18.0,
        ge=0,
        le=600,
        description="How long after an answer the person she answered needs no name.",
        json_schema_extra={"unit": "s"},
    )
    barge_in: Literal["everyone", "owners", "nobody"] = Field(
        "everyone", description="Who may speak over her."
    )
    guilds: list[Id] = Field(
        default_factory=list,
        max_length=64,
        description="Ids of the servers she works in; empty: all she was invited to.",
    )
    channels: list[Id] = Field(
        default_factory=list,
        max_length=256,
        description="Ids of the channels she joins and writes in; empty: all she may.",
    )
    roles: list[Id] = Field(
        default_factory=list,
        max_length=64,
        description="Ids of the roles she listens to; empty: everybody.",
    )
    owners: list[Id] = Field(
        default_factory=list,
        max_length=16,
        description="Ids of the people whose commands she obeys; empty: the bot's owner.",
    )
    bots: list[Id] = Field(
        default_factory=list, max_length=16, description="Ids of bots she listens to."
    )
    join: Id | None = Field(
        None, description="Id of the voice channel she joins by herself; null: waits for /join."
    )
    announce: bool = Field(
        True, description="Tell everybody in the channel that she listens when she joins."
    )
    leave_alone_s: float = Field(
        300.0,
        ge=5,
        le=86_400,
        description="She leaves when she has been alone for so long.",
        json_schema_extra={"unit": "s"},
    )
