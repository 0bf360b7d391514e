"""The conversation of a voice channel, heard in the call and wherever the stage is shown."""

from __future__ import annotations

from typing import Any

from mia.conversation import Conversation, Speaker
from mia.conversation.playback import Silence
from mia.conversation.ports import Block, InputMode, Loudspeaker, Samples


class Everywhere:
    """The call's loudspeaker, and others that play along. The call sets the pace."""

    def __init__(self) -> None:
        self.call: Loudspeaker = Silence()
        self.others: list[Loudspeaker] = []

    @property
    def lead(self) -> float:
        return max((place.lead for place in self._places()), default=0.0)

    @property
    def latency(self) -> float:
        return self.call.latency

    def play(self, block: Block) -> None:
        for place in self._places():
            place.play(block)

    def hush(self) -> None:
        for place in self._places():
            place.hush()

    def duck(self, gain: float, seconds: float) -> None:
        for place in self._places():
            place.duck(gain, seconds)

    def _places(self) -> list[Loudspeaker]:
        return [self.call, *self.others]


class RoomConversation(Conversation):
    """A conversation in company whose pages look on: they hear her if `dual`, and may type; their
    microphones are no part of the call."""

    def __init__(self, *args: Any, dual: bool = True, **more: Any) -> None:
        super().__init__(*args, **more)
        self.dual = dual
        self.call = ""
        """What the channel is called."""
        self._everywhere = Everywhere()
        super().attach(self._everywhere)

    def in_call(self, loudspeaker: Loudspeaker) -> None:
        """She is heard in the call through this."""
        self._everywhere.call.hush()
        self._everywhere.call = loudspeaker

    def attach(self, loudspeaker: Loudspeaker) -> None:
        if self.dual and loudspeaker not in self._everywhere.others:
            self._everywhere.others.append(loudspeaker)

    def detach(self, loudspeaker: Loudspeaker) -> None:
        if loudspeaker in self._everywhere.others:
            self._everywhere.others.remove(loudspeaker)

    def hear(self, samples: Samples) -> None:
        """A page's microphone: whoever wants to speak in the call does so on Discord."""

    def type(self, text: str) -> str:
        """A page's message is its user's, and not of whoever spoke last in the call."""
        self._takes_floor(Speaker("", ""))
        return super().type(text)

    def set_mode(self, mode: InputMode) -> None:
        """The company has its own."""
