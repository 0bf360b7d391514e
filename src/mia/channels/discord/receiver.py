"""From datagrams to what each person says: deciphered, in order, 16 kHz mono.

The socket's thread only queues (`datagram`); everything else happens on the loop. Keys and
sessions are asked for anew with every packet: Discord changes both whenever somebody joins or
leaves, and replaces the session's object at a reconnect. One speaker's trouble stays their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from mia.channels.discord import rtp
from mia.channels.discord.counts import Counts, Drop, Health
from mia.channels.discord.jitter import FRAME_SECONDS, Order, Step
from mia.conversation.ports import HEARING_RATE, Samples

log = logging.getLogger(__name__)

FRAME = int(HEARING_RATE * FRAME_SECONDS)
#: Datagrams between the socket's thread and the loop, at most: 4 s of ten speakers.
QUEUE = 2000
#: Datagrams that are heard in one go; then the loop has its turn.
AT_ONCE = 100
#: Packets of one unknown source that are kept until it is known whose they are: 2 s.
HELD = 100
#: Unknown sources kept at once, at most.
SOURCES = 64
#: Of an unknown source (or one that is no longer who it was) every so-manieth packet is tried.
TRY_EVERY = 5
#: Packets of a known source in a row that fail before it is asked whose it is now.
DOUBT_AFTER = 15


class Decoder(Protocol):
    """One speaker's opus decoder (`opus.SpeechDecoder`); raises ValueError at what is no opus."""

    def voice(self, packet: bytes) -> Samples: ...

    def recovered(self, following: bytes) -> Samples: ...

    def concealed(self) -> Samples: ...


class Call(Protocol):
    """The connection as it is now; read for every packet, never kept."""

    @property
    def key(self) -> bytes | None:
        """Of the transport, 32 bytes; None while there is none."""
        ...

    @property
    def encrypted(self) -> bool:
        """Whether the call is end-to-end encrypted (DAVE)."""
        ...

    def decrypt(self, user: int, frame: bytes) -> bytes:
        """Open one end-to-end encrypted frame of this user. Raises ValueError."""
        ...

    def people(self) -> Collection[int]:
        """User ids of everybody else in the channel, bots too."""
        ...


@dataclass(frozen=True, slots=True)
class Frame:
    """20 ms (or, for silence, more) of what one person says.

    samples: mono float32, 16 kHz. kind: their own sound, made up for a lost packet, or silence
    put in because nothing came."""

    user: int
    samples: Samples
    kind: Literal["voice", "concealed", "silence"]


@dataclass(slots=True)
class _Held:
    """A packet whose speaker is not known yet; opened: its frame, where a trial has opened it, for
    no frame can be opened twice."""

    packet: rtp.Packet
    opened: bytes | None = None


class _Source:
    """One SSRC whose speaker is known."""

    def __init__(self, user: int, decoder: Decoder) -> None:
        self.user = user
        self.decoder = decoder
        self.order = Order()
        self.failing = 0
        """Packets in a row that could not be opened as this user's."""


class Receiver:
    """Everybody's packets in, everybody's frames out.

    Lives on one event loop; `datagram` alone may be called from any thread.
    """

    def __init__(
        self,
        call: Call,
        decoder: Callable[[], Decoder],
        hear: Callable[[Frame], None],
        *,
        may_hear: Callable[[int], bool] = lambda _user: True,
        deaf: Callable[[str], None] = lambda _reason: None,
        healed: Callable[[], None] = lambda: None,
    ) -> None:
        """hear: called with every frame, on the loop. may_hear: asked for every packet before its
        sound is opened. deaf, healed: called when nothing can be deciphered any more (with the
        reason), and when it can again."""
        self.counts = Counts()
        self.health = Health()
        self._call = call
        self._decoder = decoder
        self._hear = hear
        self._may_hear = may_hear
        self._deaf = deaf
        self._healed = healed
        self._loop = asyncio.get_running_loop()
        self._queue: deque[bytes] = deque(maxlen=QUEUE)
        self._lock = threading.Lock()
        self._scheduled = False
        self._sources: dict[int, _Source] = {}
        self._held: dict[int, deque[_Held]] = {}
        self._tried: dict[int, int] = {}
        self._ticking: asyncio.TimerHandle | None = None
        self._closed = False

    # ── on the socket's thread ───────────────────────────────────────────────────────────────

    def datagram(self, data: bytes) -> None:
        """A datagram of the connection's socket; whatever is no voice is left alone."""
        if not rtp.is_voice(data):
            return
        with self._lock:
            self.counts.received += 1
            if len(self._queue) >= QUEUE:
                self.counts.dropped["queue_full"] += 1
                return
            self._queue.append(data)
            if self._scheduled:
                return
            self._scheduled = True
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(self._drain)

    # ── on the loop ──────────────────────────────────────────────────────────────────────────

    def speaking(self, user: int, ssrc: int) -> None:
        """Discord says whose packets these are. What waited for that is heard now."""
        known = self._sources.get(ssrc)
        if known is None or known.user != user:
            for other in [s for s, source in self._sources.items() if source.user == user]:
                del self._sources[other]
            self._sources[ssrc] = _Source(user, self._decoder())
        self._tried.pop(ssrc, None)
        for held in self._held.pop(ssrc, ()):
            self.counts.replayed += 1
            self._take(held.packet, held.opened)

    def left(self, user: int) -> None:
        """This person is gone; their packets would be somebody else's."""
        for ssrc in [ssrc for ssrc, source in self._sources.items() if source.user == user]:
            del self._sources[ssrc]

    @property
    def heard(self) -> frozenset[int]:
        """User ids whose packets are known."""
        return frozenset(source.user for source in self._sources.values())

    def close(self) -> None:
        self._closed = True
        if self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None
        with self._lock:
            self._queue.clear()

    def _drain(self) -> None:
        with self._lock:
            data = [self._queue.popleft() for _ in range(min(AT_ONCE, len(self._queue)))]
            self._scheduled = bool(self._queue)
            if self._scheduled:
                self._loop.call_soon(self._drain)
        for one in data:
            packet = rtp.parse(one)
            if packet is not None and not self._closed:
                self._take(packet)

    def _take(self, packet: rtp.Packet, opened: bytes | None = None) -> None:
        try:
            self._heard(packet, opened)
        except Exception:  # one packet (or its speaker) must never cost the others
            log.exception("a packet of %s could not be heard", packet.ssrc)
            self._restart(packet.ssrc)

    def _restart(self, ssrc: int) -> None:
        """Begin this source's stream anew; whose it is stays known."""
        source = self._sources.pop(ssrc, None)
        if source is not None:
            self._sources[ssrc] = _Source(source.user, self._decoder())

    def _heard(self, packet: rtp.Packet, opened: bytes | None) -> None:
        source = self._sources.get(packet.ssrc)
        if source is not None and not self._may_hear(source.user):
            self._drop("not_heard")
            return
        if opened is not None and source is not None:
            self._well()
            self._pass_on(source, packet, opened)
            return
        key = self._call.key
        if key is None:
            self._drop("transport")
            return
        try:
            audio = rtp.unseal(packet, key)
        except rtp.Undecipherable:
            self._drop("transport")
            self._failed("transport")
            return
        if source is None:
            self._unknown(packet, audio)
            return
        opened = self._opened(source, packet, audio)
        if opened is not None:
            self._pass_on(source, packet, opened)

    def _opened(self, source: _Source, packet: rtp.Packet, audio: bytes) -> bytes | None:
        """A frame without its end-to-end encryption; None: it cannot be had."""
        if audio == rtp.SILENCE or not self._call.encrypted:
            self._well()
            return audio
        try:
            opened = self._call.decrypt(source.user, audio)
        except ValueError as error:
            log.debug("a frame of %s stayed closed: %s", source.user, error)
            self._drop("e2ee")
            self._failed("e2ee")
            source.failing += 1
            if source.failing >= DOUBT_AFTER and source.failing % TRY_EVERY == 0:
                found = self._whose(audio, besides=source.user)
                if found is not None:
                    self._learnt(found[0], packet.ssrc)
                    self._take(packet, found[1])
            return None
        source.failing = 0
        self._well()
        return opened

    def _pass_on(self, source: _Source, packet: rtp.Packet, audio: bytes) -> None:
        order, now = source.order, self._loop.time()
        lost, late = order.lost, order.late
        for step in order.put(packet.sequence, packet.timestamp, audio, now):
            self._play(source, step)
        self.counts.lost += order.lost - lost
        self.counts.late += order.late - late
        self._keep_ticking()

    def _play(self, source: _Source, step: Step) -> None:
        """Decode one step, and let it be heard."""
        if step.kind == "silence":
            self.counts.silent += step.frames
            silence = np.zeros(FRAME * step.frames, np.float32)
            self._hear(Frame(source.user, silence, "silence"))
            return
        try:
            if step.kind == "voice":
                samples = source.decoder.voice(step.packet)
            elif step.kind == "recover":
                samples = source.decoder.recovered(step.packet)
            else:
                samples = source.decoder.concealed()
        except ValueError as error:
            log.debug("a frame of %s is no opus: %s", source.user, error)
            self._drop("opus")
            source.decoder = self._decoder()
            return
        if step.kind == "voice":
            self.counts.decoded += 1
            self._hear(Frame(source.user, samples, "voice"))
        else:
            self.counts.recovered += 1
            self._hear(Frame(source.user, samples, "concealed"))

    # ── whose packets are these? ─────────────────────────────────────────────────────────────

    def _unknown(self, packet: rtp.Packet, audio: bytes) -> None:
        if packet.ssrc not in self._held and len(self._held) >= SOURCES:
            self._held.pop(next(iter(self._held)))
            self._drop("unknown")
        held = self._held.setdefault(packet.ssrc, deque(maxlen=HELD))
        if len(held) == HELD:  # the oldest makes way
            self._drop("unknown")
        held.append(_Held(packet))
        if audio == rtp.SILENCE:
            return
        tried = self._tried.get(packet.ssrc, 0)
        self._tried[packet.ssrc] = tried + 1
        if tried % TRY_EVERY == 0 and (found := self._whose(audio)) is not None:
            held[-1].opened = found[1]
            self._learnt(found[0], packet.ssrc)

    def _learnt(self, user: int, ssrc: int) -> None:
        self.counts.learned += 1
        self.speaking(user, ssrc)

    def _whose(self, audio: bytes, besides: int | None = None) -> tuple[int, bytes] | None:
        """Find out whose frame this is; with it, opened. End-to-end encryption tells for certain:
        a frame opens with its own speaker's key only. Without it there must be one person alone."""
        candidates = [user for user in self._call.people() if user != besides]
        if besides is None:
            candidates = [user for user in candidates if user not in self.heard]
        if not self._call.encrypted:
            alone = len(self._call.people()) == 1 and candidates
            return (candidates[0], audio) if alone else None
        for user in candidates:
            try:
                return user, self._call.decrypt(user, audio)
            except ValueError:
                continue  # not theirs
        return None

    # ── time and health ──────────────────────────────────────────────────────────────────────

    def _keep_ticking(self) -> None:
        if self._ticking is None and not self._closed:
            self._ticking = self._loop.call_later(FRAME_SECONDS, self._tick)

    def _tick(self) -> None:
        self._ticking = None
        now = self._loop.time()
        awake = False
        for ssrc, source in list(self._sources.items()):
            lost = source.order.lost
            try:
                for step in source.order.tick(now):
                    self._play(source, step)
            except Exception:  # likewise: one speaker's trouble is their own
                log.exception("the stream of %s broke", source.user)
                self._restart(ssrc)
                continue
            self.counts.lost += source.order.lost - lost
            awake = awake or not source.order.resting(now)
        if awake:
            self._keep_ticking()

    def _drop(self, reason: Drop) -> None:
        self.counts.dropped[reason] += 1

    def _well(self) -> None:
        if self.health.well():
            self._healed()

    def _failed(self, reason: str) -> None:
        if self.health.failed(reason, self._loop.time()):
            self._deaf(reason)


def key_of(numbers: Sequence[int] | None) -> bytes | None:
    """A transport key as discord.py keeps it (a list of numbers, or nothing yet)."""
    return bytes(numbers) if numbers else None
