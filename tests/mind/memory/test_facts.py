"""Facts and summaries of a capable brain: linked, corrected, forgotten, never instead of what was
said. What such a brain really answered is in `test_recorded_answers`."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path

import pytest

from mia.mind.memory import facts, forgetting, reading
from mia.mind.memory.digesting import Digesting
from mia.mind.memory.journal import Journal
from mia.mind.memory.records import Memory, Wanted
from mia.telemetry.events import EventBus
from tests.support.fakes import FakeLlm
from tests.support.memory import NOON, line, remembering

SAID = (
    ("user", "Mi perra se llama Luna."),
    ("assistant", "¡Qué nombre tan bonito!"),
    ("user", "Vivo en Sevilla desde hace años."),
    ("assistant", "Qué calor en verano."),
    ("user", "Trabajo de enfermera."),
    ("assistant", "Qué trabajo tan importante."),
)
#: As larger models answer, with words round the JSON, and with inventions.
ANSWER = """Aquí tienes los datos:
```json
[{"text": "Su perra se llama Luna.", "lines": [1], "replaces": []},
 {"text": "Vive en Sevilla.", "lines": [3], "replaces": []},
 {"text": "Trabaja de enfermera.", "lines": [5], "replaces": []},
 {"text": "Le gustan los trenes.", "lines": [2], "replaces": []},
 {"text": "Tiene un barco.", "lines": [99], "replaces": [7]}]
```"""
CORRECTED = '[{"text": "Vive en Oviedo.", "lines": [%d], "replaces": [%d]}]'


def told(journal: Journal, said: tuple[tuple[str, str], ...] = SAID) -> list[Memory]:
    session = journal.begin("stage", "MIA", "es", NOON)
    for number, (role, text) in enumerate(said):
        journal.keep(session, line(f"i{number}", text, NOON + number, role=role))
    found = facts.undigested(journal, frozenset(), 0.0)
    assert found is not None
    return found[1]


def digested(journal: Journal, lines: list[Memory], answer: str) -> list[Memory]:
    known = facts.known(journal, "owner", "MIA")
    made = facts.understood(answer, lines, known)
    session = lines[0].session
    assert session is not None
    ids = facts.keep(journal, facts.Digest(session, lines[-1].id, made), lines, known)
    return reading.by_ids(journal.connection, ids)


def test_each_fact_is_linked_to_the_turns_it_comes_from(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    made = digested(journal, told(journal), ANSWER)
    assert [fact.text for fact in made] == [
        "Su perra se llama Luna.",
        "Vive en Sevilla.",
        "Trabaja de enfermera.",
    ], "what stands on no line that was shown, or shares no word with it, is made up"
    sources = reading.sources(journal.connection, made[1].id)
    assert [turn.text for turn in sources] == ["Vivo en Sevilla desde hace años."]
    assert facts.undigested(journal, frozenset(), 0.0) is None, "looked at once"


def test_a_fact_that_is_contradicted_holds_no_longer(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    made = digested(journal, told(journal), ANSWER)
    later = told(journal, (("user", "Ahora vivo en Oviedo."), *SAID[1:]))
    digested(journal, later, CORRECTED % (later[0].id, made[1].id))
    holding = [fact.text for fact in facts.known(journal, "owner", "MIA")]
    assert "Vive en Oviedo." in holding
    assert "Vive en Sevilla." not in holding
    (old,) = reading.by_ids(journal.connection, [made[1].id])
    assert old.until == later[0].at
    everything = {row.text for row in reading.every(journal.connection, Wanted())}
    assert "Vivo en Sevilla desde hace años." in everything, "what was said stays"
    forgetting.forget(journal, Wanted(ids=(later[0].id,)))
    holding = [fact.text for fact in facts.known(journal, "owner", "MIA")]
    assert "Vive en Sevilla." in holding, "as nothing contradicts it any more"
    assert "Vive en Oviedo." not in holding


def test_a_turn_that_was_forgotten_meanwhile_makes_no_fact(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    lines = told(journal)
    forgetting.forget(journal, Wanted(ids=(lines[0].id,)))
    assert "Luna" not in str(digested(journal, lines, ANSWER))


LUNA, SEVILLA = "Su perra se llama Luna.", "Vive en Sevilla."
ONE = '{"text": "Su perra se llama Luna.", "lines": [1], "replaces": []}'
TWO = '{"text": "Vive en Sevilla.", "lines": [3]}'
HABITS = {
    "fenced": f"```json\n[{ONE}, {TWO}]\n```",
    "fenced without a name": f"```\n[{ONE}, {TWO}]\n```",
    "words with brackets round it": f"De [1] y [3]:\n[{ONE}, {TWO}]\nEspero que [sirva].",
    "a comma too many": f"[{ONE[:-1]},}}, {TWO},\n]",
    "an object round the list": f'{{"facts": [{ONE}, {TWO}]}}',
    "one object a line": f"{ONE}\n{TWO}",
    "a thought before it": f"<think>[{ONE}]? Line 3 too.</think>\n[{ONE}, {TWO}]",
    "a thought whose beginning is not seen": f"Is {TWO} right? Yes.\n</think>\n[{ONE}, {TWO}]",
    "cut off in the middle": f'[{ONE}, {TWO}, {{"text": "Trabaja de enferm',
    "numbers as texts, or alone": "[{}, {}]".format(
        ONE.replace("[1]", '["1"]'), TWO.replace("[3]", "3")
    ),
    "null for nothing": f"[{ONE.replace('[]', 'null')}, {TWO}]",
    "a line break in a text": f"[{ONE}, {TWO.replace('en Sevilla', 'en' + chr(10) + 'Sevilla')}]",
}


@pytest.mark.parametrize("habit", HABITS)
def test_the_habits_of_models_do_no_harm(habit: str, tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    made = digested(journal, told(journal), HABITS[habit])
    assert [" ".join(fact.text.split()) for fact in made] == [LUNA, SEVILLA]


def test_one_fact_where_a_list_was_asked_for_is_a_fact(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    assert [fact.text for fact in digested(journal, told(journal), ONE)] == [LUNA]


def test_a_fact_in_another_language_is_kept_as_one_of_that(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    english = '[{"text": "Her dog is called Luna.", "lines": [1]}]'
    (fact,) = digested(journal, told(journal), english)
    assert fact.language == "en"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "No sé.",
        "[",
        '{"text": 1}',
        "[1, null, {}]",
        "[[[]]]",
        f"<think>I would say {ONE}",
        "{" * 5000,
        '{"a":' * 3000,
    ],
)
def test_an_answer_that_is_none_makes_nothing(answer: str, tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    assert facts.understood(answer, told(journal), []) == []


def test_it_happens_while_nobody_talks(tmp_path: Path) -> None:
    async def test() -> None:
        told(journal := Journal(tmp_path))
        journal.close()
        async with remembering(tmp_path, EventBus()) as memories:
            brain = FakeLlm(reply=ANSWER, first=0.0, each=0.0)
            work = asyncio.create_task(Digesting(memories, brain, quiet=0.01).run())
            for _ in range(1000):
                if await memories.on_journal(lambda j: facts.known(j, "owner", "MIA")):
                    break
                await asyncio.sleep(0.05)
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            assert len(brain.prompts) == 1

    asyncio.run(test())


SUMMED = '{"facts": [%s], "summary": "Habló de su perra Luna y de Sevilla."}'


def test_a_summary_is_forgotten_with_any_of_its_turns(tmp_path: Path) -> None:
    for number in (0, 3, 4):  # of the last one and of MIA's own it says nothing
        folder = tmp_path / str(number)
        folder.mkdir()
        journal = Journal(folder)
        lines = told(journal)
        (summary,) = digested(journal, lines, SUMMED % "")
        assert summary.kind == "summary"
        assert len(reading.sources(journal.connection, summary.id)) == len(SAID)
        gone = forgetting.forget(journal, Wanted(ids=(lines[number].id,)))
        assert set(gone) == {lines[number].id, summary.id}


def test_a_contradicted_fact_takes_the_summary_that_tells_it_along(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    fact, summary = digested(journal, told(journal), SUMMED % TWO)
    later = told(journal, (("user", "Ahora vivo en Oviedo."), *SAID[1:]))
    digested(journal, later, CORRECTED % (later[0].id, fact.id))
    old = reading.by_ids(journal.connection, [fact.id, summary.id])
    assert [one.until for one in old] == [later[0].at] * 2


def test_a_line_that_was_corrected_is_looked_at_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    lines = told(journal)
    made = digested(journal, lines, SUMMED % TWO)
    forgotten = forgetting.edit(journal, lines[2].id, "Vivo en Huelva desde hace años.")
    assert set(forgotten) == {one.id for one in made}
    found = facts.undigested(journal, frozenset(), 0.0)
    assert found is not None
    assert [line.text for line in found[1]][2] == "Vivo en Huelva desde hace años."


def test_a_line_that_changed_while_the_brain_was_at_it_makes_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    lines = told(journal)
    forgetting.edit(journal, lines[2].id, "Vivo en Huelva.")
    assert [one.text for one in digested(journal, lines, SUMMED % f"{ONE}, {TWO}")] == [LUNA]


def test_what_two_lines_went_into_is_forgotten_with_either(tmp_path: Path) -> None:
    """The brain names one line, and took words of another."""
    journal = Journal(tmp_path)
    lines = told(journal)
    both = '{"text": "Vive en Sevilla con su perra Luna.", "lines": [3]}'
    (fact,) = digested(journal, lines, f"[{both}]")
    assert fact.id in forgetting.forget(journal, Wanted(ids=(lines[0].id,)))


def said_by_two(journal: Journal) -> int:
    session = journal.begin("stage", "MIA", "es", NOON)
    for number in range(4):
        for who, text in (("ana", "Vivo en Lugo"), ("ben", "Vivo en Vigo")):
            journal.keep(session, line(f"{who}{number}", f"{text} {number}.", NOON, who=who))
            reply = line(
                f"r{who}{number}", f"¡Qué bien, {text[8:]}!", NOON, role="assistant", who=who
            )
            journal.keep(session, reply)
    journal.keep(session, line("eva", "Yo en Soria.", NOON, who="eva"))
    return session


def test_what_several_people_say_is_looked_at_for_each_apart(tmp_path: Path) -> None:
    async def test() -> None:
        journal = Journal(tmp_path)
        said_by_two(journal)
        journal.close()
        async with remembering(tmp_path, EventBus()) as memories:
            # Whoever is asked about: of lines that were not shown nothing is made.
            both = '{"facts": [{"text": "Vive en Lugo o Vigo.", "lines": [1, 3]}], "summary": "%s"}'
            brain = FakeLlm(reply=both % "Vive en Lugo y en Vigo.", first=0.0, each=0.0)
            assert await Digesting(memories, brain).look()
            asked = [prompt.messages[-1].content for prompt in brain.prompts]
            assert len(asked) == 2, "one line is too little"
            assert "Lugo" in asked[0]
            assert "Vigo" not in asked[0]
            assert "Lugo" not in asked[1]
            for who in ("ana", "ben"):
                ask = functools.partial(facts.known, speaker=who, persona="MIA")
                known = await memories.on_journal(ask)
                assert {one.kind for one in known} == {"fact", "summary"}
                with reading.opened(tmp_path) as connection:
                    for one in known:
                        sources = reading.sources(connection, one.id)
                        assert {source.speaker for source in sources} == {who}

    asyncio.run(test())


def test_who_is_not_to_be_remembered_is_not_thought_about(tmp_path: Path) -> None:
    async def test() -> None:
        journal = Journal(tmp_path)
        said_by_two(journal)
        journal.remember_speaker("ana", False, NOON)
        journal.close()
        async with remembering(tmp_path, EventBus()) as memories:
            brain = FakeLlm(reply="[]", first=0.0, each=0.0)
            digesting = Digesting(memories, brain)
            memories.switch(False)
            assert not await digesting.look()
            assert not brain.prompts, "off is off"
            memories.switch(True)
            assert await digesting.look()
            (asked,) = (prompt.messages[-1].content for prompt in brain.prompts)
            assert "Vigo 0" in asked
            assert "Lugo" not in asked
            assert not await digesting.look(), "looked at once"

    asyncio.run(test())


def test_a_line_corrected_while_the_brain_was_at_it_is_looked_at_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    lines = told(journal)
    forgetting.edit(journal, lines[0].id, "Mi gata se llama Luna.")
    assert digested(journal, lines, SUMMED % ONE) == []
    found = facts.undigested(journal, frozenset(), 0.0)
    assert found is not None
    assert found[1][0].text == "Mi gata se llama Luna."


def test_talks_about_the_same_are_not_forgotten_with_one_of_them(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    made = {}
    for number in range(12):
        lines = told(journal, tuple((role, f"{text[:-1]} {number}.") for role, text in SAID))
        fact = f'{{"text": "La usuaria vive en Sevilla {number}.", "lines": [{lines[2].id}]}}'
        summary = '"summary": "La usuaria contó cosas de Sevilla y del trabajo."'
        digested(journal, lines, f'{{"facts": [{fact}], {summary}}}')
        made[number] = lines
    assert len(forgetting.forget(journal, Wanted(ids=(made[9][2].id,)))) == 3, "with what is of it"
    assert len(forgetting.forget(journal, Wanted(ids=(made[10][0].id,)))) == 2, "and its summary"


def test_of_a_talk_that_goes_on_only_what_was_said_a_while_ago_is_looked_at(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    lines = told(journal)
    session = lines[0].session
    assert session is not None
    last = lines[-1].at
    assert facts.undigested(journal, frozenset({session}), last) is None, "five are too few"
    found = facts.undigested(journal, frozenset({session}), last + 1)
    assert found == (session, lines)


def test_a_newer_summary_of_the_same_lines_takes_the_place_of_the_older(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    lines = told(journal)
    digested(journal, lines, SUMMED % "")
    forgetting.edit(journal, lines[4].id, "Trabajo de maestra.")
    found = facts.undigested(journal, frozenset(), 0.0)
    assert found is not None
    digested(journal, found[1], SUMMED % "")
    digested(journal, found[1], SUMMED % "")
    held = [one for one in facts.known(journal, "owner", "MIA") if one.kind == "summary"]
    assert len(held) == 1


def test_a_line_corrected_before_those_that_are_looked_at_is_not_passed_over(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path)
    early = told(journal)
    digested(journal, early, SUMMED % TWO)
    session = early[0].session
    assert session is not None
    for number, (role, text) in enumerate(SAID):
        journal.keep(session, line(f"j{number}", text, NOON + 100 + number, role=role))
    found = facts.undigested(journal, frozenset(), 0.0)
    assert found is not None
    forgetting.edit(journal, early[2].id, "Vivo en Huelva.")  # while the brain is at the others
    digested(journal, found[1], "[]")
    again = facts.undigested(journal, frozenset(), 0.0)
    assert again is not None
    assert again[1][0].id == early[0].id


def test_an_answer_to_several_people_is_looked_at_for_none_of_them(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    session = journal.begin("stage", "MIA", "es", NOON)
    for number in range(3):
        for who in ("ana", "ben"):
            journal.keep(session, line(f"{who}{number}", f"Hola de {who}.", who=who))
        journal.keep(session, line(f"both{number}", "¡Hola!", role="assistant", who="ben"))
        for extra in range(2):
            journal.keep(session, line(f"b{number}{extra}", "Soy Ben.", who="ben"))
        journal.keep(session, line(f"rb{number}", "Ya, Ben.", role="assistant", who="ben"))
    found = facts.undigested(journal, frozenset(), 0.0)
    assert found is not None
    theirs = facts.by_person(found[1])
    assert [one.text for one in theirs["ben"] if one.role == "assistant"] == ["Ya, Ben."] * 3
