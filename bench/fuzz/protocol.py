"""The realtime protocol, played at random against a real session on a real conversation.

The model: whatever a client sends, in whatever order, the session lives on, answers every broken
event with an `error` that names it, begins no response before the last one is done, and can still
be talked to at the end. Time is virtual; ears, mind and voice are scripted, everything between
them and the socket is MIA's own.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import dataclasses
import json
from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mia.channels.realtime.session import RealtimeSession
from mia.channels.realtime.stage import Notices, Stage
from mia.conversation import Conversation
from mia.conversation.panic import Panic
from mia.conversation.ports import PLAYING_RATE
from mia.telemetry.events import EventBus
from tests.channels.realtime.fakes import FakeSocket
from tests.support.fakes import FakeLlm, Fakes, FakeStt
from tests.support.virtual import VirtualLoop

#: Inputs tried by all machines of this process.
COUNT = {"events": 0, "talks": 0}

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["realtime", "message", "user", "input_text", "server_vad", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "item", "session", "audio", "id", "content", "text", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
kinds = st.sampled_from(
    [
        "session.update",
        "input_audio_buffer.append",
        "input_audio_buffer.commit",
        "conversation.item.create",
        "conversation.item.retrieve",
        "conversation.item.truncate",
        "conversation.item.delete",
        "response.create",
        "response.cancel",
        "mia.session.update",
        "mia.talk",
        "mia.playhead",
        "no.such.event",
    ]
)
ids = st.sampled_from(["", "x", "own-u1", "own-r1", "own-m1", "mine", "y" * 600])
fields = st.dictionaries(
    st.sampled_from(
        [
            *("session", "item", "item_id", "audio", "audio_end_ms", "response", "muted"),
            *("content_index", "audio_ms", "previous_item_id", "language", "mode", "role"),
            "pressed",
        ]
    ),
    anything | ids,
    max_size=4,
)


def pcm(seconds: float, level: float) -> str:
    count = round(seconds * PLAYING_RATE)
    return base64.b64encode(np.full(count, level * 32767, "<i2").tobytes()).decode()


def _is_json(event: dict[str, Any]) -> bool:
    try:
        json.dumps(event, allow_nan=False)
    except ValueError:
        return False
    return True


class Protocol(RuleBasedStateMachine):
    """One client, from its first event to its last."""

    @initialize(
        on_stage=st.booleans(),
        beta=st.booleans(),
        fails=st.none() | st.integers(0, 5),
        deaf=st.booleans(),
    )
    def begin(self, on_stage: bool, beta: bool, fails: int | None, deaf: bool) -> None:
        self.runner = asyncio.Runner(loop_factory=VirtualLoop)
        self.told = self.sent = self.running = self.most = self.least = 0
        self.broken = False
        self.panic = Panic()
        COUNT["talks"] += 1
        self.runner.run(
            self._begin(on_stage, beta, Fakes(FakeStt(fails=deaf), FakeLlm(fail_after=fails)))
        )

    async def _begin(self, on_stage: bool, beta: bool, fakes: Fakes) -> None:
        bus = EventBus()
        parts = dataclasses.replace(fakes.parts(), panic=self.panic)
        talk = Conversation("own", parts, bus)
        self.socket = FakeSocket()
        stage = Stage(talk, Notices(bus)) if on_stage else None
        self.session = RealtimeSession(self.socket, talk, stage=stage, beta=beta)
        self.tasks = [asyncio.create_task(talk.run())] if on_stage else []
        self.serving = asyncio.create_task(self.session.run())
        await asyncio.sleep(0.01)

    def send(self, message: str | bytes, seconds: float = 0.01) -> list[dict[str, Any]]:
        """The events that came of a message."""
        COUNT["events"] += 1
        self.socket.incoming.put_nowait(message)
        self.runner.run(asyncio.sleep(seconds))
        return self._news()

    def _news(self) -> list[dict[str, Any]]:
        news = [json.loads(text) for text in self.socket.sent[self.sent :]]
        self.sent = len(self.socket.sent)
        for told in news:
            self.told += 1
            self.running += (told["type"] == "response.created") - (told["type"] == "response.done")
            self.most = max(self.most, self.running)
            self.least = min(self.least, self.running)
            self.broken |= told["type"] == "error" and told["error"]["code"] == "server_error"
        return news

    def event(self, type_: str, **more: Any) -> list[dict[str, Any]]:
        return self.send(json.dumps({"type": type_, "event_id": f"e{self.told}", **more}))

    # ── what a client does ───────────────────────────────────────────────────────────────────

    @rule(seconds=st.floats(0, 5))
    def time_passes(self, seconds: float) -> None:
        self.runner.run(asyncio.sleep(seconds))
        self._news()

    @rule(seconds=st.floats(0, 3), loud=st.booleans())
    def sound(self, seconds: float, loud: bool) -> None:
        self.event("input_audio_buffer.append", audio=pcm(seconds, 0.5 if loud else 0.0))

    @rule(
        kind=st.sampled_from(
            [
                "input_audio_buffer.commit",
                "input_audio_buffer.clear",
                "response.cancel",
                "output_audio_buffer.clear",
                "mia.stop",
                "response.create",
            ]
        )
    )
    def plain(self, kind: str) -> None:
        self.event(kind)

    @rule(text=st.text(max_size=40), role=st.sampled_from(["user", "system", "assistant"]))
    def message(self, text: str, role: str) -> None:
        content = [{"type": "input_text", "text": text}]
        item = {"type": "message", "role": role, "content": content}
        self.event("conversation.item.create", item=item)

    @rule(seconds=st.floats(0, 2))
    def spoken_message(self, seconds: float) -> None:
        content = [{"type": "input_audio", "audio": pcm(seconds, 0.5)}]
        item = {"type": "message", "role": "user", "content": content}
        self.event("conversation.item.create", item=item)

    @rule(id_=ids, kind=st.sampled_from(["retrieve", "delete"]))
    def look_up(self, id_: str, kind: str) -> None:
        self.event(f"conversation.item.{kind}", item_id=id_)

    @rule(id_=ids, ms=st.integers(0, 9_000))
    def cut(self, id_: str, ms: int) -> None:
        self.event("conversation.item.truncate", item_id=id_, content_index=0, audio_end_ms=ms)

    @rule(id_=ids, ms=st.floats(0, 9_000))
    def heard(self, id_: str, ms: float) -> None:
        self.event("mia.playhead", item_id=id_, audio_ms=ms)

    @rule(pressed=st.booleans())
    def key(self, pressed: bool) -> None:
        self.event("mia.talk", pressed=pressed)

    @rule(
        mode=st.sampled_from(["hands-free", "push-to-talk", "wake-name"]),
        muted=st.none() | st.booleans(),
        paused=st.none() | st.booleans(),
        role=st.none() | st.sampled_from(["speaker", "observer"]),
    )
    def changes(self, mode: str, muted: Any, paused: Any, role: Any) -> None:
        self.event("mia.session.update", mode=mode, muted=muted, paused=paused, role=role)

    @rule(detection=st.sampled_from([None, {"type": "server_vad"}, {"type": "x"}]))
    def endpointing(self, detection: Any) -> None:
        session = {"type": "realtime", "audio": {"input": {"turn_detection": detection}}}
        self.event("session.update", session=session)

    @rule(on=st.booleans())
    def panics(self, on: bool) -> None:
        async def switch() -> None:
            self.panic.set(on)

        self.runner.run(switch())

    @rule(kind=kinds, more=fields)
    def nonsense(self, kind: str, more: dict[str, Any]) -> None:
        """Looks like an event: it is done, or it is answered by one error that names it (not where
        `NaN` makes it none that JSON knows)."""
        event = {"type": kind, "event_id": "nonsense", **more}
        name = "nonsense" if _is_json(event) else None
        errors = [told for told in self.send(json.dumps(event)) if told["type"] == "error"]
        assert len(errors) <= 1, errors
        for told in errors:
            assert told["error"]["event_id"] == name, told
            assert (
                told["error"]["type"] != "server_error" or told["error"]["code"] != "server_error"
            )

    @rule(message=st.binary(max_size=60) | st.text(max_size=60) | anything.map(json.dumps))
    def noise(self, message: str | bytes) -> None:
        """No event at all: one error."""
        told = [one["type"] for one in self.send(message)]
        assert told.count("error") == 1

    # ── what holds ───────────────────────────────────────────────────────────────────────────

    @invariant()
    def the_session_lives(self) -> None:
        if not hasattr(self, "serving"):
            return
        assert not self.serving.done(), self.socket.closed
        assert not self.broken, "an event of a client's broke something inside"
        assert 0 <= self.least <= self.most <= 1, "more than one response at a time"

    def teardown(self) -> None:
        if not hasattr(self, "serving"):
            return
        try:
            self._usable()
        finally:
            self.runner.run(self._end())
            self.runner.close()

    def _usable(self) -> None:
        """Released, set back and asked, she answers and is done with it."""

        async def released() -> None:
            self.panic.set(False)

        self.runner.run(released())
        self.event(
            "mia.session.update", mode="hands-free", muted=False, paused=False, role="speaker"
        )
        self.runner.run(asyncio.sleep(60))
        self.event("response.cancel")
        self._news()
        self.message("hola", "user")
        told = self.event("response.create")
        self.runner.run(asyncio.sleep(60))
        told += self._news()
        names = [one["type"] for one in told]
        assert "response.done" in names, names

    async def _end(self) -> None:
        for task in (self.serving, *self.tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
