"""The replies of a conversation: at most one at a time, from its first token to its last sample.

`Conversation` decides when a reply begins, opens, ducks and ends; here it is done, and what was
really heard of it goes into the history.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from mia.conversation.cores import SPECULATION, Cores
from mia.conversation.filler import Filler
from mia.conversation.heard import Clause, heard_text, heard_words, word_at
from mia.conversation.history import History, Item
from mia.conversation.playback import Silence, Track
from mia.conversation.ports import PLAYING_RATE, Loudspeaker, Prompt, Recollection
from mia.conversation.reply import Mouth, Reply, Told
from mia.conversation.speculation import Boldness, Effort
from mia.conversation.tuning import Tuning
from mia.errors import MiaError
from mia.telemetry import events as facts
from mia.telemetry.events import Event

log = logging.getLogger(__name__)

Ending = Literal["completed", "interrupted", "failed", "cancelled"]

OWN_VOICE_SECONDS = 3.0
"""How far back MIA's own words are looked for in what the microphone hears."""


class Tell(Protocol):
    """Publishes a fact of this conversation, now."""

    def __call__(self, kind: Callable[..., Event], **fields: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who is told how a reply goes: the revision whose reply has its first sound, the one whose
    first sample is heard (a filler's: False), the
    revision that is over, and whatever failed meanwhile."""

    ready: Callable[[int], None]
    sounding: Callable[[Reply, bool], None]
    over: Callable[[int], None]
    trouble: Callable[[MiaError], None]
    recalled: Callable[[Reply], None]
    """Something came to mind for a reply, and is told to the mind."""
    kept: Callable[[str], Awaitable[None]] | None = None
    """Returns once the words of a turn are written down; None: nobody writes."""


class Answering:
    def __init__(
        self,
        conversation_id: str,
        mouth: Mouth,
        history: History,
        tell: Tell,
        listeners: Listeners,
        cores: Cores,
        effort: Effort,
        tuning: Tuning,
    ) -> None:
        self.boldness = Boldness(tuning)
        self.loudspeaker: Loudspeaker = Silence()
        self._id = conversation_id
        self._mouth = mouth
        self._history = history
        self._tell = tell
        self._listeners = listeners
        self._cores = cores
        self._effort = effort
        self._tuning = tuning
        self._paused = False
        """The whole conversation holds its breath."""
        self._reply: Reply | None = None
        self._task: asyncio.Task[None] | None = None
        self._ended: Reply | None = None
        """The newest reply that was ended early, until its listener has said how much of it
        was heard."""
        self._warming: asyncio.Task[None] | None = None

    @property
    def revision(self) -> int | None:
        """The revision that is being answered, gate open or not."""
        return self._reply.revision if self._reply else None

    @property
    def playhead(self) -> tuple[str, float] | None:
        """The reply that is open and how many seconds of its sound were heard; None: there is
        none."""
        if self._reply is None or not self._reply.opened:
            return None
        return self._reply.id, self._reply.track.playhead()

    # ── one reply ────────────────────────────────────────────────────────────────────────────

    def begin(
        self,
        group: asyncio.TaskGroup,
        turn: str,
        revision: int,
        prompt: Prompt,
        thinking: asyncio.Task[Recollection] | None = None,
    ) -> None:
        """Begin a reply behind its closed gate; thinking: what comes to mind for it."""
        if self._warming is not None:
            self._warming.cancel()
        reply_id = f"{self._id}-r{revision}"
        told = Told(
            text=lambda sequence, shown: self._tell(
                facts.ReplyText, turn=turn, reply=reply_id, sequence=sequence, text=shown
            ),
            placed=lambda clause, phonemes: self._placed(turn, reply_id, clause, phonemes),
            ready=lambda: self._listeners.ready(revision),
            sounding=lambda own: self._sounding(revision, own),
            trouble=self._listeners.trouble,
            recalled=lambda _recollection: self._recalled(revision),
            kept=functools.partial(kept, turn) if (kept := self._listeners.kept) else None,
            kept_back=lambda kept: self._tell(
                facts.Notice,
                level="info",
                code="safety.kept_back",
                parameters={"category": kept.category},
            ),
        )
        track = Track(
            reply_id,
            lambda: self.loudspeaker,
            self._tuning,
            lambda begin, samples: self._tell(
                facts.SoundPlaced, reply=reply_id, begin=begin, rate=PLAYING_RATE, samples=samples
            ),
        )
        if self._paused:
            track.pause()
        reply = Reply(
            reply_id,
            turn,
            revision,
            prompt,
            self._mouth,
            track,
            told,
            self._cores,
            self._tuning,
            thinking,
        )
        self._reply = reply
        self._task = group.create_task(self._live(reply))

    @property
    def reply(self) -> Reply | None:
        """The one there is, gate open or not."""
        return self._reply

    def _recalled(self, revision: int) -> None:
        if self._reply is not None and self._reply.revision == revision:
            self._listeners.recalled(self._reply)

    def open(self) -> None:
        """Let the reply be shown and heard."""
        assert self._reply is not None
        self._history.put(Item(self._reply.id, "assistant", "", "in_progress"))
        self._tell(facts.ReplyStarted, turn=self._reply.turn, reply=self._reply.id)
        self._reply.open()

    async def _live(self, reply: Reply) -> None:
        broken = False
        try:
            await reply.run()
        except* Exception as errors:  # a fault in a backend ends this reply, never the talk
            broken = True
            log.exception("reply %s failed", reply.id)
            self._listeners.trouble(MiaError("internal", reason=_first(errors)))
        if reply is self._reply:
            self._reply = self._task = None
            self._learn(reply)
            if reply.opened:
                self._finish(reply, "failed" if broken or reply.failed else "completed")
            self._listeners.over(reply.revision)

    def fill(self, filler: Filler) -> None:
        """The reply is late: have this heard meanwhile."""
        reply = self._reply
        if reply is not None and reply.fill(filler.samples):
            self._tell(facts.FillerStarted, turn=reply.turn, reply=reply.id, text=filler.text)

    def _sounding(self, revision: int, own: bool) -> None:
        if self._reply is not None and self._reply.revision == revision:
            if own:
                self._tell(facts.PlaybackStarted, turn=self._reply.turn, reply=self._reply.id)
            self._listeners.sounding(self._reply, own)

    def _placed(
        self,
        turn: str,
        reply: str,
        clause: Clause,
        phonemes: tuple[tuple[str, float, float], ...],
    ) -> None:
        self._tell(
            facts.SegmentPlaced,
            turn=turn,
            reply=reply,
            sequence=clause.sequence,
            text=clause.text,
            begin=clause.begin,
            finish=clause.finish,
            words=tuple((w.start, w.end, w.begin, w.finish) for w in clause.words),
            phonemes=phonemes,
            timed=clause.timed,
            cues=clause.cues,
        )

    # ── its end ──────────────────────────────────────────────────────────────────────────────

    def drop(self) -> None:
        """Forget the reply, as if it had never been begun; whatever was heard is taken back."""
        reply = self._cancel()
        if reply is None:
            return
        self._effort.answered(reply.worked, used=False)
        if reply.opened:
            self._history.remove(reply.id)
            self._tell(
                facts.ReplyEnded,
                turn=reply.turn,
                reply=reply.id,
                text=reply.text,
                heard="",
                heard_ms=0,
                status="cancelled",
            )

    def end(self, how: Literal["interrupted", "cancelled"]) -> None:
        """End the reply here: no more sound, no more work; the heard words stay."""
        reply = self._cancel()
        if reply is None:
            return
        self._finish(reply, how)
        self._ended = reply
        if how == "interrupted":
            heard_ms = round(reply.track.playhead() * 1000)
            self._tell(facts.Interrupted, turn=reply.turn, reply=reply.id, heard_ms=heard_ms)

    def _cancel(self) -> Reply | None:
        """Stop the sound and every bit of work on the reply there is."""
        reply, self._reply = self._reply, None
        if reply is not None:
            if reply.opened:
                reply.track.stop()
            self._learn(reply)
        if self._task is not None:
            self._task.cancel()
            self._task = None
        return reply

    def _learn(self, reply: Reply) -> None:
        """How long a reply takes to its first sound."""
        if {"started", "first_sound"} <= reply.times.keys():
            self.boldness.took(reply.times["first_sound"] - reply.times["started"])

    def _finish(self, reply: Reply, status: Ending) -> None:
        """Write down what was heard of the reply, and say that it is over."""
        self._effort.answered(reply.worked, used=True)
        complete = status == "completed"
        seconds = reply.track.seconds if complete else reply.track.stop()
        # A complete reply is all there, also a clause whose sound failed: it was to be read.
        heard = reply.text if complete else heard_text(reply.clauses, seconds)
        said = "" if reply.failed else heard
        self._history.heard(reply.id, said, "completed" if complete else "interrupted")
        self._tell(
            facts.ReplyEnded,
            turn=reply.turn,
            reply=reply.id,
            text=reply.text,
            heard=heard,
            said=said,
            heard_ms=round(seconds * 1000),
            status=status,
            underruns=reply.track.underruns,
            evaluated=usage.evaluated if (usage := self._mouth.llm.usage) else None,
        )

    def heard_up_to(self, reply: str, seconds: float) -> None:
        """The listener's own word on how much of a reply was heard."""
        if self._reply is not None and self._reply.id == reply:
            self._reply.track.report(seconds)
        elif self._ended is not None and self._ended.id == reply:
            self._ended.track.report(seconds)
            text = heard_text(self._ended.clauses, self._ended.track.playhead())
            self._history.heard(reply, text, "interrupted")
            self._tell(facts.HeardReported, turn=self._ended.turn, reply=reply, heard=text)

    # ── somebody speaks over it ──────────────────────────────────────────────────────────────

    def words_heard(self) -> int:
        """How many whole words of the running reply were heard."""
        if self._reply is None:
            return 0
        return heard_words(self._reply.clauses, self._reply.track.playhead())

    def last_words(self) -> str:
        """What MIA said in the last few seconds; what a loudspeaker may be echoing."""
        if self._reply is None:
            return ""
        track = self._reply.track
        playhead = max(track.playhead(), track.furthest)
        since = playhead - OWN_VOICE_SECONDS
        recent = [c for c in self._reply.clauses if since < c.finish and c.begin <= playhead]
        return heard_text(recent, playhead)

    def lower(self) -> None:
        """Somebody may be about to speak."""
        if self._reply is not None:
            self._reply.track.duck()

    def raise_(self) -> None:
        """Nobody was."""
        if self._reply is not None:
            self._reply.track.unduck()

    def duck(self) -> None:
        if self._reply is not None:
            self._reply.track.duck()
            self._tell(facts.Ducked, turn=self._reply.turn, reply=self._reply.id)

    def pause(self) -> None:
        if self._reply is not None:
            at = self._reply.track.pause()
            self._tell(
                facts.Paused,
                turn=self._reply.turn,
                reply=self._reply.id,
                heard_ms=round(at * 1000),
            )

    def resume(self) -> None:
        """Go on: at the start of the word that was cut, if the sound was held."""
        if self._reply is not None:
            track = self._reply.track
            at = track.playhead()
            if track.paused:
                at = word_at(self._reply.clauses, at)
            track.resume(at)
            self._tell(
                facts.Unducked,
                turn=self._reply.turn,
                reply=self._reply.id,
                heard_ms=round(at * 1000),
            )

    def hold_breath(self, paused: bool) -> None:
        """Hold this reply's sound, and that of replies to come, or go on."""
        if paused == self._paused:
            return
        self._paused = paused
        if paused:
            self.pause()
        else:
            self.resume()

    # ── between replies ──────────────────────────────────────────────────────────────────────

    def warm(self, group: asyncio.TaskGroup, prompt: Prompt) -> None:
        """While nobody waits for it, let the language model read what is known by now."""
        if self._reply is not None:
            return
        if self._warming is not None:
            self._warming.cancel()
        self._warming = group.create_task(self._warm_up(prompt))

    async def _warm_up(self, prompt: Prompt) -> None:
        try:
            async with self._cores.claim(SPECULATION):
                await self._mouth.llm.warm(prompt)
        except Exception as error:  # a guess in advance must never end the talk
            # It will say so again, to the user, when it is asked for a reply.
            trace = not isinstance(error, MiaError)
            log.info("the language model could not be warmed: %s", error, exc_info=trace)

    def close(self) -> None:
        """The conversation is over: so is the reply."""
        if (reply := self._cancel()) is not None and reply.opened:
            self._finish(reply, "cancelled")


def _first(errors: BaseExceptionGroup[BaseException]) -> str:
    """The first real error of a group, in words."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"
