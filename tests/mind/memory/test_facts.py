"""Facts of a capable brain, from what one really answered: linked, corrected, never instead."""

from __future__ import annotations

import asyncio
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
#: A larger model's answer to these lines, its words round the JSON included.
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
    found = facts.undigested(journal, frozenset())
    assert found is not None
    return found[1]


def digested(journal: Journal, lines: list[Memory], answer: str) -> list[Memory]:
    known = facts.known(journal, "owner", "MIA")
    made = facts.understood(answer, lines, known)
    session = lines[0].session
    assert session is not None
    ids = facts.keep(journal, facts.Digest(session, lines[-1].id, made), lines)
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
    assert facts.undigested(journal, frozenset()) is None, "looked at once"


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
