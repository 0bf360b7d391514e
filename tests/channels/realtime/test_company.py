"""Where several people speak our pages are told who said what; others read it in the text."""

from __future__ import annotations

import asyncio
from typing import Any

from mia.conversation import Item, Line, Speaker
from mia.telemetry import events as bus
from tests.channels.realtime.driver import Driver, make_stage, of
from tests.channels.realtime.fakes import FakeTalk

ANA, BEN = ("discord:1", "Ana", "Hola."), ("discord:2", "Ben", "Buenas.")


def heard(talk: FakeTalk, *lines: tuple[str, str, str], final: bool, typed: bool = False) -> None:
    text = "\n".join(f"{name}: {words}" for _, name, words in lines)
    about: dict[str, Any] = {"at": 0.0, "conversation": talk.id, "turn": "u1", "language": "es"}
    if not typed and not final:
        start = {name: about[name] for name in ("at", "conversation", "turn")}
        talk.bus.publish(bus.SpeechStarted(audio_ms=0, **start))
    talk.bus.publish(
        bus.Heard(revision=1, text=text, final=final, typed=typed, lines=lines, **about)
    )


def page() -> tuple[FakeTalk, Driver]:
    talk = FakeTalk()
    return talk, Driver(talk, stage=make_stage(talk))


def test_one_persons_words_come_apart_from_their_name() -> None:
    async def scenario() -> None:
        talk, driver = page()
        driver.took()
        heard(talk, ANA, final=False)
        heard(talk, ANA, final=True)
        events = driver.took()
        ana = {"id": "discord:1", "name": "Ana"}
        (partial,) = of(events, "mia.partial")
        assert (partial["text"], partial["speaker"]) == ("Hola.", ana)
        (told,) = of(events, "conversation.item.input_audio_transcription.completed")
        assert (told["transcript"], told["speaker"]) == ("Hola.", ana)
        (done,) = of(events, "conversation.item.done")
        assert done["item"]["speaker"] == ana

    asyncio.run(scenario())


def test_the_words_of_two_are_nobodys_alone_and_keep_their_names() -> None:
    async def scenario() -> None:
        talk, driver = page()
        driver.took()
        heard(talk, ANA, BEN, final=True, typed=True)
        (done,) = of(driver.took(), "conversation.item.done")
        assert done["item"]["speaker"] == {"id": "", "name": "Ana, Ben"}
        assert done["item"]["content"][0]["text"] == "Ana: Hola.\nBen: Buenas."

    asyncio.run(scenario())


def test_a_foreign_client_reads_the_name_in_the_text() -> None:
    async def scenario() -> None:
        driver = Driver()
        heard(driver.talk, ANA, final=True, typed=True)
        (done,) = of(driver.took(), "conversation.item.done")
        assert "speaker" not in done["item"]
        assert done["item"]["content"][0]["text"] == "Ana: Hola."

    asyncio.run(scenario())


def test_what_was_said_to_others_is_shown_too() -> None:
    async def scenario() -> None:
        talk, driver = page()
        driver.took()
        talk.bus.publish(
            bus.Overheard(
                at=0.0,
                conversation=talk.id,
                turn="o1",
                text="Ana: Hola.",
                language="es",
                lines=(ANA,),
            )
        )
        (done,) = of(driver.took(), "conversation.item.done")
        assert done["item"]["id"] == "o1"
        assert done["item"]["speaker"]["name"] == "Ana"

    asyncio.run(scenario())


def test_a_page_that_comes_later_is_told_who_said_what() -> None:
    from mia.channels.realtime.server_events import history

    line = Line(Speaker("discord:1", "Ana"), "Hola.")
    items = [Item("u1", "user", "Ana: Hola.", lines=(line,)), Item("r1", "assistant", "Buenas.")]
    rows = history(items)["items"]
    assert rows[0] == {
        "id": "u1",
        "role": "user",
        "text": "Hola.",
        "status": "completed",
        "speaker": {"id": "discord:1", "name": "Ana"},
    }
    assert "speaker" not in rows[1]


def test_a_page_knows_that_she_is_in_a_call() -> None:
    class InCall(FakeTalk):
        call = "Sala"

    assert make_stage(InCall()).state()["call"] == "Sala"
    assert make_stage(FakeTalk()).state()["call"] == ""
