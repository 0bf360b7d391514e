"""Pages on the stage: who speaks, who looks on, and what only they are told."""

from __future__ import annotations

import asyncio
import base64

import numpy as np

from mia.channels.realtime.hub import Greeting, Hub
from mia.channels.realtime.outgoing import Outgoing
from mia.channels.realtime.session import RealtimeSession
from mia.channels.realtime.talk import Talk
from mia.telemetry import events as bus
from mia.telemetry.events import EventBus
from tests.channels.realtime.driver import Driver, make_stage, of, pcm, types
from tests.channels.realtime.fakes import FakeSocket, FakeTalk


def test_the_newest_speaker_takes_the_stage_and_the_older_one_is_told() -> None:
    async def scenario() -> None:
        talk = FakeTalk()
        stage = make_stage(talk)
        first = Driver(talk, stage=stage)
        second = Driver(talk, stage=stage)
        assert of(first.took(), "mia.state")[-1]["role"] == "observer"
        talk.type("Hola")
        assert of(second.took(), "response.output_audio.delta")
        events = first.took()
        assert not of(events, "response.output_audio.delta")
        assert "response.output_audio_transcript.delta" in types(events)
        await first(type="mia.session.update", role="speaker")
        assert of(first.took(), "mia.state")[-1]["role"] == "speaker"
        assert of(second.took(), "mia.state")[-1]["role"] == "observer"

    asyncio.run(scenario())


def test_an_observers_sound_is_refused_once_and_then_dropped() -> None:
    async def scenario() -> None:
        talk = FakeTalk()
        page = Driver(talk, stage=make_stage(talk), role="observer")
        (answer,) = await page(type="input_audio_buffer.append", audio=pcm(0.1))
        assert answer["error"]["code"] == "not_speaker"
        assert set(answer["error"]["text"]) >= {"es", "en"}
        assert await page(type="input_audio_buffer.append", audio=pcm(0.1)) == []
        assert len(talk.heard) == 0
        await page(type="mia.playhead", item_id="x", audio_ms=100)
        assert talk.calls == []

    asyncio.run(scenario())


def test_an_observer_may_type_stop_and_mute() -> None:
    async def scenario() -> None:
        talk = FakeTalk(holds=True)
        stage = make_stage(talk)
        speaker = Driver(talk, stage=stage)
        observer = Driver(talk, stage=stage, role="observer")
        content = [{"type": "input_text", "text": "Hola"}]
        item = {"type": "message", "role": "user", "content": content}
        await observer(type="conversation.item.create", item=item)
        (added,) = of(speaker.took(), "conversation.item.added")
        assert added["item"]["content"][0]["text"] == "Hola"
        await observer(type="response.create")
        await observer(type="mia.stop")
        assert talk.calls[-1] == ("stop",)
        await observer(type="mia.session.update", muted=True, language="en")
        for page in (speaker, observer):
            state = of(page.took(), "mia.state")[-1]
            assert (state["muted"], state["language"]) == (True, "en")

    asyncio.run(scenario())


def test_a_page_sets_how_mia_is_spoken_to_and_every_page_is_told() -> None:
    async def scenario() -> None:
        talk = FakeTalk()
        stage = make_stage(talk)
        speaker = Driver(talk, stage=stage)
        observer = Driver(talk, stage=stage, role="observer")
        await speaker(type="mia.session.update", mode="push-to-talk")
        await observer(type="mia.session.update", paused=True)
        for page in (speaker, observer):
            first, second = of(page.took(), "mia.state")
            assert (first["mode"], first["paused"]) == ("push-to-talk", False)
            assert (second["mode"], second["paused"]) == ("push-to-talk", True)
        (answer,) = await speaker(type="mia.session.update", mode="telepathy", paused=False)
        assert answer["error"]["code"] == "invalid_value"
        assert talk.paused

    asyncio.run(scenario())


def test_pages_are_told_of_a_change_that_came_from_elsewhere() -> None:
    async def scenario() -> None:
        talk = FakeTalk()
        page = Driver(talk, stage=make_stage(talk))
        talk.set_mode("wake-name")
        talk.pause(True)
        talk.mute(True)
        state = of(page.took(), "mia.state")[-1]
        assert (state["mode"], state["paused"], state["muted"]) == ("wake-name", True, True)

    asyncio.run(scenario())


def test_only_the_speaker_holds_the_key() -> None:
    async def scenario() -> None:
        talk = FakeTalk()
        stage = make_stage(talk)
        speaker = Driver(talk, stage=stage)
        observer = Driver(talk, stage=stage, role="observer")
        assert await speaker(type="mia.talk", pressed=True) == []
        assert talk.pressed
        (answer,) = await observer(type="mia.talk", pressed=False)
        assert answer["error"]["code"] == "not_speaker"
        assert talk.pressed
        await speaker(type="mia.talk", pressed=False)
        assert not talk.pressed
        (answer,) = await speaker(type="mia.talk")
        assert answer["error"]["code"] == "missing_required_parameter"

    asyncio.run(scenario())


def test_the_key_goes_up_when_who_holds_it_goes_or_is_overtaken() -> None:
    async def scenario() -> None:
        talk = FakeTalk()
        stage = make_stage(talk)
        first = Driver(talk, stage=stage)
        await first(type="mia.talk", pressed=True)
        second = Driver(talk, stage=stage)
        assert not talk.pressed
        await second(type="mia.talk", pressed=True)
        stage.leave(second.session)
        assert not talk.pressed

    asyncio.run(scenario())


def test_a_guest_has_modes_of_its_own() -> None:
    async def scenario() -> None:
        guest = Driver(FakeTalk("own"))
        await guest(type="mia.session.update", mode="push-to-talk", paused=True)
        await guest(type="mia.talk", pressed=True)
        assert (guest.talk.mode, guest.talk.paused, guest.talk.pressed) == (
            "push-to-talk",
            True,
            True,
        )

    asyncio.run(scenario())


def test_pages_get_the_place_of_sound_and_clauses_and_guests_do_not() -> None:
    async def scenario() -> None:
        talk = FakeTalk()
        page = Driver(talk, stage=make_stage(talk))
        guest = Driver(FakeTalk("own"))
        for driver in (page, guest):
            driver.talk.type("Hola")
        offsets = [one["offset"] for one in of(page.messages, "response.output_audio.delta")]
        assert offsets == [at * 480 for at in range(10)]
        segments = of(page.messages, "mia.segment")
        assert segments[1]["begin_ms"] == 100
        assert segments[1]["words"] == [[0, 14, 100, 200]]
        assert segments[1]["phonemes"] == [["s", 100, 120]]
        (turn,) = of(page.messages, "mia.turn")
        assert (turn["stages"], turn["v2v_ms"]) == ({"stt": 310.0}, 820.1)
        assert not [name for name in types(guest.messages) if name.startswith("mia.")]
        assert "offset" not in of(guest.messages, "response.output_audio.delta")[0]

    asyncio.run(scenario())


def test_a_pause_goes_back_to_the_start_of_a_word() -> None:
    async def scenario() -> None:
        talk = FakeTalk(holds=True)
        page = Driver(talk, stage=make_stage(talk))
        talk.type("Hola")
        page.took()
        talk.duck()
        for loudspeaker in talk.loudspeakers:
            loudspeaker.hush()
        talk.say(offset=960)
        events = page.took()
        assert types(events) == [
            "mia.duck",
            "output_audio_buffer.cleared",
            "response.output_audio.delta",
        ]
        assert (events[0]["gain"], events[0]["ramp_ms"]) == (0.2, 60)
        assert events[2]["offset"] == 960

    asyncio.run(scenario())


def test_a_guests_sound_is_ducked_in_its_samples() -> None:
    async def scenario() -> None:
        guest = Driver(FakeTalk("own", holds=True))
        guest.talk.type("Hola")
        guest.took()
        guest.talk.duck(0.2)
        levels = []
        for _ in range(8):
            guest.talk.say()
            (delta,) = of(guest.took(), "response.output_audio.delta")
            block = np.frombuffer(base64.b64decode(delta["delta"]), "<i2") / 32768
            levels.append(float(np.abs(block).max()))
        assert levels[0] > 0.3
        assert levels == sorted(levels, reverse=True)
        assert abs(levels[-1] - 0.1) < 0.005
        for loudspeaker in guest.talk.loudspeakers:
            loudspeaker.hush()
        assert guest.took() == []

    asyncio.run(scenario())


def test_guesses_are_shown_to_pages_and_withdrawn_when_they_come_to_nothing() -> None:
    async def scenario() -> None:
        talk = FakeTalk()
        page = Driver(talk, stage=make_stage(talk))
        guess = {"revision": 3, "text": "¿Qué", "language": "es", "final": False}
        talk.tell(bus.Heard, turn="t", **guess)
        assert page.took() == []  # said over MIA: nobody's turn yet
        talk.tell(bus.SpeechStarted, turn="t", audio_ms=0)
        talk.tell(bus.Heard, turn="t", **guess)
        assert of(page.took(), "mia.partial")[0]["text"] == "¿Qué"
        talk.tell(bus.TurnDropped, turn="t", reason="noise")
        assert of(page.took(), "mia.partial")[0]["text"] == ""

    asyncio.run(scenario())


def test_notices_are_told_in_every_language_and_kept_for_those_who_come_later() -> None:
    async def scenario() -> None:
        talk = FakeTalk()
        stage = make_stage(talk)
        page = Driver(talk, stage=stage)
        for _ in range(2):
            talk.tell(
                bus.Notice,
                level="warning",
                code="backend.unknown",
                parameters={"name": "x", "port": "tts", "known": "piper"},
            )
        (notice, _) = of(page.took(), "mia.notice")
        assert "piper" in notice["text"]["es"]
        assert notice["text"]["es"] != notice["text"]["en"]
        late = Driver(talk, stage=stage, role="observer")
        late.session.tell_state()
        (kept,) = of(late.messages, "mia.state")[-1]["notices"]
        assert kept["code"] == "backend.unknown"

    asyncio.run(scenario())


def test_a_page_is_greeted_with_state_and_history() -> None:
    async def scenario() -> None:
        talk = FakeTalk()
        talk.type("Hola")
        socket = FakeSocket()
        session = RealtimeSession(socket, talk, stage=make_stage(talk))
        socket.incoming.put_nowait('{"type": "mia.stop"}')
        running = asyncio.create_task(session.run())
        for _ in range(3):
            await socket.arrived.get()
        socket.incoming.put_nowait(None)
        await running
        greeted = Driver(FakeTalk())
        for message in socket.sent:
            greeted._take(message)
        assert types(greeted.messages) == ["session.created", "mia.state", "mia.history"]
        assert greeted.messages[2]["items"][0]["text"] == "Hola"
        assert talk.loudspeakers == []

    asyncio.run(scenario())


def test_every_page_lets_go_of_what_somebody_had_forgotten() -> None:
    async def scenario() -> None:
        talk = FakeTalk()
        stage = make_stage(talk)
        pages = [Driver(talk, stage=stage), Driver(talk, stage=stage, role="observer")]
        talk.type("Mi clave es Quetzal.")
        gone = tuple(item.id for item in talk.history)
        for page in pages:
            page.took()
        talk.tell(bus.Forgotten, turn="later", items=gone)
        for page in pages:
            deleted = of(page.took(), "conversation.item.deleted")
            assert tuple(event["item_id"] for event in deleted) == gone

    asyncio.run(scenario())


def test_a_reader_that_is_too_slow_is_sent_away_and_holds_nobody_up() -> None:
    async def scenario() -> None:
        talk = FakeTalk(holds=True)
        stage = make_stage(talk)
        socket = FakeSocket()
        socket.reads.clear()
        slow = RealtimeSession(socket, talk, stage=stage, outgoing=Outgoing(max_messages=50))
        running = asyncio.create_task(slow.run())
        await socket.served.wait()
        talk.type("Hola")
        for _ in range(100):
            talk.say()
        await running
        assert socket.closed is not None
        assert socket.closed[0] == 4408
        assert talk.loudspeakers == []
        assert stage.sessions == 0

    asyncio.run(scenario())


def make_hub(stage: FakeTalk | None, made: list[FakeTalk], guests: int = 2) -> Hub:
    events = stage.bus if stage else EventBus()

    async def make() -> Talk:
        made.append(FakeTalk(f"guest-{len(made)}", events))
        return made[-1]

    return Hub(events, lambda: stage, make, guests=guests)


def test_a_guest_has_a_conversation_of_its_own_that_ends_with_it() -> None:
    async def scenario() -> None:
        made: list[FakeTalk] = []
        hub = make_hub(FakeTalk(), made)
        socket = FakeSocket()
        serving = asyncio.create_task(hub.serve(socket, Greeting()))
        await socket.served.wait()
        assert (made[0].running, hub.guests) == (1, 1)
        socket.incoming.put_nowait(None)
        await serving
        assert (made[0].running, hub.guests) == (0, 0)

    asyncio.run(scenario())


def test_one_guest_too_many_is_told_to_come_later() -> None:
    async def scenario() -> None:
        hub = make_hub(FakeTalk(), [], guests=0)
        socket = FakeSocket()
        await hub.serve(socket, Greeting())
        assert "busy" in socket.sent[0]
        assert socket.closed == (1013, "try again later")

    asyncio.run(scenario())


def test_until_she_can_talk_everybody_is_told_to_come_later() -> None:
    async def scenario() -> None:
        hub = make_hub(None, [])
        for greeting in (Greeting(), Greeting(stage=True)):
            socket = FakeSocket()
            await hub.serve(socket, greeting)
            assert "not_ready" in socket.sent[0]
            assert socket.closed is not None

    asyncio.run(scenario())
