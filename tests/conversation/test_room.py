"""Several people in one room: who said what, whom she answers, and who may speak over her."""

from __future__ import annotations

import pytest

from mia.conversation import Company, Conversation, Speaker
from mia.errors import MiaError
from mia.telemetry import events as facts
from tests.support.company import ANA, BEN, CYD, Met, RoomStt, meet, utterance


def said_in_turns(met: Met) -> list[list[tuple[str, str]]]:
    """(name, words) of every line, turn by turn."""
    finals = [event for event in met.of(facts.Heard) if event.final]
    return [[(name, text) for _id, name, text in event.lines] for event in finals]


def test_alone_with_one_person_she_answers_without_her_name() -> None:
    met = meet({ANA: [utterance(1)]}, {ANA: ["¿Qué hora es?"]})
    assert said_in_turns(met) == [[("Ana", "¿Qué hora es?")]]
    (ended,) = met.of(facts.ReplyEnded)
    assert ended.status == "completed"
    assert (ended.speaker, ended.speaker_name) == ("discord:1", "Ana")


def test_alone_she_is_as_quick_as_at_the_microphone() -> None:
    met = meet({ANA: [utterance(1)]}, {ANA: ["¿Qué hora es?"]}, gap=3.0)
    (started,) = met.of(facts.PlaybackStarted)
    assert started.at < 2.6


def test_in_company_she_only_listens_to_what_is_not_for_her() -> None:
    met = meet(
        {ANA: [utterance(1)], BEN: [utterance(4)]},
        {ANA: ["¿Vienes mañana?"], BEN: ["Sí, a las ocho."]},
    )
    assert not met.of(facts.ReplyStarted)
    overheard = [event.text for event in met.of(facts.Overheard)]
    assert overheard == ["Ana: ¿Vienes mañana?", "Ben: Sí, a las ocho."]
    assert met.conversation is not None
    assert [item.text for item in met.conversation.history] == overheard


def test_what_she_overheard_is_there_when_she_is_asked() -> None:
    met = meet(
        {ANA: [utterance(1)], BEN: [utterance(4)]},
        {ANA: ["Mañana es mi cumpleaños."], BEN: ["Mía, ¿qué le regalo?"]},
    )
    assert said_in_turns(met) == [[("Ben", "Mía, ¿qué le regalo?")]]
    assert met.fakes is not None
    newest = met.fakes.llm.prompts[-1].messages[-1]
    assert newest.content == "Ana: Mañana es mi cumpleaños.\nBen: Mía, ¿qué le regalo?"


def test_two_who_talk_at_once_are_two_labelled_lines_of_one_turn() -> None:
    met = meet(
        {ANA: [utterance(1, 1)], BEN: [utterance(1.4, 2)]},
        {
            ANA: ["", "MIA, ¿cuál es la capital de Francia?"],
            BEN: ["", "", "Yo también quiero saber otra cosa."],
        },
    )
    assert said_in_turns(met) == [
        [
            ("Ana", "MIA, ¿cuál es la capital de Francia?"),
            ("Ben", "Yo también quiero saber otra cosa."),
        ]
    ]


def test_lines_are_in_the_order_in_which_they_began() -> None:
    met = meet(
        {ANA: [utterance(1), utterance(3.7, 1)], BEN: [utterance(2.3)]},
        {ANA: ["¿Qué hora es?", "Gracias. MIA, ¿es verdad?"], BEN: ["Las tres."]},
        gap=1.5,
    )
    (turn,) = said_in_turns(met)
    assert turn == [
        ("Ana", "¿Qué hora es?"),
        ("Ben", "Las tres."),
        ("Ana", "Gracias. MIA, ¿es verdad?"),
    ]


def test_she_waits_until_everybody_is_silent() -> None:
    met = meet(
        {ANA: [utterance(1)], BEN: [utterance(1.5, 4)]},
        {ANA: ["MIA, ¿qué hora es?"], BEN: ["", "", "", "", "Y yo le dije que no podía ser."]},
    )
    (started,) = met.of(facts.PlaybackStarted)
    assert started.at >= 4.5 + 0.8


def test_who_asked_her_is_answered_in_the_end_although_others_talk_on() -> None:
    on_and_on = [(1.5, 4.0), (4.3, 6.5), (6.8, 15.0)]
    met = meet(
        {ANA: [utterance(1)], BEN: on_and_on},
        {ANA: ["MIA, ¿qué hora es?"], BEN: ["", "", "Y yo le dije que no podía ser."]},
    )
    (started,) = met.of(facts.PlaybackStarted)
    assert 2.0 + 4.0 <= started.at < 2.0 + 4.0 + 1.0
    assert ("Ana", "MIA, ¿qué hora es?") in said_in_turns(met)[0]
    assert not met.of(facts.Reopened)


def test_nobody_who_did_not_ask_her_is_answered_over_others() -> None:
    met = meet(
        {ANA: [utterance(1)], BEN: [(1.5, 15.0)]},
        {ANA: ["¿Qué hora es?"], BEN: ["Y yo le dije que no podía ser."]},
    )
    assert not met.of(facts.PlaybackStarted)


def test_what_was_said_to_others_is_kept_soon_though_there_is_never_a_gap() -> None:
    met = meet(
        {ANA: [utterance(1), utterance(6, 1), utterance(13, 2)], BEN: [(1.5, 20.0)]},
        {ANA: ["¿Vienes?", "¿Y tu hermana?", "Qué bien."], BEN: ["Y yo le dije que no."]},
        until=24,
    )
    assert not met.of(facts.ReplyStarted)
    kept = [(event.text, event.at) for event in met.of(facts.Overheard)]
    assert [text for text, _ in kept][:2] == ["Ana: ¿Vienes?", "Ana: ¿Y tu hermana?"]
    assert [at < limit for (_, at), limit in zip(kept, (7.0, 12.0), strict=False)] == [True, True]


def test_where_the_recogniser_cannot_keep_up_lines_do_not_grow_for_ever() -> None:
    """Three who talk without an end, and a recogniser that takes longer than their pauses."""
    bursts = {
        who: [(1 + shift + 4 * n, 3.6 + shift + 4 * n) for n in range(20)]
        for who, shift in ((ANA, 0.0), (BEN, 1.3), (CYD, 2.6))
    }
    met = meet(bursts, {who: ["Pues eso."] for who in bursts}, until=90, takes=2.0)
    assert met.fakes is not None
    stt = met.fakes.stt
    assert isinstance(stt, RoomStt)
    assert max(stt.seconds) < 12
    lines = met.of(facts.Overheard)
    assert sum(len(event.lines) for event in lines) >= 30
    assert lines[-1].at > 80


def test_called_by_name_at_the_end_she_does_not_wait_for_the_others() -> None:
    met = meet({ANA: [utterance(1)]}, {ANA: ["¿Qué hora es, Mía?"], BEN: [""]}, gap=3.0)
    (started,) = met.of(facts.PlaybackStarted)
    assert started.at < 2.6


def test_who_was_answered_needs_no_name_for_a_while() -> None:
    met = meet(
        {ANA: [utterance(1), utterance(8, 1)]},
        {ANA: ["MIA, ¿qué hora es?", "¿Y en Tokio?"], BEN: [""]},
        until=14,
    )
    assert [turn[-1][1] for turn in said_in_turns(met)] == ["MIA, ¿qué hora es?", "¿Y en Tokio?"]


def test_somebody_else_does_need_it() -> None:
    met = meet(
        {ANA: [utterance(1)], BEN: [utterance(8)]},
        {ANA: ["MIA, ¿qué hora es?"], BEN: ["¿Y en Tokio?"]},
        until=14,
    )
    assert len(said_in_turns(met)) == 1


def test_who_turns_to_somebody_else_is_not_answered() -> None:
    met = meet(
        {ANA: [utterance(1), utterance(8, 1)]},
        {ANA: ["MIA, ¿qué hora es?", "Ben, ¿nos vamos?"], BEN: [""]},
        until=14,
    )
    assert len(said_in_turns(met)) == 1


def test_quiet_she_answers_nobody_and_always_everybody() -> None:
    def quiet(company: Company) -> None:
        company.manner = "quiet"

    def always(company: Company) -> None:
        company.manner = "always"

    lines = {ANA: ["MIA, ¿qué hora es?"], BEN: ["Hace frío."]}
    assert not meet({ANA: [utterance(1)]}, lines, company=quiet).of(facts.ReplyStarted)
    assert meet({BEN: [utterance(1)]}, lines, company=always).of(facts.ReplyStarted)


def test_a_person_may_talk_over_her() -> None:
    met = meet(
        {ANA: [utterance(1), utterance(3.6, 1)]},
        {ANA: ["MIA, ¿qué hora es?", "MIA, espera, que ya lo sé."], BEN: [""]},
    )
    assert met.of(facts.Interrupted)


def test_people_who_talk_with_each_other_over_her_do_not_stop_her() -> None:
    met = meet(
        {ANA: [utterance(1)], BEN: [utterance(3.6)]},
        {ANA: ["MIA, ¿qué hora es?"], BEN: ["Ana, pásame la sal."]},
    )
    assert not met.of(facts.Interrupted)
    assert [e.status for e in met.of(facts.ReplyEnded)] == ["completed"]
    assert [e.text for e in met.of(facts.Overheard)] == ["Ben: Ana, pásame la sal."]


def test_who_may_not_interrupt_is_heard_out_after_her() -> None:
    def only_ana(company: Company) -> None:
        company.may_interrupt = lambda who: who == ANA

    met = meet(
        {ANA: [utterance(1)], BEN: [utterance(3.6)]},
        {ANA: ["MIA, ¿qué hora es?"], BEN: ["MIA, ¿y qué día es hoy?"]},
        company=only_ana,
    )
    assert not met.of(facts.Ducked)
    assert [turn[-1] for turn in said_in_turns(met)] == [
        ("Ana", "MIA, ¿qué hora es?"),
        ("Ben", "MIA, ¿y qué día es hoy?"),
    ]


def test_whoever_leaves_in_mid_sentence_has_finished() -> None:
    met = meet(
        {ANA: [(1, 2.0)]},
        {ANA: ["MIA, ¿qué hora es?"], BEN: [""]},
        at=[(2.0, lambda room: room.left(ANA.id))],
    )
    assert said_in_turns(met) == [[("Ana", "MIA, ¿qué hora es?")]]


def test_somebody_who_talks_without_end_does_not_keep_others_from_the_recogniser() -> None:
    met = meet(
        {ANA: [utterance(1)], BEN: [utterance(1, 1)], CYD: [(0.5, 9.0)]},
        {ANA: ["MIA, hola."], BEN: ["", "Buenas noches a todos."], CYD: ["Y entonces…"]},
        takes=0.4,
    )
    assert met.fakes is not None
    assert {"discord:1", "discord:2"} <= set(met.fakes.stt.asked)  # type: ignore[attr-defined]
    assert met.fakes.stt.most <= 2


def test_a_typed_message_has_its_writers_name() -> None:
    met = meet(
        {},
        {ANA: [""]},
        at=[(1.0, lambda room: room.type_as(Speaker("discord:9", "Dani"), "¿Qué tal?"))],
    )
    (heard,) = met.of(facts.Heard)
    assert heard.typed
    assert heard.lines == (("discord:9", "Dani", "¿Qué tal?"),)
    assert met.fakes is not None
    assert met.fakes.llm.prompts[-1].messages[-1].content == "Dani: ¿Qué tal?"


def test_silenced_she_answers_no_typed_message_either() -> None:
    def type_(room: Conversation) -> None:
        room._panic.set(True)
        with pytest.raises(MiaError, match="panic"):
            room.type_as(ANA, "¿Qué tal?")

    met = meet({}, {ANA: [""]}, at=[(1.0, type_)])
    assert not met.of(facts.ReplyStarted)


def test_a_message_from_a_page_is_not_the_last_writers() -> None:
    met = meet(
        {},
        {ANA: [""]},
        at=[
            (1.0, lambda room: room.type_as(Speaker("discord:9", "Dani"), "¿Qué tal?")),
            (9.0, lambda room: room.type("Hola desde la página")),
        ],
    )
    assert [event.lines for event in met.of(facts.Heard)] == [
        (("discord:9", "Dani", "¿Qué tal?"),),
        (),
    ]
