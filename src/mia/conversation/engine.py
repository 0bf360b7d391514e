"""The turn engine's hands: what `turns.step` decides, done.

Every event goes to the pure rules, and each effect they answer with has one method here.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import get_args

from mia.conversation import ears, moves, overlap
from mia.conversation.answering import Answering, Listeners, Tell
from mia.conversation.attention import Attention
from mia.conversation.company import Company
from mia.conversation.ears import Ears
from mia.conversation.filler import Fillers
from mia.conversation.gathering import Gathering, ears_of
from mia.conversation.history import History, Item
from mia.conversation.parts import Parts
from mia.conversation.ports import Asking, Prompt, Recollection, Samples, Transcript
from mia.conversation.remembering import Remembering, with_memories
from mia.conversation.reply import Reply
from mia.conversation.room import RoomEars
from mia.conversation.script import Script
from mia.conversation.speakers import Line, Speaker, plain
from mia.conversation.speculation import Effort
from mia.conversation.timers import Timers
from mia.conversation.tuning import Tuning
from mia.conversation.turns import step
from mia.errors import MiaError
from mia.telemetry import events as facts

log = logging.getLogger(__name__)


class Engine:
    """One conversation's turns: events in, work and facts out."""

    def __init__(
        self,
        conversation_id: str,
        parts: Parts,
        attention: Attention,
        tell: Tell,
        *,
        filler: bool,
        tuning: Tuning,
        asking: Callable[[str], Asking],
        takes_floor: Callable[[Speaker], None] = lambda _speaker: None,
    ) -> None:
        """asking: who speaks with whom, in a language. takes_floor: told who speaks now, where
        `attention` is that of a room."""
        self.state = moves.State()
        self.history = History()
        self.script = Script(parts.system_prompt)
        self._id = conversation_id
        self._parts = parts
        self._attention = attention
        self._tell = tell
        self._tuning = tuning
        self._effort = Effort(self._worked)
        self._remembering = Remembering(parts.memory, lambda: asking(self.ears.heard_language))
        self.answering = Answering(
            conversation_id,
            parts.mouth,
            self.history,
            tell,
            Listeners(
                self._ready,
                self._sounding,
                self._reply_over,
                self._report,
                self._recalled,
                self._remembering.kept if parts.memory is not None else None,
            ),
            parts.cores,
            self._effort,
            tuning,
        )
        told = ears.Told(self._understood, self._judged, self._report)
        self.gathering: Gathering | None = None
        """Who is there, where several people speak."""
        self.ears: Ears | RoomEars
        if isinstance(attention, Company):
            self.gathering = Gathering(
                conversation_id,
                attention,
                parts,
                self.history,
                tell,
                told,
                self._effort,
                tuning,
                takes_floor,
            )
            self.ears = self.gathering.ears
        else:
            self.ears = ears_of(parts, self._effort, told, tuning)
        self._fillers = Fillers(parts.fillers, tuning) if filler else None
        self._timers = Timers(lambda timer: self.happen(moves.Elapsed(timer)))
        self._stages: dict[str, float] = {}
        self._group: asyncio.TaskGroup | None = None

    # ── life ─────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Live until cancelled; no work and no timer outlives this call."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                group.create_task(self.ears.run())
                self.warm()
                self.make_fillers()
        finally:
            self._group = None
            self._timers.close()
            self.answering.close()

    @property
    def alive(self) -> bool:
        return self._group is not None

    def hear(self, samples: Samples) -> None:
        """Sound of the speaker, whose last sample was said just now."""
        if isinstance(self.ears, Ears):
            self.happen_all(self.ears.hear(samples))

    def happen_all(self, events: Iterator[moves.Event]) -> None:
        """What the ears made out, one after the other: each may change what comes of the next."""
        for event in events:
            if isinstance(event, moves.Voiced):
                event = replace(event, words_heard=self.answering.words_heard())
            self.happen(event)

    def make_fillers(self) -> None:
        """Have fillers in the language that is spoken, by and by."""
        if self._group is not None and self._fillers is not None:
            parts, language = self._parts, self.ears.heard_language
            self._group.create_task(parts.fillers.make(language, parts.mouth, parts.cores))

    def warm(self, text: str | None = None) -> None:
        """Let the mind read what is known by now: the history, and what is being said."""
        if self._group is not None:
            prompt = self._prompt(text)
            if text is not None:
                prompt = with_memories(prompt, self._remembering.lately())
            self.answering.warm(self._group, prompt)

    def _come_to_mind(self, text: str) -> None:
        """Look up what fits the words so far; the mind reads them once that is there, since it
        stands before them."""
        assert self._group is not None
        thinking = self._remembering.think(self._group, text)
        if thinking is None:
            self.warm(text)
        else:
            thinking.add_done_callback(lambda done: self._came_to_mind(text, done))

    def _came_to_mind(self, text: str, thought: asyncio.Task[Recollection]) -> None:
        if not thought.cancelled() and self.state.phase == "listening":
            self.warm(text)

    def happen(self, event: moves.Event) -> None:
        """Let the rules decide what this means, and do it."""
        if self._group is None:
            return
        before = self.state.phase
        self.state, effects = step(
            self.state, event, self._now(), self._attention.tuning(self._tuning)
        )
        for effect in effects:
            getattr(self, _DOES[type(effect)])(effect)
        if self.state.phase != before:
            if self.gathering is not None:
                self.gathering.goes_through(self.state.phase)
            self._tell(facts.PhaseChanged, phase=self.state.phase, before=before)

    def turn_id(self, turn: int) -> str:
        return f"{self._id}-u{turn}"

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    def _report(self, error: MiaError) -> None:
        if "text" in error.parameters:
            log.warning("%s", error.code)  # what is said is for no log
        else:
            log.warning("%s: %s", error.code, error)
        log.debug("the cause of %s", error.code, exc_info=error.__cause__)
        self._tell(facts.Notice, level="error", code=error.code, parameters=error.parameters)

    def _worked(self, part: str, seconds: float, used: bool) -> None:
        self._tell(facts.Worked, part=part, seconds=seconds, used=used)

    # ── effects: listening ───────────────────────────────────────────────────────────────────

    def _do_listen(self, effect: moves.Listen) -> None:
        self.ears.begin(fresh=effect.fresh)
        self._tell(
            facts.SpeechStarted,
            turn=self.turn_id(effect.turn),
            audio_ms=self.ears.listener.onset_ms,
        )

    def _do_peek(self, effect: moves.Peek) -> None:
        self.ears.peek()

    def _do_guess(self, effect: moves.Guess) -> None:
        self.ears.guess(effect.revision)

    def _do_go_on(self, effect: moves.GoOn) -> None:
        self.ears.go_on(self.state.onset - self.state.last_voiced, self.state.text)

    def _understood(self, revision: int | None, text: str, said: Transcript) -> None:
        if self.ears.stt_seconds is not None:
            self._stages["stt"] = self.ears.stt_seconds * 1000
        self._tell(
            facts.Heard,
            turn=self.turn_id(self.state.turn),
            revision=revision or 0,
            text=text,
            language=self.ears.heard_language,
            final=False,
        )
        if revision is None:
            if self.state.phase == "listening":
                # The mind reads on while the user is still speaking; what it has read of words
                # that turn out otherwise is read anew from the first that does.
                self._come_to_mind(text)
            return
        own = self.answering.last_words()
        brief = self.ears.listener.voice_seconds <= self._tuning.brief
        doubted = brief and said.confidence < self._tuning.doubt
        meaning = overlap.meaning(said.text, asked="?" in own, own_words=own, doubted=doubted)
        hold, judging = self.ears.hold(text), self.ears.judging
        early = self.answering.boldness.head_start(hold, judging=judging)
        if self.gathering is None:
            meant = self._attention.meant(text)
        else:
            meant, meaning = self.gathering.read(text, meaning)
        self.happen(moves.Understood(revision, text, hold, meaning, early, meant))
        if isinstance(self.ears, RoomEars) and self.state.phase == "speaking":
            self.ears.let_pass()

    def _judged(self, revision: int, completeness: float) -> None:
        if revision == self.state.revision:
            wait = self.ears.hold(self.state.text or "")
            self.happen(moves.Judged(revision, completeness, wait))

    def _do_abandon(self, effect: moves.Abandon) -> None:
        self.ears.end()
        if isinstance(self.ears, RoomEars):
            self.ears.let_pass()
        self._effort.settled(None)
        self._tell(facts.TurnDropped, turn=self.turn_id(effect.turn), reason=effect.reason)

    # ── effects: answering ───────────────────────────────────────────────────────────────────

    def _do_prepare(self, effect: moves.Prepare) -> None:
        turn = self.turn_id(self.state.turn)
        self._begin(turn, effect.revision, effect.text)
        self._tell(facts.Speculated, turn=turn, revision=effect.revision)

    def _do_commit(self, effect: moves.Commit) -> None:
        turn = self.turn_id(effect.turn)
        ready = self.answering.revision == effect.revision
        if not ready:
            self._begin(turn, effect.revision, effect.text)
        if effect.spoken:
            end = self.ears.listener.last_voiced_ms
            self._tell(facts.SpeechStopped, turn=turn, audio_ms=end)
        else:
            self.state = replace(self.state, last_voiced=self._now())
        lines: tuple[Line, ...] = ()
        if self.gathering is not None:
            lines = self.gathering.answers(spoken=effect.spoken)
        if effect.text is not None:
            forgotten = self._remembering.forget_before(self.history, effect.text, turn)
            self.history.put(Item(turn, "user", effect.text, lines=lines))
            self._tell(
                facts.Heard,
                turn=turn,
                revision=effect.revision,
                text=effect.text,
                language=self.ears.heard_language,
                final=True,
                typed=not effect.spoken,
                lines=plain(lines),
                instead=effect.instead,
            )
            if forgotten:
                self._tell(facts.Forgotten, turn=turn, items=forgotten)
            if (reply := self.answering.reply) is not None:
                self._put_recalled(reply, turn)
        if ready:
            self._guessed(turn, effect.revision, hit=True)
        if self._fillers is not None and effect.spoken:
            self._do_wake(moves.Wake("filler", self.state.last_voiced + self._tuning.filler))
        self.answering.open()

    def _begin(self, turn: str, revision: int, text: str | None) -> None:
        assert self._group is not None
        thinking = self._remembering.think(self._group, text) if text else None
        self.answering.begin(self._group, turn, revision, self._prompt(text), thinking)

    def _recalled(self, reply: Reply) -> None:
        if reply.opened:
            self._put_recalled(reply, reply.turn)

    def _put_recalled(self, reply: Reply, turn: str) -> None:
        """What came to mind for this turn stands before its words from now on."""
        item = self.history.find(turn)
        if item is not None and reply.recollection.note:
            self.history.put(replace(item, recalled=reply.recollection))
            used = reply.recollection.memories
            self._tell(facts.MemoriesUsed, turn=turn, reply=reply.id, memories=used)

    def _prompt(self, text: str | None) -> Prompt:
        history = self._remembering.left_of(self.history, text, self.turn_id(self.state.turn))
        return self.script.prompt(history, text, self.ears.heard_language)

    def _guessed(self, turn: str, revision: int, *, hit: bool) -> None:
        self.answering.boldness.ended(hit=hit)
        self._tell(facts.SpeculationEnded, turn=turn, revision=revision, committed=hit)

    def _ready(self, revision: int) -> None:
        self.happen(moves.Ready(revision))

    def _sounding(self, reply: Reply, own: bool) -> None:
        if own:
            stages = {**self._stages, **reply.stages(self.state.last_voiced)}
            self._stages = {}
            self._tell(facts.TurnTimed, turn=reply.turn, stages=stages)
            asyncio.get_running_loop().call_later(self._tuning.reopen, self._let_go, reply.revision)
        self.happen(moves.Sounding(reply.revision))

    def _let_go(self, revision: int) -> None:
        """The reply is too far on to be taken back: its utterance's sound is not needed."""
        if self.state.replying == revision and self.state.phase == "speaking":
            self.ears.end()

    def _reply_over(self, revision: int) -> None:
        self._attention.spoke()
        self._effort.settled(revision)
        self._remembering.forget()
        self.happen(moves.ReplyOver(revision))
        if self.state.phase == "idle":
            self.ears.end()
        self.warm()
        if isinstance(self.ears, RoomEars) and self.state.phase == "idle":
            since = self.ears.waiting
            if since is not None:
                # Somebody spoke meanwhile whose voice could not have the floor: now it has.
                self.happen(moves.Voiced(self._now()))
                self.happen(moves.Silent(since))

    def _do_drop(self, effect: moves.Drop) -> None:
        self.answering.drop()
        self._guessed(self.turn_id(self.state.turn), effect.revision, hit=False)

    def _do_reopen(self, effect: moves.Reopen) -> None:
        turn = self.turn_id(self.state.turn)
        self.answering.drop()
        if isinstance(self.ears, RoomEars):
            self.ears.take_back()
        self.history.remove(turn)
        self._tell(facts.Reopened, turn=turn)
        self._tell(facts.SpeechStarted, turn=turn, audio_ms=self.ears.listener.onset_ms)

    def _do_end(self, effect: moves.End) -> None:
        self._attention.spoke()
        self._effort.settled(effect.revision)
        self._remembering.forget()
        self.answering.end(effect.how)

    def _do_fill(self, effect: moves.Fill) -> None:
        assert self._fillers is not None
        filler = self._fillers.next(self.state.turn, self.ears.heard_language)
        if filler is not None:
            self.answering.fill(filler)

    # ── effects: somebody speaks over MIA ────────────────────────────────────────────────────

    def _do_lower(self, effect: moves.Lower) -> None:
        self.answering.lower()

    def _do_raise(self, effect: moves.Raise) -> None:
        self.answering.raise_()

    def _do_duck(self, effect: moves.Duck) -> None:
        self.ears.begin(fresh=True)
        self.answering.duck()

    def _do_pause(self, effect: moves.Pause) -> None:
        self.answering.pause()

    def _do_resume(self, effect: moves.Resume) -> None:
        self.answering.resume()

    # ── effects: timers ──────────────────────────────────────────────────────────────────────

    def _do_wake(self, effect: moves.Wake) -> None:
        self._timers.wake(effect.timer, effect.at)

    def _do_forget(self, effect: moves.Forget) -> None:
        self._timers.forget(effect.timer)


#: Which method carries an effect out: `_do_go_on` for `GoOn`.
_DOES: dict[type, str] = {
    effect: "_do_" + re.sub(r"(?<!^)(?=[A-Z])", "_", effect.__name__).lower()
    for effect in get_args(moves.Effect)
}
