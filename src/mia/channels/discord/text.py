"""Answers in text channels: to whom mentions her or replies to her, in writing.

A text channel is a conversation of its own, without a voice: nothing is synthesised for it. Its
facts are told on the bus like any other's, so that memory knows people by id there too.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict, deque
from contextlib import aclosing

from mia.channels.discord import names
from mia.channels.discord.host import Host
from mia.conversation import Speaker
from mia.conversation.ports import Message, Prompt
from mia.telemetry import events as facts

#: Characters of a message that reach the mind.
LONGEST_MESSAGE = 500
#: Characters after which an answer is ended.
LONGEST_ANSWER = 6000
#: Messages of a channel that the mind reads, and channels that are remembered.
LINES, CHANNELS = 24, 64


class TextTalk:
    """What was said in each text channel, and answers to it."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._lines: OrderedDict[int, deque[Message]] = OrderedDict()
        self._turns = itertools.count(1)
        self._one_at_a_time = asyncio.Lock()

    async def answer(self, channel: int, speaker: Speaker, text: str) -> str | None:
        """What she writes to this message, None where she leaves it alone. Raises MiaError."""
        lines = self._of(channel)
        said = await self._host.admit(names.message(text, LONGEST_MESSAGE))
        if not said:
            return None
        asked = Message("user", f"{speaker.name}: {said}")
        turn = f"discord:text:{channel}-u{next(self._turns)}"
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
        async with self._one_at_a_time:
            answer = await self._written((*lines, asked))
        lines.append(asked)
        if answer:
            lines.append(Message("assistant", answer))
        self._tell(
            facts.ReplyEnded,
            channel,
            speaker,
            turn=turn,
            reply=f"{turn}-r",
            text=answer,
            heard=answer,
            heard_ms=0,
            status="completed",
        )
        return answer

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

    def _of(self, channel: int) -> deque[Message]:
        lines = self._lines.setdefault(channel, deque(maxlen=LINES))
        self._lines.move_to_end(channel)
        while len(self._lines) > CHANNELS:
            self._lines.popitem(last=False)
        return lines

    def _tell(
        self,
        kind: type[facts.Heard] | type[facts.ReplyEnded],
        channel: int,
        speaker: Speaker,
        **fields: object,
    ) -> None:
        whose = {
            "at": asyncio.get_running_loop().time(),
            "conversation": f"discord:text:{channel}",
            "speaker": speaker.id,
            "speaker_name": speaker.name,
            "persona": self._host.persona,
        }
        self._host.bus.publish(kind(**whose, **fields))  # type: ignore[arg-type]


def _joined(lines: tuple[Message, ...]) -> tuple[Message, ...]:
    """Running neighbours of one role as one message; many chat templates refuse two."""
    joined: list[Message] = []
    for line in lines:
        if joined and joined[-1].role == line.role:
            joined[-1] = Message(line.role, f"{joined[-1].content}\n{line.content}")
        else:
            joined.append(line)
    return tuple(joined)
