"""The conversation: what `turns.step` decides, done.

Sound, messages and commands come in through plain calls; each becomes an event for the pure
rules in `turns`, and the effects they answer with are carried out here. Whoever wants to know
what happens listens on the bus.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from mia.conversation import moves, overlap
from mia.conversation.endpointing import SpeakersPauses, hold
from mia.conversation.heard import Clause, heard_text, heard_words, word_at
from mia.conversation.history import History, Item
from mia.conversation.listening import Listener
from mia.conversation.playback import Silence, Track
from mia.conversation.ports import (
    HEARING_RATE,
    Loudspeaker,
    Message,
    Prompt,
    Samples,
    SpeechToText,
    Transcript,
    TurnDetector,
    VoiceDetector,
)
from mia.conversation.recognition import Recogniser, Request
from mia.conversation.reply import Mouth, Reply, Told
from mia.conversation.tuning import DEFAULT, Tuning
from mia.conversation.turns import step
from mia.errors import MiaError
from mia.telemetry import events as facts
from mia.telemetry.events import EventBus, Phase

log = logging.getLogger(__name__)

OWN_VOICE_SECONDS = 3.0
"""How far back MIA's own words are looked for in what the microphone hears."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a conversation is put together from; each is a port."""

    mouth: Mouth
    stt: SpeechToText
    turn_detector: TurnDetector | None
    voice_detector: Callable[[], VoiceDetector]
    system_prompt: Callable[[str], str]
    """The persona's prompt in a language (ISO 639-1)."""


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
        self._loudspeaker: Loudspeaker = Silence()
        self._recogniser = Recogniser(
            parts.stt, parts.turn_detector, self._understood, self._judged, self._report
        )
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._reply: Reply | None = None
        self._reply_task: asyncio.Task[None] | None = None
        self._ended: Reply | None = None
        """The newest reply that was ended early, until its listener has said how much of it
        was heard."""
        self._settled = ""
        """The understood beginning of a long utterance whose sound was let go."""
        self._spoken_language = self._first_language()
        self._completeness: float | None = None
        self._stages: dict[str, float] = {}
        self._instructions: str | None = None
        self._extra: str | None = None
        self._group: asyncio.TaskGroup | None = None
        self._warming: asyncio.Task[None] | None = None

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
            if self._reply is not None:
                self._finish(self._reply, "cancelled")

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
            if isinstance(event, moves.Voiced) and self._reply is not None:
                words = heard_words(self._reply.clauses, self._reply.track.playhead())
                event = replace(event, words_heard=words)
            self._happen(event)

    def attach(self, loudspeaker: Loudspeaker) -> None:
        """Replies are heard here from now on; whoever had them until now is hushed."""
        self._loudspeaker.hush()
        self._loudspeaker = loudspeaker

    def detach(self, loudspeaker: Loudspeaker) -> None:
        """This loudspeaker is gone; nobody hears MIA unless another one is attached."""
        if self._loudspeaker is loudspeaker:
            self._loudspeaker = Silence()

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
        item_id = f"{self.id}-m{len(self._history) + 1}"
        self._history.put(Item(item_id, role, text.strip()))
        return item_id

    def remove_message(self, item_id: str) -> bool:
        """Take a line out of the history; whether there was one."""
        return self._history.remove(item_id)

    def respond(self, instructions: str | None = None) -> None:
        """Answer what is there now; `instructions` are for this answer alone."""
        self._extra = instructions
        self._happen(moves.Typed(None))

    def stop(self) -> None:
        """Be quiet, and stop all work on the reply."""
        self._happen(moves.Stop())

    def heard_up_to(self, reply: str, seconds: float) -> None:
        """The listener's own word on how much of a reply was heard."""
        if self._reply is not None and self._reply.id == reply:
            self._reply.track.report(seconds)
        elif self._ended is not None and self._ended.id == reply:
            self._ended.track.report(seconds)
            text = heard_text(self._ended.clauses, self._ended.track.playhead())
            self._history.heard(reply, text, "interrupted")

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
        self._instructions = text
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
        log.warning("%s: %s", error.code, error, exc_info=error.__cause__)
        self._tell(facts.Notice, level="error", code=error.code, parameters=error.parameters)

    def _turn_id(self, turn: int) -> str:
        return f"{self.id}-u{turn}"

    def _first_language(self) -> str:
        return "es" if self.language == "auto" else self.language

    # ── effects: listening ───────────────────────────────────────────────────────────────────

    def _do_listen(self, effect: moves.Listen) -> None:
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
        own = ""
        asked = False
        if self._reply is not None:
            playhead = self._reply.track.playhead()
            recent = [c for c in self._reply.clauses if c.finish > playhead - OWN_VOICE_SECONDS]
            own = heard_text([c for c in recent if c.begin <= playhead], playhead)
            asked = own.rstrip("—").rstrip().endswith("?")
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
        self._begin_reply(effect.revision, effect.text)
        self._tell(
            facts.Speculated,
            turn=self._turn_id(self._state.turn),
            revision=effect.revision,
        )

    def _do_commit(self, effect: moves.Commit) -> None:
        turn = self._turn_id(effect.turn)
        ready = self._reply is not None and self._reply.revision == effect.revision
        if not effect.spoken:
            self._state = replace(self._state, last_voiced=asyncio.get_running_loop().time())
        if not ready:
            self._begin_reply(effect.revision, effect.text)
        if effect.spoken:
            self._tell(facts.SpeechStopped, turn=turn, audio_ms=self._listener.last_voiced_ms)
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
            self._tell(
                facts.SpeculationEnded, turn=turn, revision=effect.revision, committed=True
            )
        assert self._reply is not None
        self._history.put(Item(self._reply.id, "assistant", "", "in_progress"))
        self._tell(facts.ReplyStarted, turn=turn, reply=self._reply.id)
        self._reply.open()

    def _begin_reply(self, revision: int, text: str | None) -> None:
        assert self._group is not None
        if self._warming is not None:
            self._warming.cancel()
        reply_id = f"{self.id}-r{revision}"
        track = Track(reply_id, lambda: self._loudspeaker, self._tuning)
        told = Told(
            text=lambda sequence, shown: self._tell_reply(
                facts.ReplyText, reply_id, sequence=sequence, text=shown
            ),
            placed=lambda clause, phonemes: self._placed(reply_id, clause, phonemes),
            sounding=lambda: self._sounding(revision),
            trouble=self._report,
        )
        prompt = self._prompt(text)
        self._reply = Reply(
            reply_id, revision, prompt, self._parts.mouth, track, told, self._tuning
        )
        self._reply_task = self._group.create_task(self._live(self._reply))

    def _prompt(self, text: str | None) -> Prompt:
        system = self._instructions
        if system is None:
            system = self._parts.system_prompt(self._spoken_language)
        messages = (Message("system", system), *self._history.messages())
        if self._extra:
            messages += (Message("system", self._extra),)
            self._extra = None
        if text is not None:
            if messages[-1].role == "user":
                text = f"{messages[-1].content} {text}"
                messages = messages[:-1]
            messages += (Message("user", text),)
        return Prompt(messages, self._spoken_language)

    async def _live(self, reply: Reply) -> None:
        await reply.run()
        if reply is self._reply:
            if reply.opened:
                self._finish(reply, "failed" if reply.failed else "completed")
            else:
                self._reply = None
            self._happen(moves.ReplyOver(reply.revision))
            self._warm()

    def _tell_reply(self, kind: Callable[..., facts.Event], reply: str, **fields: Any) -> None:
        self._tell(kind, turn=self._turn_id(self._state.turn), reply=reply, **fields)

    def _placed(
        self, reply: str, clause: Clause, phonemes: tuple[tuple[str, float, float], ...]
    ) -> None:
        self._tell_reply(
            facts.SegmentPlaced,
            reply,
            sequence=clause.sequence,
            text=clause.text,
            begin=clause.begin,
            finish=clause.finish,
            words=tuple((w.start, w.end, w.begin, w.finish) for w in clause.words),
            phonemes=phonemes,
        )

    def _sounding(self, revision: int) -> None:
        reply = self._reply
        if reply is None or reply.revision != revision:
            return
        self._tell_reply(facts.PlaybackStarted, reply.id)
        stages = {**self._stages, **reply.stages(self._state.last_voiced)}
        self._stages = {}
        self._tell(facts.TurnTimed, turn=self._turn_id(self._state.turn), stages=stages)
        self._happen(moves.Sounding(revision))
        loop = asyncio.get_running_loop()
        loop.call_later(self._tuning.reopen, self._let_go, revision)

    def _let_go(self, revision: int) -> None:
        """The reply is too far on to be taken back: its utterance's sound is not needed."""
        if self._state.replying == revision and self._state.phase == "speaking":
            self._listener.end()

    # ── effects: ending ──────────────────────────────────────────────────────────────────────

    def _do_drop(self, effect: moves.Drop) -> None:
        self._cancel_reply()
        self._tell(
            facts.SpeculationEnded,
            turn=self._turn_id(self._state.turn),
            revision=effect.revision,
            committed=False,
        )

    def _do_reopen(self, effect: moves.Reopen) -> None:
        turn = self._turn_id(self._state.turn)
        reply = self._cancel_reply()
        self._history.remove(turn)
        if reply is not None:
            self._history.remove(reply.id)
            self._tell_reply(
                facts.ReplyEnded,
                reply.id,
                text=reply.text,
                heard="",
                heard_ms=0,
                status="cancelled",
            )
        self._tell(
            facts.SpeechStarted, turn=turn, audio_ms=self._listener.onset_ms
        )

    def _do_end(self, effect: moves.End) -> None:
        reply = self._cancel_reply()
        if reply is None:
            return
        self._finish(reply, effect.how)
        if effect.how == "interrupted":
            self._tell_reply(
                facts.Interrupted, reply.id, heard_ms=round(reply.track.playhead() * 1000)
            )
        self._ended = reply

    def _cancel_reply(self) -> Reply | None:
        """Stop the sound and every bit of work on the reply there is."""
        reply, self._reply = self._reply, None
        if reply is not None and reply.opened:
            reply.track.stop()
        if self._reply_task is not None:
            self._reply_task.cancel()
            self._reply_task = None
        return reply

    def _finish(
        self, reply: Reply, status: Literal["completed", "interrupted", "failed", "cancelled"]
    ) -> None:
        """Write down what was heard of the reply, and say that it is over."""
        seconds = reply.track.stop() if status != "completed" else reply.track.seconds
        heard = heard_text(reply.clauses, seconds)
        if status == "completed":
            # Also what had no sound (a clause whose synthesis failed) was there to be read.
            heard = reply.text
        self._history.heard(
            reply.id, heard, "completed" if status == "completed" else "interrupted"
        )
        self._tell_reply(
            facts.ReplyEnded,
            reply.id,
            text=reply.text,
            heard=heard,
            heard_ms=round(seconds * 1000),
            status=status,
        )
        if reply is self._reply:
            self._reply = None

    def _warm(self) -> None:
        """While nobody waits for it, let the language model read what is known by now."""
        if self._group is None or self._reply is not None:
            return
        if self._warming is not None:
            self._warming.cancel()
        self._warming = self._group.create_task(self._warm_up(self._prompt(None)))

    async def _warm_up(self, prompt: Prompt) -> None:
        try:
            await self._parts.mouth.llm.warm(prompt)
        except MiaError as error:
            # It will say so again, to the user, when it is asked for a reply.
            log.info("the language model could not be warmed: %s", error)

    # ── effects: somebody speaks over MIA ────────────────────────────────────────────────────

    def _do_duck(self, effect: moves.Duck) -> None:
        self._listener.renew()
        if self._reply is not None:
            self._reply.track.duck()
            self._tell_reply(facts.Ducked, self._reply.id)

    def _do_pause(self, effect: moves.Pause) -> None:
        if self._reply is not None:
            self._reply.track.pause()

    def _do_resume(self, effect: moves.Resume) -> None:
        if self._reply is not None:
            track = self._reply.track
            track.resume(word_at(self._reply.clauses, track.playhead()))
            self._tell_reply(facts.Unducked, self._reply.id)

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


#: Which method carries an effect out.
_DOES: dict[type, str] = {
    moves.Listen: "_do_listen",
    moves.Guess: "_do_guess",
    moves.GoOn: "_do_go_on",
    moves.Prepare: "_do_prepare",
    moves.Commit: "_do_commit",
    moves.Drop: "_do_drop",
    moves.Reopen: "_do_reopen",
    moves.Duck: "_do_duck",
    moves.Pause: "_do_pause",
    moves.Resume: "_do_resume",
    moves.End: "_do_end",
    moves.Abandon: "_do_abandon",
    moves.Wake: "_do_wake",
    moves.Forget: "_do_forget",
}

__all__ = ["HEARING_RATE", "Conversation", "Parts"]
