"""The conversation, as channels see it: plain calls in, facts on the bus out.

Each call becomes an event for the engine, which asks the pure rules in `turns` what it means.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

from mia.conversation import moves
from mia.conversation.attention import Attention
from mia.conversation.company import Company
from mia.conversation.engine import Engine
from mia.conversation.gathering import Gathering
from mia.conversation.history import Item
from mia.conversation.parts import Parts
from mia.conversation.playback import Silence
from mia.conversation.ports import Asking, InputMode, Loudspeaker, Samples
from mia.conversation.speakers import Line, Speaker, labelled
from mia.conversation.tuning import DEFAULT, Tuning
from mia.errors import MiaError
from mia.telemetry import events as facts
from mia.telemetry.events import EventBus, Phase


class Conversation:
    """One persona, one history, one turn engine; speakers and listeners come and go."""

    def __init__(
        self,
        conversation_id: str,
        parts: Parts,
        bus: EventBus,
        *,
        persona: str = "MIA",
        language: str = "es",
        speaker: str = "",
        mode: InputMode = "hands-free",
        wake_names: Sequence[str] = (),
        attention: float = 20.0,
        filler: bool = False,
        tuning: Tuning = DEFAULT,
        company: Company | None = None,
    ) -> None:
        """wake_names: what MIA answers to in the mode `wake-name`; none: the persona's name.
        attention: seconds after her last word in which she needs no name. filler: whether
        something short is said while a reply is late. company: who is there, where several
        people speak (`hear_from`); it then says whom she answers, not mode and names."""
        self.id = conversation_id
        self.persona = persona
        self.speaker = speaker
        """Id of who speaks; in company of who spoke last."""
        self.speaker_name = ""
        self.overheard: Callable[[Samples, int], None] = lambda _samples, _first: None
        """Told of all sound that is listened to, and its first sample's place among it; where
        several people speak, of none."""
        self.bus = bus
        self._endpointing = True
        """What the client asked for; a held key has its own way."""
        self._message_ids = f"{self.id}-m"
        self._messages = 0
        """How many lines were added without being turns; their ids count on."""
        self._attention = company or Attention(_now, wake_names or (persona,), attention, mode)
        self._engine = Engine(
            conversation_id,
            parts,
            self._attention,
            self._tell,
            filler=filler,
            tuning=tuning,
            takes_floor=self._takes_floor,
            asking=lambda language: Asking(self.id, self.speaker, self.persona, language),
        )
        self._panic = parts.panic
        self._engine.ears.set_language(language)
        self._set_endpointing()

    async def run(self) -> None:
        """Live until cancelled; nothing of the conversation outlives this call."""
        unlisten = self._panic.listen(self._panicked)
        try:
            await self._engine.run()
        finally:
            unlisten()

    @property
    def phase(self) -> Phase:
        return self._engine.state.phase

    @property
    def history(self) -> tuple[Item, ...]:
        return self._engine.history.items()

    @property
    def language(self) -> str:
        """What is spoken: ISO 639-1 or `auto`."""
        return self._engine.ears.language

    @property
    def playhead(self) -> tuple[str, float] | None:
        """The reply that is being heard and how many seconds of it were; None: there is none."""
        return self._engine.answering.playhead

    @property
    def mode(self) -> InputMode:
        return self._attention.mode

    @property
    def muted(self) -> bool:
        return self._attention.muted

    @property
    def paused(self) -> bool:
        return self._attention.paused

    @property
    def panic(self) -> bool:
        """Silenced everywhere, until somebody releases her."""
        return self._panic.on

    # ── what channels call ───────────────────────────────────────────────────────────────────

    def hear(self, samples: Samples) -> None:
        """Sound of the speaker, 16 kHz, any length; its last sample was said just now."""
        if self._attention.open and self._engine.alive and not self._panic.on:
            self.overheard(samples, self._engine.ears.listener.taken)
            self._engine.hear(samples)

    def hear_from(self, speaker: Speaker, samples: Samples) -> None:
        """Sound of one of several people, as `hear`; for a conversation in company."""
        if self._attention.open and self._engine.alive and not self._panic.on:
            self._engine.happen_all(self._gathering.ears.hear(speaker, samples))

    def left(self, speaker: str) -> None:
        """This person has left the company."""
        if self._engine.alive:
            self._engine.happen_all(self._gathering.ears.leave(speaker))

    @property
    def _gathering(self) -> Gathering:
        assert self._engine.gathering is not None, "nobody but the one speaker is here"
        return self._engine.gathering

    def attach(self, loudspeaker: Loudspeaker) -> None:
        """Replies are heard here from now on; whoever had them until now is hushed."""
        self._engine.answering.loudspeaker.hush()
        self._engine.answering.loudspeaker = loudspeaker

    def detach(self, loudspeaker: Loudspeaker) -> None:
        """This loudspeaker is gone; nobody hears MIA unless another one is attached."""
        if self._engine.answering.loudspeaker is loudspeaker:
            self._engine.answering.loudspeaker = Silence()

    def commit_audio(self) -> None:
        """The speaker has finished, says their client."""
        self._engine.happen(moves.EndUtterance())

    def clear_audio(self) -> None:
        """What the speaker was saying is to be forgotten."""
        self._engine.ears.forget()
        self._engine.happen(moves.Discard())

    def set_endpointing(self, on: bool) -> None:
        """Whether silence ends an utterance; False: the client does, with `commit_audio`."""
        self._endpointing = on
        self._set_endpointing()

    def set_mode(self, mode: InputMode) -> None:
        """How MIA is spoken to. Push-to-talk: she hears only what is said between `press` and
        `release`. Wake name: she answers only what she is named in, or what follows soon after
        her own last word."""
        if mode == self.mode:
            return
        if self._attention.pressed or mode == "push-to-talk":
            self.clear_audio()
        self._attention.mode, self._attention.pressed = mode, False
        self._set_endpointing()
        self._mode_changed()

    def press(self) -> None:
        """The key is down: listen. In the other modes this means nothing."""
        if self.mode == "push-to-talk":
            self._attention.pressed = True

    def release(self) -> None:
        """The key is up: what was said is the whole of it."""
        if self._attention.pressed:
            self._attention.pressed = False
            self._engine.ears.listener.close()
            self._engine.happen(moves.EndUtterance())

    def mute(self, muted: bool) -> None:
        """Deaf to the speaker's sound, or no longer."""
        if muted:
            self.clear_audio()
        if muted != self.muted:
            self._attention.muted = muted
            self._mode_changed()

    def pause(self, paused: bool) -> None:
        """Hold everything: MIA stops at the word she is at and hears nothing, until she is told
        to go on; then she goes on from that word."""
        if paused == self.paused:
            return
        if paused:
            self.clear_audio()
        self._attention.paused = paused
        self._engine.answering.hold_breath(paused)
        self._mode_changed()

    def type(self, text: str) -> str:
        """A typed message, to be answered (so a pause is over); returns its turn's id.

        Raises MiaError `safety.panic` while she is silenced.
        """
        self._unless_silenced()
        self.pause(False)
        self._engine.happen(moves.Typed(text.strip()))
        return self._engine.turn_id(self._engine.state.turn)

    def type_as(self, speaker: Speaker, text: str) -> str:
        """A typed message of one of several people, to be answered; returns its turn's id.

        Raises MiaError `safety.panic` while she is silenced.
        """
        self._unless_silenced()
        self.pause(False)
        self._takes_floor(speaker)
        line = Line(speaker, text.strip())
        self._gathering.types(line)
        self._engine.happen(moves.Typed(labelled((line,))))
        return self._engine.turn_id(self._engine.state.turn)

    def add_message(self, role: Literal["system", "user", "assistant"], text: str) -> str:
        """A line of the history that is not answered; returns its id."""
        self._messages += 1
        item_id = f"{self._message_ids}{self._messages}"
        self._engine.history.put(Item(item_id, role, text.strip()))
        return item_id

    def remove_message(self, item_id: str) -> bool:
        """Take a line out of the history; whether there was one."""
        return self._engine.history.remove(item_id)

    def correct_message(self, item_id: str, text: str) -> None:
        """A line of the history says this instead, for whatever is answered from now on."""
        if (item := self._engine.history.find(item_id)) is not None:
            self._engine.history.put(replace(item, text=text.strip()))

    def restore(self, items: Sequence[Item]) -> None:
        """Go on from these lines instead of the ones there are; a reply that is being heard
        ends. Their ids must be no turn's and no reply's of this conversation."""
        self.stop()
        self._engine.history.replace(items)
        self._engine.warm()
        self._tell(facts.HistoryReplaced)

    def forget_memories(self, memories: frozenset[int]) -> None:
        """What came to mind of these is no longer told to the mind."""
        self._engine.history.forget(memories)

    def respond(self, instructions: str | None = None) -> None:
        """Answer what is there now; `instructions` are for this answer alone. A user's message that
        nobody has answered yet becomes a turn by it, as if it had been typed this moment.

        Raises MiaError `safety.panic` while she is silenced.
        """
        self._unless_silenced()
        self._engine.script.once = instructions
        newest = next(reversed(self.history), None)
        if newest is None or newest.role != "user" or not newest.id.startswith(self._message_ids):
            self._engine.happen(moves.Typed(None))
            return
        self._engine.history.remove(newest.id)
        self._engine.happen(moves.Typed(newest.text, newest.id))

    def again(self) -> str | None:
        """Say the newest reply once more; the new line takes the old one's place. Returns the id
        of the old one, None where she has said nothing yet."""
        said = (item for item in reversed(self.history) if item.role == "assistant" and item.text)
        last = next(said, None)
        if last is None:
            return None
        self.stop()
        self._engine.history.remove(last.id)
        self._engine.script.verbatim = last.text
        self.pause(False)
        self._engine.happen(moves.Typed(None))
        return last.id

    def stop(self) -> None:
        """Be quiet, and stop all work on the reply."""
        self._engine.happen(moves.Stop())

    def heard_up_to(self, reply: str, seconds: float) -> None:
        """The listener's own word on how much of a reply was heard."""
        self._engine.answering.heard_up_to(reply, seconds)

    def set_language(self, language: str) -> None:
        """`es`, `en`, … or `auto`; from the next turn on."""
        self._engine.ears.set_language(language)
        self._engine.warm()
        self._engine.make_fillers()

    def instruct(self, text: str | None) -> None:
        """What the language model is told instead of the persona's prompt; None: the persona."""
        self._engine.script.instructions = text
        self._engine.warm()

    # ── facts ────────────────────────────────────────────────────────────────────────────────

    def _tell(self, kind: Callable[..., facts.Event], **fields: Any) -> None:
        self.bus.publish(
            kind(
                at=_now(),
                conversation=self.id,
                speaker=self.speaker,
                persona=self.persona,
                speaker_name=self.speaker_name,
                **fields,
            )
        )

    def _takes_floor(self, speaker: Speaker) -> None:
        self.speaker, self.speaker_name = speaker.id, speaker.name

    def _panicked(self) -> None:
        if self._panic.on:
            self.stop()
            self.clear_audio()  # whoever spoke over her was being listened to
            self._engine.answering.loudspeaker.hush()
        self._mode_changed()

    def _unless_silenced(self) -> None:
        if self._panic.on:
            raise MiaError("safety.panic")

    def _mode_changed(self) -> None:
        if self._engine.alive:
            self._tell(facts.ModeChanged, mode=self.mode, muted=self.muted, paused=self.paused)

    def _set_endpointing(self) -> None:
        on = self._endpointing and self.mode != "push-to-talk"
        self._engine.state = replace(self._engine.state, endpointing=on)


def _now() -> float:
    return asyncio.get_running_loop().time()
