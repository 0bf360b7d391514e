"""Answers in text channels: to whom mentions her or replies to her, in writing.

A text channel is a conversation of its own, without a voice: nothing is synthesised for it. Its
facts are told on the bus like any other's, and it is remembered by name like a call is: what
somebody wrote comes back when they speak, and the other way round.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict, deque
from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass

from mia.channels.discord import names
from mia.channels.discord.host import Host
from mia.conversation import Speaker
from mia.conversation.ports import Asking, Message, Prompt, Recollection
from mia.conversation.remembering import NOTHING, told
from mia.telemetry import events as facts

#: Characters of a message that reach the mind.
LONGEST_MESSAGE = 500
#: Characters after which an answer is ended.
LONGEST_ANSWER = 6000
#: Messages of a channel that the mind reads, and channels that are remembered.
LINES, CHANNELS = 24, 64


@dataclass(frozen=True, slots=True)
class Written:
    """A message, and her answer.

    speaker: id of who wrote it. turn: its id. alone: only they could read the answer, so nobody
    else's answer is to draw on it. recalled: what came to mind for it.
    """

    speaker: str
    turn: str
    asked: Message
    answer: str
    alone: bool
    recalled: Recollection

    def messages(self) -> tuple[Message, ...]:
        answer = (Message("assistant", self.answer),) if self.answer else ()
        return (*told(self.recalled), self.asked, *answer)


class TextTalk:
    """What was said in each text channel, and answers to it."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._lines: OrderedDict[int, deque[Written]] = OrderedDict()
        self._turns = itertools.count(1)
        self._one_at_a_time = asyncio.Lock()

    async def answer(
        self, channel: int, speaker: Speaker, text: str, *, alone: bool = False
    ) -> str | None:
        """What she writes to this message, None where she leaves it alone. Raises MiaError.

        alone: nobody but the speaker sees it.
        """
        said = await self._host.admit(names.message(text, LONGEST_MESSAGE))
        if not said:
            return None
        knowledge = self._host.knowledge
        if knowledge is not None and knowledge.forgets(said):
            await knowledge.forget(speaker.id, "last")
            self._forget_last(channel, speaker.id)
        lines = self._of(channel)
        asked = Message("user", f"{speaker.name}: {said}")
        turn = f"{conversation(channel)}-u{next(self._turns)}"
        self._tell(
            facts.Heard,
            channel,
            speaker,
            turn=turn,
            revision=1,
            text=asked.content,
            language=self._host.language,
            final=True,
            typed=True,
            lines=((speaker.id, speaker.name, said),),
        )
        recalled = await self._recalled(channel, speaker, turn, said)
        async with self._one_at_a_time:
            before = [m for line in _seen(lines, speaker.id, alone) for m in line.messages()]
            answer = await self._written((*before, *told(recalled), asked))
        # Not `lines`: something may have been forgotten meanwhile.
        self._of(channel).append(Written(speaker.id, turn, asked, answer, alone, recalled))
        self._tell(
            facts.ReplyEnded,
            channel,
            speaker,
            turn=turn,
            reply=_reply(turn),
            text=answer,
            heard=answer,
            heard_ms=0,
            status="completed",
            said=answer,
        )
        return answer

    def forget(
        self, memories: frozenset[int], items: frozenset[str], speaker: str | None = None
    ) -> None:
        """These lines are gone, and whatever quotes these memories; speaker: all of theirs."""

        def stays(line: Written) -> bool:
            if line.speaker == speaker or not items.isdisjoint((line.turn, _reply(line.turn))):
                return False
            return not any(memory in memories for memory, _, _ in line.recalled.memories)

        for channel, lines in self._lines.items():
            self._lines[channel] = deque(filter(stays, lines), maxlen=LINES)

    def _forget_last(self, channel: int, speaker: str) -> None:
        """The newest this person wrote there is gone, also where nothing is remembered."""
        newest = next((one for one in reversed(self._of(channel)) if one.speaker == speaker), None)
        if newest is not None:
            self._of(channel).remove(newest)

    async def _recalled(self, channel: int, speaker: Speaker, turn: str, said: str) -> Recollection:
        """What comes to mind for it."""
        if self._host.knowledge is None:
            return NOTHING
        talk, host = conversation(channel), self._host
        asking = Asking(talk, speaker.id, host.persona, host.language)
        recalled = await self._host.knowledge.recall(said, asking)
        if recalled.memories:
            self._tell(
                facts.MemoriesUsed,
                channel,
                speaker,
                turn=turn,
                reply=_reply(turn),
                memories=recalled.memories,
            )
        return recalled

    async def _written(self, lines: tuple[Message, ...]) -> str:
        system = Message("system", self._host.prompt(self._host.language))
        prompt = Prompt((system, *_joined(lines)), self._host.language)
        text = ""
        async with aclosing(self._host.write(prompt)) as pieces:
            async for piece in pieces:
                text += piece
                if len(text) > LONGEST_ANSWER:
                    break
        return await self._host.keep_back(self._host.shown(text).strip())

    def _of(self, channel: int) -> deque[Written]:
        if channel not in self._lines:
            self._lines[channel] = deque(maxlen=LINES)
            if self._host.knowledge is not None:
                self._host.knowledge.attend(conversation(channel))
        self._lines.move_to_end(channel)
        while len(self._lines) > CHANNELS:
            self._lines.popitem(last=False)
        return self._lines[channel]

    def _tell(
        self,
        kind: type[facts.Heard] | type[facts.ReplyEnded] | type[facts.MemoriesUsed],
        channel: int,
        speaker: Speaker,
        **fields: object,
    ) -> None:
        whose = {
            "at": asyncio.get_running_loop().time(),
            "conversation": conversation(channel),
            "speaker": speaker.id,
            "speaker_name": speaker.name,
            "persona": self._host.persona,
        }
        self._host.bus.publish(kind(**whose, **fields))  # type: ignore[arg-type]


def conversation(channel: int) -> str:
    """The id of what is said in this text channel."""
    return f"discord:text:{channel}"


def _reply(turn: str) -> str:
    return f"{turn}-r"


def _seen(lines: Iterable[Written], speaker: str, alone: bool) -> list[Written]:
    """What an answer may draw on: what all could read, and where nobody else sees the answer, what
    its reader alone could."""
    return [line for line in lines if not line.alone or (alone and line.speaker == speaker)]


def _joined(lines: tuple[Message, ...]) -> tuple[Message, ...]:
    """Running neighbours of one role as one message; many chat templates refuse two."""
    joined: list[Message] = []
    for line in lines:
        if joined and joined[-1].role == line.role != "system":
            joined[-1] = Message(line.role, f"{joined[-1].content}\n{line.content}")
        else:
            joined.append(line)
    return tuple(joined)
