"""The conversation: what `turns.step` decides, done.

Sound, messages and commands come in through plain calls; each becomes an event for the pure
rules in `turns`, and the effects they answer with are carried out here. Whoever wants to know
what happens listens on the bus.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, get_args

from mia.conversation import moves, overlap
from mia.conversation.answering import Answering, Listeners
from mia.conversation.endpointing import SpeakersPauses, hold
from mia.conversation.history import History, Item
from mia.conversation.listening import Listener
from mia.conversation.parts import Parts
from mia.conversation.playback import Silence
from mia.conversation.ports import (
    Loudspeaker,
    Prompt,
    Samples,
    Transcript,
)
from mia.conversation.recognition import Recogniser, Request
from mia.conversation.reply import Reply
from mia.conversation.script import Script
from mia.conversation.tuning import DEFAULT, Tuning
from mia.conversation.turns import step
from mia.errors import MiaError
from mia.telemetry import events as facts
from mia.telemetry.events import EventBus, Phase

log = logging.getLogger(__name__)


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
        tuning: Tuning = DEFAULT,
    ) -> None:
        self.id = conversation_id
        self.persona = persona
        self.speaker = speaker
        self.language = language
        self.bus = bus
        self.muted = False
        self._parts = parts
        self._tuning = tuning
        self._state = moves.State()
        self._listener = Listener(parts.voice_detector(), tuning)
        self._pauses = SpeakersPauses(tuning)
        self._history = History()
        self._messages = 0
        """How many lines were added without being turns; their ids count on."""
        self._answering = Answering(
            conversation_id,
            parts.mouth,
            self._history,
            self._tell,
            Listeners(self._sounding, self._reply_over, self._report),
            tuning,
        )
        self._recogniser = Recogniser(
            parts.stt, parts.turn_detector, self._understood, self._judged, self._report
        )
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._settled = ""
        """The understood beginning of a long utterance whose sound was let go."""
        self._spoken_language = self._first_language()
        self._completeness: float | None = None
        self._stages: dict[str, float] = {}
        self._script = Script(parts.system_prompt)
        self._group: asyncio.TaskGroup | None = None

    # ── life ─────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Live until cancelled; nothing of the conversation outlives this call."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                group.create_task(self._recogniser.run())
                self._warm()
        finally:
            self._group = None
            for timer in self._timers.values():
                timer.cancel()
            self._timers.clear()
            self._answering.close()

    @property
    def phase(self) -> Phase:
        return self._state.phase

    @property
    def history(self) -> tuple[Item, ...]:
        return self._history.items()

    # ── what channels call ───────────────────────────────────────────────────────────────────

    def hear(self, samples: Samples) -> None:
        """Sound of the speaker, 16 kHz, any length; its last sample was said just now."""
        if self.muted or self._group is None:
            return
        now = asyncio.get_running_loop().time()
        for event in self._listener.hear(samples, now):
            if isinstance(event, moves.Voiced):
                event = replace(event, words_heard=self._answering.words_heard())
            self._happen(event)

    def attach(self, loudspeaker: Loudspeaker) -> None:
        """Replies are heard here from now on; whoever had them until now is hushed."""
        self._answering.loudspeaker.hush()
        self._answering.loudspeaker = loudspeaker

    def detach(self, loudspeaker: Loudspeaker) -> None:
        """This loudspeaker is gone; nobody hears MIA unless another one is attached."""
        if self._answering.loudspeaker is loudspeaker:
            self._answering.loudspeaker = Silence()

    def commit_audio(self) -> None:
        """The speaker has finished, says their client."""
        self._happen(moves.EndUtterance())

    def clear_audio(self) -> None:
        """What the speaker was saying is to be forgotten."""
        self._listener.forget()
        self._settled = ""
        self._happen(moves.Discard())

    def set_endpointing(self, on: bool) -> None:
        """Whether silence ends an utterance; False for push-to-talk, with `commit_audio`."""
        self._state = replace(self._state, endpointing=on)

    def type(self, text: str) -> str:
        """A typed message, to be answered; returns its turn's id."""
        self._happen(moves.Typed(text.strip()))
        return self._turn_id(self._state.turn)

    def add_message(self, role: Literal["system", "user", "assistant"], text: str) -> str:
        """A line of the history that is not answered; returns its id."""
        self._messages += 1
        item_id = f"{self.id}-m{self._messages}"
        self._history.put(Item(item_id, role, text.strip()))
        return item_id

    def remove_message(self, item_id: str) -> bool:
        """Take a line out of the history; whether there was one."""
        return self._history.remove(item_id)

    def respond(self, instructions: str | None = None) -> None:
        """Answer what is there now; `instructions` are for this answer alone."""
        self._script.once = instructions
        self._happen(moves.Typed(None))

    def stop(self) -> None:
        """Be quiet, and stop all work on the reply."""
        self._happen(moves.Stop())

    def heard_up_to(self, reply: str, seconds: float) -> None:
        """The listener's own word on how much of a reply was heard."""
        self._answering.heard_up_to(reply, seconds)

    def mute(self, muted: bool) -> None:
        """Deaf to the speaker's sound, or no longer."""
        self.muted = muted
        if muted:
            self.clear_audio()

    def set_language(self, language: str) -> None:
        """`es`, `en`, … or `auto`; from the next turn on."""
        self.language = language
        self._spoken_language = self._first_language()
        self._warm()

    def instruct(self, text: str | None) -> None:
        """What the language model is told instead of the persona's prompt; None: the persona."""
        self._script.instructions = text
        self._warm()

    # ── the engine ───────────────────────────────────────────────────────────────────────────

    def _happen(self, event: moves.Event) -> None:
        """Let the rules decide what this means, and do it."""
        if self._group is None:
            return
        before = self._state.phase
        self._state, effects = step(
            self._state, event, asyncio.get_running_loop().time(), self._tuning
        )
        for effect in effects:
            getattr(self, _DOES[type(effect)])(effect)
        if self._state.phase != before:
            self._tell(facts.PhaseChanged, phase=self._state.phase, before=before)

    def _tell(self, kind: Callable[..., facts.Event], **fields: Any) -> None:
        self.bus.publish(
            kind(
                at=asyncio.get_running_loop().time(),
                conversation=self.id,
                speaker=self.speaker,
                persona=self.persona,
                **fields,
            )
        )

    def _report(self, error: MiaError) -> None:
        log.warning("%s: %s", error.code, error)
        log.debug("the cause of %s", error.code, exc_info=error.__cause__)
        self._tell(facts.Notice, level="error", code=error.code, parameters=error.parameters)

    def _turn_id(self, turn: int) -> str:
        return f"{self.id}-u{turn}"

    def _first_language(self) -> str:
        return "es" if self.language == "auto" else self.language

    # ── effects: listening ───────────────────────────────────────────────────────────────────

    def _do_listen(self, effect: moves.Listen) -> None:
        if effect.fresh:
            self._listener.renew()
        self._settled = ""
        self._tell(
            facts.SpeechStarted,
            turn=self._turn_id(effect.turn),
            audio_ms=self._listener.onset_ms,
        )

    def _do_guess(self, effect: moves.Guess) -> None:
        self._completeness = None
        language = None if self.language == "auto" else self.language
        if self._listener.voice_seconds < self._tuning.least_speech:
            # A click or a chair: not worth the recogniser's time.
            wait = self._hold(self._settled)
            nothing = moves.Understood(effect.revision, self._settled, wait, "nothing")
            asyncio.get_running_loop().call_soon(self._happen, nothing)
            return
        self._recogniser.ask(Request(effect.revision, self._listener.utterance(), language))

    def _do_go_on(self, effect: moves.GoOn) -> None:
        self._pauses.heard(max(0.0, self._state.onset - self._state.last_voiced))
        if self._state.text and self._listener.seconds > self._tuning.settle_after:
            self._settled = self._state.text
            self._listener.cut()

    def _understood(self, request: Request, transcript: Transcript | None, took: float) -> None:
        if request.revision != self._state.revision:
            return
        said = transcript.text if transcript else ""
        if transcript and self.language == "auto":
            self._spoken_language = transcript.language
        text = f"{self._settled} {said}".strip()
        self._stages["stt"] = took * 1000
        own = self._answering.last_words()
        asked = "?" in own
        self._tell(
            facts.Heard,
            turn=self._turn_id(self._state.turn),
            revision=request.revision,
            text=text,
            language=self._spoken_language,
            final=False,
        )
        self._happen(
            moves.Understood(
                request.revision,
                text,
                self._hold(text),
                overlap.meaning(said, asked=asked, own_words=own),
            )
        )

    def _judged(self, request: Request, completeness: float) -> None:
        if request.revision == self._state.revision:
            self._completeness = completeness
            wait = self._hold(self._state.text or "")
            self._happen(moves.Judged(request.revision, completeness, wait))

    def _hold(self, text: str) -> float:
        return hold(
            text, self._completeness, self._spoken_language, self._pauses.usual, self._tuning
        )

    def _do_abandon(self, effect: moves.Abandon) -> None:
        self._listener.end()
        self._settled = ""
        self._tell(facts.TurnDropped, turn=self._turn_id(effect.turn), reason=effect.reason)

    # ── effects: answering ───────────────────────────────────────────────────────────────────

    def _do_prepare(self, effect: moves.Prepare) -> None:
        turn = self._turn_id(self._state.turn)
        self._begin(turn, effect.revision, effect.text)
        self._tell(facts.Speculated, turn=turn, revision=effect.revision)

    def _do_commit(self, effect: moves.Commit) -> None:
        turn = self._turn_id(effect.turn)
        ready = self._answering.revision == effect.revision
        if not ready:
            self._begin(turn, effect.revision, effect.text)
        if effect.spoken:
            self._tell(facts.SpeechStopped, turn=turn, audio_ms=self._listener.last_voiced_ms)
        else:
            self._state = replace(self._state, last_voiced=asyncio.get_running_loop().time())
        if effect.text is not None:
            self._history.put(Item(turn, "user", effect.text))
            self._tell(
                facts.Heard,
                turn=turn,
                revision=effect.revision,
                text=effect.text,
                language=self._spoken_language,
                final=True,
                typed=not effect.spoken,
            )
        if ready:
            self._tell(facts.SpeculationEnded, turn=turn, revision=effect.revision, committed=True)
        self._answering.open()

    def _begin(self, turn: str, revision: int, text: str | None) -> None:
        assert self._group is not None
        self._answering.begin(self._group, turn, revision, self._prompt(text))

    def _prompt(self, text: str | None) -> Prompt:
        return self._script.prompt(self._history, text, self._spoken_language)

    def _warm(self) -> None:
        if self._group is not None:
            self._answering.warm(self._group, self._prompt(None))

    def _sounding(self, reply: Reply) -> None:
        stages = {**self._stages, **reply.stages(self._state.last_voiced)}
        self._stages = {}
        self._tell(facts.TurnTimed, turn=reply.turn, stages=stages)
        self._happen(moves.Sounding(reply.revision))
        loop = asyncio.get_running_loop()
        loop.call_later(self._tuning.reopen, self._let_go, reply.revision)

    def _let_go(self, revision: int) -> None:
        """The reply is too far on to be taken back: its utterance's sound is not needed."""
        if self._state.replying == revision and self._state.phase == "speaking":
            self._listener.end()

    def _reply_over(self, revision: int) -> None:
        self._happen(moves.ReplyOver(revision))
        if self._state.phase == "idle":
            self._listener.end()
        self._warm()

    def _do_drop(self, effect: moves.Drop) -> None:
        self._answering.drop()
        self._tell(
            facts.SpeculationEnded,
            turn=self._turn_id(self._state.turn),
            revision=effect.revision,
            committed=False,
        )

    def _do_reopen(self, effect: moves.Reopen) -> None:
        turn = self._turn_id(self._state.turn)
        self._answering.drop()
        self._history.remove(turn)
        self._tell(facts.SpeechStarted, turn=turn, audio_ms=self._listener.onset_ms)

    def _do_end(self, effect: moves.End) -> None:
        self._answering.end(effect.how)

    # ── effects: somebody speaks over MIA ────────────────────────────────────────────────────

    def _do_duck(self, effect: moves.Duck) -> None:
        self._listener.renew()
        self._answering.duck()

    def _do_pause(self, effect: moves.Pause) -> None:
        self._answering.pause()

    def _do_resume(self, effect: moves.Resume) -> None:
        self._answering.resume()

    # ── effects: timers ──────────────────────────────────────────────────────────────────────

    def _do_wake(self, effect: moves.Wake) -> None:
        self._do_forget(moves.Forget(effect.timer))
        loop = asyncio.get_running_loop()
        self._timers[effect.timer] = loop.call_at(effect.at, self._elapsed, effect.timer)

    def _do_forget(self, effect: moves.Forget) -> None:
        if timer := self._timers.pop(effect.timer, None):
            timer.cancel()

    def _elapsed(self, timer: moves.Timer) -> None:
        self._timers.pop(timer, None)
        self._happen(moves.Elapsed(timer))


#: Which method carries an effect out: `_do_go_on` for `GoOn`.
_DOES: dict[type, str] = {
    effect: "_do_" + re.sub(r"(?<!^)(?=[A-Z])", "_", effect.__name__).lower()
    for effect in get_args(moves.Effect)
}
