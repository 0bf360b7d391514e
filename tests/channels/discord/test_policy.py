"""Who may do what goes by ids; what people say of themselves counts for nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from mia.channels.discord.policy import Limits, OptOuts, Person, Policy
from mia.config.discord import Discord


def policy(tmp_path: Path, **config: object) -> Policy:
    made = Policy(Discord.model_validate(config), OptOuts(tmp_path / "discord" / "optouts.json"))
    made.app_owners = frozenset({1})
    return made


def test_without_lists_everybody_is_welcome_and_the_bots_owner_rules(tmp_path: Path) -> None:
    rules = policy(tmp_path)
    assert rules.guild(5)
    assert rules.channel(6)
    assert rules.hears(Person(7))
    assert rules.owner(1)
    assert not rules.owner(7)


def test_a_direct_message_is_no_server(tmp_path: Path) -> None:
    assert not policy(tmp_path).guild(None)


def test_what_is_not_listed_is_refused(tmp_path: Path) -> None:
    rules = policy(tmp_path, guilds=[5], channels=[6], roles=[8], owners=[2])
    assert rules.guild(5)
    assert not rules.guild(4)
    assert not rules.channel(7)
    assert not rules.hears(Person(7))
    assert rules.hears(Person(7, frozenset({8})))
    assert rules.hears(Person(2))
    assert not rules.owner(1)


def test_bots_are_not_listened_to_unless_they_are_listed(tmp_path: Path) -> None:
    rules = policy(tmp_path, bots=[4])
    assert not rules.hears(Person(3, bot=True))
    assert rules.hears(Person(4, bot=True))


@pytest.mark.parametrize(
    ("who", "owner", "other"),
    [("everyone", True, True), ("owners", True, False), ("nobody", False, False)],
)
def test_who_may_speak_over_her(tmp_path: Path, who: str, owner: bool, other: bool) -> None:
    rules = policy(tmp_path, barge_in=who)
    assert (rules.interrupts(1), rules.interrupts(7)) == (owner, other)


def test_who_opted_out_is_not_heard_also_after_a_restart(tmp_path: Path) -> None:
    async def story() -> None:
        rules = policy(tmp_path)
        await rules.optouts.load()
        await rules.optouts.put(7, True)
        assert not rules.hears(Person(7))
        later = policy(tmp_path)
        await later.optouts.load()
        assert not later.hears(Person(7))
        await later.optouts.put(7, False)
        assert later.hears(Person(7))

    asyncio.run(story())


def test_a_damaged_list_is_told_and_hurts_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "optouts.json"
    path.write_text("{", "utf-8")
    outs = OptOuts(path)
    asyncio.run(outs.load())
    assert 7 not in outs
    assert "cannot be read" in caplog.text


def test_a_person_gets_five_turns_a_minute_and_a_server_twenty() -> None:
    now = [0.0]
    limits = Limits(lambda: now[0])
    assert [limits.take(1, 9) for _ in range(6)] == [True] * 5 + [False]
    assert all(limits.take(user, 9) for user in (2, 3, 4) for _ in range(5))
    assert not limits.take(5, 9)
    now[0] = 61.0
    assert limits.take(1, 9)
