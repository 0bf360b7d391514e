"""What those who look on are told of the playhead, and of a reply that began without them."""

from __future__ import annotations

import asyncio

from mia.channels.realtime.loudspeaker import Room
from mia.telemetry import events as bus
from tests.channels.realtime.driver import Driver, make_stage, of, types
from tests.channels.realtime.fakes import FakeTalk


def test_observers_are_told_where_the_playhead_is_and_when_it_stops() -> None:
    async def scenario() -> None:
        talk = FakeTalk(holds=True)
        stage = make_stage(talk)
        speaker = Driver(talk, stage=stage)
        observer = Driver(talk, stage=stage, role="observer")
        talk.type("Hola")
        (begun,) = of(observer.took(), "mia.playhead")
        assert begun["item_id"] == talk.reply
        assert begun["playing"]
        talk.tell(bus.Paused, turn="t", reply=talk.reply, heard_ms=120)
        (held,) = of(observer.took(), "mia.playhead")
        assert (held["audio_ms"], held["playing"]) == (120, False)
        talk.tell(bus.Unducked, turn="t", reply=talk.reply, heard_ms=100)
        assert of(observer.took(), "mia.playhead")[0]["playing"]
        talk.finish()
        assert not of(observer.took(), "mia.playhead")[-1]["playing"]
        assert "mia.playhead" not in types(speaker.took())
        assert stage.following.facts == ()
        stage.close()

    asyncio.run(scenario())


def test_the_words_of_a_running_reply_are_kept_for_those_who_come_later() -> None:
    async def scenario() -> None:
        talk = FakeTalk(holds=True)
        stage = make_stage(talk)
        talk.type("Hola")
        kinds = [type(fact) for fact in stage.following.facts]
        assert kinds[0] is bus.ReplyStarted
        assert kinds.count(bus.SegmentPlaced) == len(talk.answers)
        playhead = stage.following.playhead()
        assert playhead is not None
        assert playhead["item_id"] == talk.reply
        stage.close()

    asyncio.run(scenario())


def test_a_listener_hears_beside_the_speaker_and_hushes_nobody_by_coming() -> None:
    async def scenario() -> None:
        talk = FakeTalk(holds=True)
        stage = make_stage(talk)
        speaker = Driver(talk, stage=stage)
        heard: list[str] = []

        class Ear(Room):
            def play(self, block: object) -> None:
                heard.append("block")

        leave = stage.listen(Ear())
        talk.type("Hola")
        assert len(heard) == len(of(speaker.took(), "response.output_audio.delta")) > 0
        before = len(heard)
        leave()
        talk.say()
        assert len(heard) == before
        events = speaker.took()
        assert of(events, "response.output_audio.delta")
        assert "output_audio_buffer.cleared" not in types(events)
        stage.close()

    asyncio.run(scenario())
