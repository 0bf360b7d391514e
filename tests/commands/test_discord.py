"""`mia discord check` says exactly what is missing."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import SecretStr
from rich.console import Console

from mia import calling
from mia.channels.discord import checking
from mia.commands import discord as command
from mia.config.discord import Discord as Section
from mia.strings import translate
from tests.support.discord import Discord


def checked(
    monkeypatch: pytest.MonkeyPatch,
    trouble: Callable[[Discord], Awaitable[None]] | None = None,
    **config: Any,
) -> tuple[int, str]:
    """How many things are missing, and what was printed."""
    screen = io.StringIO()
    real = checking.check

    async def main() -> int:
        async with Discord() as discord:
            if trouble is not None:
                await trouble(discord)
            monkeypatch.setattr(
                checking, "check", lambda section: real(section, connector=discord.connector())
            )
            section = Section.model_validate(
                {"enabled": True, "token": SecretStr(discord.token), **config}
            )
            return await command.tell(section, Console(file=screen, width=400))

    return asyncio.run(main()), screen.getvalue()


def text(key: str, **parameters: object) -> str:
    return translate(f"cli.discord.{key}", **parameters)


def test_when_all_is_there_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    missing, said = checked(monkeypatch, text_channel_responses=True)
    assert missing == 0
    assert "✗" not in said
    assert text("fine") in said
    assert "permissions=" in said


def test_without_a_token_it_says_where_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    missing, said = checked(monkeypatch, token=None)
    assert missing == 1
    assert text("no_token") in said


def test_a_token_that_discord_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    missing, said = checked(monkeypatch, token=SecretStr("old"))
    assert missing == 1
    assert text("bad_token") in said


def test_permissions_are_named_as_discord_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    async def deny(discord: Discord) -> None:
        await discord.deny("connect", "speak")

    missing, said = checked(monkeypatch, deny)
    assert missing == 1
    assert "Connect, Speak" in said


def test_ids_that_lead_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    missing, said = checked(monkeypatch, guilds=[4], join=7)
    assert missing == 2
    assert text("guild_unknown", id=4) in said
    assert text("channel_unknown", id=7) in said


def test_without_the_extra_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "MODULES", ("no_such_module",))
    missing, said = checked(monkeypatch)
    assert missing == 1
    assert "mia-ai[discord]" in said
