"""`/forget`: what she remembers of somebody is deleted, once they have said so twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import discord

from mia.channels.discord import names
from mia.channels.discord.host import Extent
from mia.conversation import Item
from mia.errors import MiaError

if TYPE_CHECKING:
    from mia.channels.discord.slash import Given

#: Seconds in which the question may be answered.
PATIENCE = 300.0
EXTENTS: tuple[Extent, ...] = ("me", "day", "last")


async def forget(given: Given, extent: Extent, person: discord.abc.User | None) -> None:
    """Ask whether this is really to be forgotten."""
    user = given.interaction.user
    whose = person or user
    mine = whose.id == user.id
    if not mine and not given.bot.policy.owner(user.id):
        await given.say("forget_only_own")
        return
    if given.bot.host.knowledge is None:
        await given.say("forget_no_memory")
        return
    count = await given.bot.host.knowledge.count(f"discord:{whose.id}", extent)
    if not count:
        if extent == "me":
            given.bot.forget_running(frozenset(), frozenset(), f"discord:{whose.id}")
        await given.say("forget_nothing")
        return
    name = names.clean(whose.display_name, whose.id)
    whom = "yours" if mine else "theirs"
    question = Question(given, extent, whose.id, name, mine)
    ask = given.text(f"forget_ask_{extent}_{whom}", count=count, name=name)
    await given.answer(ask, view=question)


class Question(discord.ui.View):
    """Really? Only whoever asked sees it, and only they can answer."""

    def __init__(self, given: Given, extent: Extent, whose: int, name: str, mine: bool) -> None:
        super().__init__(timeout=PATIENCE)
        self._given = given
        self._extent = extent
        self._whose = whose
        self._name = name
        self._mine = mine
        self._add("forget_yes", discord.ButtonStyle.danger, self._yes)
        self._add("forget_no", discord.ButtonStyle.secondary, self._no)

    def _add(self, label: str, style: discord.ButtonStyle, pressed: Any) -> None:
        button: discord.ui.Button[Question] = discord.ui.Button(
            label=self._given.text(label), style=style
        )
        button.callback = pressed  # type: ignore[method-assign]
        self.add_item(button)

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        return interaction.user.id == self._given.interaction.user.id

    async def _no(self, interaction: discord.Interaction) -> None:
        self.stop()
        await interaction.response.edit_message(content=self._given.text("forget_kept"), view=None)

    async def _yes(self, interaction: discord.Interaction) -> None:
        self.stop()
        # A large journal takes longer than the three seconds within which Discord wants an answer.
        await interaction.response.defer()
        told = await self._forgotten()
        await interaction.edit_original_response(content=told, view=None)

    async def _forgotten(self) -> str:
        """Forget it; what is to be said of that."""
        given, bot = self._given, self._given.bot
        speaker = f"discord:{self._whose}"
        assert bot.host.knowledge is not None
        try:
            count = await bot.host.knowledge.forget(speaker, self._extent)
        except MiaError as error:
            bot.host.report(error)
            return given.text("forget_failed", reason=error.text(given.language))
        if self._extent == "me":
            # What is not remembered was still in view: lines of now, where memory is off.
            bot.forget_running(frozenset(), frozenset(), speaker)
        if not count:
            return given.text("forget_nothing")
        if self._mine:
            return given.text("forget_done_yours", count=count)
        return given.text("forget_done_theirs", count=count, name=self._name)


def carried(items: Sequence[Item]) -> tuple[Item, ...]:
    """A conversation's lines for one that goes on from them, whose turns count from one again."""
    return tuple(replace(item, id=f"{_own(item)}~{at}") for at, item in enumerate(items))


def _own(item: Item) -> str:
    """Its id in the conversation it was said in."""
    return item.id.partition("~")[0]


def left(
    items: Sequence[Item],
    memories: frozenset[int],
    gone: Iterable[str],
    speaker: str | None = None,
) -> tuple[Item, ...]:
    """A running conversation without these lines and whatever quotes these memories.

    gone: ids as the journal has them, a further line of a turn as `turn+1`. speaker: every turn
    they had a line in goes. A turn goes as a whole, with the answer to it: the words of the answer
    are about it, and its other lines are in the journal still.
    """
    turns = {item.partition("+")[0] for item in gone}
    kept: list[Item] = []
    dropped = False
    for item in items:
        if item.role == "user":
            theirs = any(line.speaker.id == speaker for line in item.lines)
            quotes = any(memory in memories for memory, _, _ in item.recalled.memories)
            dropped = theirs or quotes or _own(item) in turns
        if not dropped and _own(item) not in turns:
            kept.append(item)
    return tuple(kept)
