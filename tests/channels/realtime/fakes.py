"""A conversation that follows the real one's API and says what the script says, at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mia.channels.realtime.talk import Disconnected
from mia.conversation.ports import (
    HEARING_RATE,
    PLAYING_RATE,
    Block,
    InputMode,
    Loudspeaker,
    Role,
    Samples,
)
from mia.telemetry import events as bus
from mia.telemetry.events import EventBus, Phase

LOUD = 0.1
BLOCK = PLAYING_RATE // 50


@dataclass(frozen=True, slots=True)
class FakeItem:
    id: str
    role: str
    text: str
    status: str = "completed"


class FakeTalk:
    """Loud sound is speech, `commit_audio` (or 300 ms of silence) ends it.

    says: what the user is understood to say. answers: what MIA answers. holds: keep the reply
    open until `finish`, `interrupt` or `stop`.
    """

    def __init__(
        self,
        id_: str = "stage",
        events: EventBus | None = None,
        *,
        says: str = "¿Qué hora es?",
        answers: tuple[str, ...] = ("Son las tres.", "¿Y en tu casa?"),
        holds: bool = False,
    ) -> None:
        self.id = id_
        self.bus = events or EventBus()
        self.persona = "mia"
        self.language = "es"
        self.muted = False
        self.paused = False
        self.panic = False
        self.mode: InputMode = "hands-free"
        self.pressed = False
        self.phase: Phase = "idle"
        self.says = says
        self.answers = answers
        self.holds = holds
        self.history: tuple[FakeItem, ...] = ()
        self.calls: list[tuple[Any, ...]] = []
        self.heard = np.zeros(0, np.float32)
        self.loudspeakers: list[Loudspeaker] = []
        self.running = 0
        self.answering = asyncio.Event()
        """A reply was begun."""
        self._endpointing = True
        self._voiced = False
        self._quiet = 0
        self._turn = 0
        self._reply: tuple[str, str] | None = None
        self._offset = 0
        self._started = False
        self.playing_since: float | None = None
        """The playhead moves since then, on the loop's clock; None: it is where the sound ends."""

    # ── the API ──────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        self.running += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.running -= 1

    def hear(self, samples: Samples) -> None:
        self.heard = np.concatenate((self.heard, samples))
        for at in range(0, len(samples), 320):
            loud = bool(len(samples[at : at + 320])) and np.abs(samples[at : at + 320]).max() > LOUD
            if loud and not self._voiced and not self.muted:
                self._voiced = True
                self._turn += 1
                self._tell(bus.SpeechStarted, turn=self.turn, audio_ms=self._ms())
                self._phase("listening")
            self._quiet = 0 if loud else self._quiet + 320
            if self._voiced and self._endpointing and self._quiet >= 0.3 * HEARING_RATE:
                self.commit_audio()

    def attach(self, loudspeaker: Loudspeaker) -> None:
        for known in self.loudspeakers:
            known.hush()
        self.loudspeakers = [loudspeaker]

    def detach(self, loudspeaker: Loudspeaker) -> None:
        if loudspeaker in self.loudspeakers:
            self.loudspeakers.remove(loudspeaker)

    def commit_audio(self) -> None:
        self.calls.append(("commit_audio",))
        if not self._voiced:
            return
        self._voiced = False
        self._tell(bus.SpeechStopped, turn=self.turn, audio_ms=self._ms())
        if not self.says:
            self._tell(bus.TurnDropped, turn=self.turn, reason="no words")
            self._phase("idle")
            return
        self._tell(bus.Heard, turn=self.turn, revision=1, text=self.says, language="es", final=True)
        self.history += (FakeItem(self.turn, "user", self.says),)
        self.answer()

    def clear_audio(self) -> None:
        self.calls.append(("clear_audio",))
        if self._voiced:
            self._voiced = False
            self._tell(bus.TurnDropped, turn=self.turn, reason="discarded")
            self._phase("idle")

    def set_endpointing(self, on: bool) -> None:
        self._endpointing = on

    def type(self, text: str, instead: str = "") -> str:
        self._turn += 1
        self.history += (FakeItem(self.turn, "user", text),)
        self._tell(
            bus.Heard,
            turn=self.turn,
            revision=1,
            text=text,
            language="es",
            final=True,
            typed=True,
            instead=instead,
        )
        self.answer()
        return self.turn

    def add_message(self, role: Role, text: str) -> str:
        id_ = f"{self.id}-m{len(self.history) + 1}"
        self.history += (FakeItem(id_, role, text),)
        return id_

    def remove_message(self, item_id: str) -> bool:
        before = len(self.history)
        self.history = tuple(item for item in self.history if item.id != item_id)
        return len(self.history) < before

    def respond(self, instructions: str | None = None) -> None:
        self.calls.append(("respond", instructions))
        newest = self.history[-1] if self.history else None
        if newest is not None and newest.role == "user" and newest.id.startswith(f"{self.id}-m"):
            self.remove_message(newest.id)
            self.type(newest.text, newest.id)
            return
        self._turn += 1
        self.answer()

    def again(self) -> str | None:
        said = [item for item in self.history if item.role == "assistant"]
        if not said:
            return None
        self.remove_message(said[-1].id)
        self.respond()
        return said[-1].id

    def stop(self) -> None:
        self.calls.append(("stop",))
        if self._reply is not None:
            self._end("cancelled")

    def heard_up_to(self, reply: str, seconds: float) -> None:
        self.calls.append(("heard_up_to", reply, seconds))

    def mute(self, muted: bool) -> None:
        self.muted = muted
        self._mode_changed()

    def pause(self, paused: bool) -> None:
        self.paused = paused
        self._mode_changed()

    def set_mode(self, mode: InputMode) -> None:
        self.mode = mode
        self._mode_changed()

    def press(self) -> None:
        self.calls.append(("press",))
        self.pressed = True

    def release(self) -> None:
        self.calls.append(("release",))
        self.pressed = False

    def _mode_changed(self) -> None:
        self.tell(bus.ModeChanged, mode=self.mode, muted=self.muted, paused=self.paused)

    def set_language(self, language: str) -> None:
        self.language = language

    def instruct(self, text: str | None) -> None:
        self.calls.append(("instruct", text))

    # ── the script ───────────────────────────────────────────────────────────────────────────

    @property
    def turn(self) -> str:
        return f"{self.id}-u{self._turn}"

    @property
    def reply(self) -> str:
        assert self._reply is not None
        return self._reply[1]

    def answer(self) -> None:
        """Begin a reply, and unless it `holds` say all of it."""
        turn, reply = self._reply = (self.turn, f"{self.id}-r{self._turn}")
        self._offset = 0
        self.history += (FakeItem(reply, "assistant", "", "in_progress"),)
        self.answering.set()
        self._phase("committed")
        self._tell(bus.ReplyStarted, turn=turn, reply=reply)
        for sequence, text in enumerate(self.answers):
            self._tell(bus.ReplyText, turn=turn, reply=reply, sequence=sequence, text=text)
            self._tell(
                bus.SegmentPlaced,
                turn=turn,
                reply=reply,
                sequence=sequence,
                text=text,
                begin=sequence * 0.1,
                finish=(sequence + 1) * 0.1,
                words=((0, len(text), sequence * 0.1, (sequence + 1) * 0.1),),
                phonemes=(("s", sequence * 0.1, sequence * 0.1 + 0.02),),
            )
            for _ in range(5):
                self.say()
            if sequence == 0:
                self._tell(bus.PlaybackStarted, turn=turn, reply=reply)
                stages = {"stt": 310.04, "v2v": 820.06}
                self._tell(bus.TurnTimed, turn=turn, stages=stages)
                self._phase("speaking")
        if not self.holds:
            self.finish()

    def say(self, offset: int | None = None) -> None:
        """One block of 20 ms, a 440 Hz tone."""
        if offset is not None:
            self._offset = offset
        time = (self._offset + np.arange(BLOCK)) / PLAYING_RATE
        tone = (0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
        for loudspeaker in self.loudspeakers:
            loudspeaker.play(Block(self.reply, self._offset, tone))
        self._offset += BLOCK

    def finish(self) -> None:
        self._end("completed")

    def fail(self, code: str = "llm.stalled") -> None:
        self._tell(bus.Notice, level="error", code=code)
        self._end("failed")

    def interrupt(self) -> None:
        """Somebody means it: as the real engine, the end of the reply is told first."""
        for loudspeaker in self.loudspeakers:
            loudspeaker.hush()
        reply = self.reply
        self._turn += 1
        self._end("interrupted", settle=False)
        self._tell(bus.Interrupted, turn=self.turn, reply=reply, heard_ms=60)
        self._voiced = True
        self._tell(bus.SpeechStarted, turn=self.turn, audio_ms=900)
        self._phase("listening")

    def duck(self, gain: float = 0.2) -> None:
        for loudspeaker in self.loudspeakers:
            loudspeaker.duck(gain, 0.06)

    @property
    def playhead(self) -> tuple[str, float] | None:
        if self._reply is None:
            return None
        if self.playing_since is not None:
            return self.reply, asyncio.get_running_loop().time() - self.playing_since
        return self.reply, self._offset / PLAYING_RATE

    def tell(self, kind: Any, **fields: Any) -> None:
        self._tell(kind, **fields)

    def _end(self, status: Any, *, settle: bool = True) -> None:
        assert self._reply is not None
        (_, reply), self._reply = self._reply, None
        self.playing_since = None
        text = " ".join(self.answers)
        heard = text if status == "completed" else self.answers[0]
        self.history = tuple(
            replace(
                item, text=heard, status="completed" if status == "completed" else "interrupted"
            )
            if item.id == reply
            else item
            for item in self.history
        )
        self._tell(
            bus.ReplyEnded,
            turn=self.turn,
            reply=reply,
            text=text,
            heard=heard,
            heard_ms=self._offset * 1000 // PLAYING_RATE,
            status=status,
        )
        if settle:
            self._phase("idle")

    def _ms(self) -> int:
        return len(self.heard) * 1000 // HEARING_RATE

    def _phase(self, phase: Phase) -> None:
        before, self.phase = self.phase, phase
        self._tell(bus.PhaseChanged, phase=phase, before=before)

    def _tell(self, kind: Any, **fields: Any) -> None:
        now = asyncio.get_running_loop().time()
        self.bus.publish(kind(at=now, conversation=self.id, persona=self.persona, **fields))


class FakeSocket:
    """A client in the same process: `sent` is what it got, `incoming` what it sends."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[str | bytes | None] = asyncio.Queue(1000)
        self.sent: list[str] = []
        self.arrived: asyncio.Queue[str] = asyncio.Queue(10_000)
        self.served = asyncio.Event()
        """Somebody reads what this client sends."""
        self.closed: tuple[int, str] | None = None
        self.reads = asyncio.Event()
        self.reads.set()

    async def receive(self) -> str | bytes:
        self.served.set()
        message = await self.incoming.get()
        if message is None:
            raise Disconnected
        return message

    async def send(self, text: str) -> None:
        await self.reads.wait()
        self.sent.append(text)
        self.arrived.put_nowait(text)

    async def close(self, code: int, reason: str) -> None:
        self.closed = code, reason
