"""What is told fits: by words, by meaning, by the lines around, by person, time and asker."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from mia.mind.memory import gate, retrieval, retrieval_dates, words
from mia.mind.memory.embedding import normalised
from mia.mind.memory.indexes.builtin import BuiltinIndex
from mia.mind.memory.journal import Journal, connect
from mia.mind.memory.ports import Found, Question, TextKind, Vectors
from mia.mind.memory.records import Line, Role
from mia.mind.memory.retrieval import Retriever

DAY = 86_400.0
NOW = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC).timestamp()


class Topics:
    """Embeds by which of a few topics a text touches; knows no words otherwise."""

    name = "topics"
    dimensions = 259
    TOPICS = (("perra", "dog", "mascota"), ("playa", "beach", "mar"), ("trabajo", "job", "oficina"))

    def embed(self, texts: Sequence[str], kind: TextKind) -> Vectors:
        vectors = np.zeros((len(texts), self.dimensions))
        for row, text in zip(vectors, texts, strict=True):
            for number, topic in enumerate(self.TOPICS):
                row[number] = any(word in text.lower() for word in topic)
            row[3:] = np.random.default_rng(zlib.crc32(text.encode())).normal(scale=0.005, size=256)
        return normalised(vectors)

    def close(self) -> None:
        pass


class Memory:
    """A journal and an index, filled line by line."""

    def __init__(self, folder: Path) -> None:
        self.journal = Journal(folder)
        self.index = BuiltinIndex(folder / "vectors", Topics.dimensions)
        self.reading = connect(self.journal.path, write=False)
        self.retriever = Retriever(self.reading, Topics(), self.index)
        self.sessions: dict[str, int] = {}

    def say(
        self,
        text: str,
        *,
        talk: str = "a",
        speaker: str = "owner",
        role: Role = "user",
        at: float = NOW - 40 * DAY,
        persona: str = "mia",
        language: str = "es",
    ) -> int:
        self.journal.meet(
            speaker, {"owner": "", "discord:1": "Ana", "discord:2": "Leo"}[speaker], at
        )
        if talk not in self.sessions:
            self.sessions[talk] = self.journal.begin(talk, persona, "es", at)
        line = Line(
            f"{talk}{text}{at}",
            role,
            speaker,
            persona,
            language,
            text,
            at,
        )
        memory = self.journal.keep(self.sessions[talk], line)
        vectors = Topics().embed([text], "passage")
        self.journal.keep_vectors("topics", [memory], vectors)
        self.index.add([memory], vectors)
        return memory

    def search(self, text: str, **more: object) -> list[int]:
        return [one.id for one in self.retriever.search(Question(text, **more))]  # type: ignore[arg-type]

    def recall(self, text: str, **more: object) -> list[int]:
        return [one.id for one in self.retriever.recall(Question(text, **more))]  # type: ignore[arg-type]


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    made = Memory(tmp_path)
    with closing(made.reading), closing(made.journal):
        yield made
        made.index.close()


def small_talk(memory: Memory, many: int = 30) -> None:
    for number in range(many):
        memory.say(f"Bueno, otra frase cualquiera número {number}", talk=f"t{number // 6}")


def test_what_shares_no_word_is_found_by_its_meaning(memory: Memory) -> None:
    small_talk(memory)
    wanted = memory.say("My dog eats carrots", talk="pets", language="en")
    assert memory.search("¿Y mi perra?")[0] == wanted


def test_a_rare_word_is_found_where_there_is_no_embedder_yet(memory: Memory) -> None:
    small_talk(memory)
    wanted = memory.say("El ornitorrinco se llama Pancracio", talk="pets")
    memory.retriever.embedder = memory.retriever.index = None
    assert memory.search("¿quién es Pancracio?")[0] == wanted
    assert memory.recall("¿quién es Pancracio?") == [wanted]


def test_the_answer_is_found_by_the_question_before_it(memory: Memory) -> None:
    small_talk(memory)
    memory.say("¿Y cómo se llama tu ornitorrinco?", talk="pets", role="assistant")
    answer = memory.say("Pancracio", talk="pets")
    assert answer in memory.search("¿qué nombre tiene el ornitorrinco?")[:2]


def test_who_is_named_goes_before_who_is_not(memory: Memory) -> None:
    small_talk(memory)
    hers = memory.say("Me gusta la playa por la mañana", talk="one", speaker="discord:1")
    memory.say("Odio la playa", talk="other", speaker="discord:2")
    assert memory.search("¿Qué piensa Ana de la playa?")[0] == hers


def test_one_viewers_memories_never_reach_another(memory: Memory) -> None:
    memory.say("Mi perra se llama Kira", talk="room", speaker="discord:1")
    mine = memory.say("Mi perra se llama Luna", talk="room", speaker="discord:2")
    assert memory.search("¿Cómo se llama mi perra?", speaker="discord:2") == [mine]
    assert memory.recall("¿Cómo se llama mi perra?", speaker="discord:2") == [mine]


def test_personas_keep_their_memories_apart(memory: Memory) -> None:
    memory.say("Mi perra se llama Kira", persona="otra")
    assert memory.search("perra", persona="mia") == []


def test_what_is_in_view_is_left_out_and_so_is_what_was_said_at_another_time(
    memory: Memory,
) -> None:
    old = memory.say("Fui a la playa", at=NOW - 300 * DAY, talk="old")
    new = memory.say("Voy a la playa", at=NOW - DAY, talk="new")
    assert memory.search("playa", leave_out=frozenset({new})) == [old]
    assert memory.search("playa", since=NOW - 2 * DAY) == [new]
    assert memory.search("playa", until=NOW - 2 * DAY) == [old]


def test_a_named_day_goes_before_every_other(memory: Memory) -> None:
    small_talk(memory)
    memory.say("Estuve en la playa con Marta", talk="x", at=NOW - 30 * DAY)
    yesterday = memory.say("Estuve en la playa con Pablo", talk="y", at=NOW - DAY)
    memory.say("Estuve en la playa con Eva", talk="z", at=NOW - 60)
    assert memory.search("¿Con quién estuve ayer en la playa?", now=NOW)[0] == yesterday


def test_who_tells_goes_before_who_asks(memory: Memory) -> None:
    small_talk(memory)
    asked = memory.say("¿Y el ornitorrinco come gambas?", talk="one")
    told = memory.say("El ornitorrinco come gambas, sí.", talk="other")
    assert memory.search("ornitorrinco gambas")[:2] == [told, asked]


def test_who_tells_more_goes_first(memory: Memory) -> None:
    small_talk(memory)
    memory.say("Ornitorrinco, pequeño", talk="one")
    more = memory.say("Es que el ornitorrinco era para mí muy, muy pequeño entonces", talk="other")
    memory.retriever.embedder = memory.retriever.index = None
    assert memory.search("ornitorrinco")[0] == more


def test_a_line_that_tells_a_time_goes_first_where_one_is_asked_for(memory: Memory) -> None:
    small_talk(memory)
    memory.say("Compré el ornitorrinco con mucha ilusión", talk="one")
    dated = memory.say("Compré el ornitorrinco el martes con ilusión", talk="other")
    memory.retriever.embedder = memory.retriever.index = None
    assert memory.search("¿Cuándo compré el ornitorrinco?", limit=1) == [dated]


def test_a_name_is_left_out_of_one_of_two_looks_at_the_meaning(memory: Memory) -> None:
    looked_for: list[str] = []

    class Listening(Topics):
        def embed(self, texts: Sequence[str], kind: TextKind) -> Vectors:
            looked_for.extend(texts)
            return super().embed(texts, kind)

    memory.say("Me gusta la playa por la mañana", speaker="discord:1")
    memory.retriever.embedder = Listening()
    for text in ("¿Le gusta a ANA la playa?", "Does Ana's job bore her?", "¿Y la mañana?"):
        memory.search(text)
    assert looked_for == [
        "¿Le gusta a ANA la playa?", "¿Le gusta a mi amigo la playa?",
        "Does Ana's job bore her?", "Does my friend job bore her?",
        "¿Y la mañana?",
    ]  # fmt: skip


def test_common_words_are_left_out_where_they_would_cost_too_much() -> None:
    assert retrieval.affordable({"luna": 3, "perra": 900, "casa": 2000}) == [
        "luna",
        "perra",
        "casa",
    ]
    assert retrieval.affordable({"luna": 3, "perra": 900, "casa": 2900}) == ["luna", "perra"]
    assert retrieval.affordable({"casa": 9000}) == ["casa"], "the rarest is always looked for"
    assert retrieval.affordable({}) == []


def test_small_talk_calls_for_no_memory(memory: Memory) -> None:
    small_talk(memory)
    memory.say("Mi perra se llama Luna", talk="pets")
    for chatter in ("Hola", "Ajá, sí", "Qué calor hace hoy", "ok, thanks"):
        assert memory.recall(chatter) == []
    assert memory.recall("¿Cómo se llama mi perra?") != []


def test_the_same_thing_said_twice_is_told_once(memory: Memory) -> None:
    small_talk(memory)
    one = memory.say("Mi perra se llama Luna", talk="b")
    other = memory.say("¡Mi perra se llama Luna!", talk="c")
    assert len({one, other}.intersection(memory.recall("¿Cómo se llama mi perra?"))) == 1


def test_a_forgotten_memory_is_found_no_more(memory: Memory) -> None:
    small_talk(memory)
    gone = memory.say("Mi perra se llama Luna", talk="pets")
    with memory.journal.transaction():
        memory.journal.erase([gone])
    assert gone not in memory.search("¿Cómo se llama mi perra Luna?")


def test_a_threshold_of_ones_own_counts_instead_of_the_measured_one(memory: Memory) -> None:
    small_talk(memory)
    memory.say("My dog eats carrots", talk="pets", language="en")
    told = [
        len(Retriever(memory.reading, Topics(), memory.index, threshold=least).recall(
            Question("¿Y mi perra?")
        ))
        for least in (None, 0.3, 1.0)
    ]  # fmt: skip
    assert told == [1, 1, 0]


def test_an_empty_memory_finds_nothing(memory: Memory) -> None:
    assert memory.search("¿Cómo se llama mi perra?") == []


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("¿Te acuerdas de mi perra?", True),
        ("cómo se llama mi gata", True),
        ("what's my job", True),
        ("Hoy hace sol", False),
        ("I like pizza", False),
    ],
)
def test_a_question_is_known_without_its_mark(text: str, asks: bool) -> None:
    assert gate.asks(text) is asks


def test_the_gate_wants_more_of_a_statement_than_of_a_question() -> None:
    near = [(Found(1, 3.0), gate.Signs(3.4, 0.0, "Mi perra se llama Luna"))]
    assert gate.fitting(near, 4, asked=True)
    assert gate.fitting(near, 0, asked=True) == []
    assert not gate.fitting(near, 4, asked=False)


def test_what_the_user_stated_comes_first_and_what_was_asked_is_not_told(memory: Memory) -> None:
    small_talk(memory)
    asked = memory.say("¿Sabes cómo se llama mi perra?", talk="pets")
    babble = memory.say("Tu perra se llama Ana, como tú.", talk="pets", role="assistant")
    stated = memory.say("Hola, me llamo Ana y mi perra se llama Luna.", talk="first")
    told = memory.recall("¿Cómo se llama mi perra?")
    assert told[0] == stated
    assert asked not in told
    assert set(told) <= {stated, babble}


def test_what_was_asked_every_day_does_not_hide_what_was_said_once(memory: Memory) -> None:
    stated = memory.say("Mi perra se llama Luna.", talk="first")
    small_talk(memory)
    for number in range(20):
        memory.say("¿Cómo se llama mi perra?", talk=f"day {number}")
        memory.say("No sé cómo se llama tu perra.", talk=f"day {number}", role="assistant")
    assert memory.recall("¿Cómo se llama mi perra?")[0] == stated


def test_a_question_is_told_where_nothing_was_stated(memory: Memory) -> None:
    small_talk(memory)
    asked = memory.say("¿Cómo se llama mi perra?", talk="pets")
    assert memory.recall("¿Te pregunté por mi perra?") == [asked]


def test_she_says_what_was_stated_where_only_babble_lies_near() -> None:
    babble = (Found(1, 9.0), gate.Signs(6.1, 1.0, "No puedo comer, pero tú sí.", hers=True))
    asked = (Found(2, 8.0), gate.Signs(4.6, 1.0, "¿Qué puedo comer esta noche?"))
    other = (Found(3, 7.0), gate.Signs(-0.3, 0.0, "El sábado me voy a la playa."))
    stated = (Found(4, 5.0), gate.Signs(1.9, 0.0, "Soy alérgica a los cacahuetes."))
    assert [one.id for one in gate.fitting([babble, asked, other, stated], 4)] == [4, 1]
    assert [one.id for one in gate.fitting([asked, other], 4)] == [2]
    assert gate.fitting([other, stated], 4) == [], "nothing says that the subject came up"


def test_her_own_lines_must_fit_better_than_the_users() -> None:
    for hers, fits in ((False, True), (True, False)):
        assert gate.fits(gate.Signs(3.4, 0.0, "La playa es bonita", hers)) is fits
    assert gate.fits(gate.Signs(4.4, 0.0, "La playa es bonita", hers=True))


@pytest.mark.parametrize(
    ("text", "states"),
    [
        ("¿Cómo se llama mi perra?", False),
        ("Hola. ¿Cómo estás tú? ¿Qué comes?", False),
        ("Me llamo Ana. ¿Y tú?", True),
        ("Cuando era niña vivía en Lugo", True),
        ("What's my dog's name?", False),
        ("Mi perra se llama Luna.", True),
    ],
)
def test_a_line_that_states_something_is_no_question(text: str, states: bool) -> None:
    assert gate.only_asks(text) is not states


def day(*date: int) -> float:
    return dt.datetime(*date, tzinfo=dt.UTC).timestamp()  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "first", "after"),
    [
        ("¿qué hice ayer?", day(2026, 11, 25), day(2026, 11, 26)),
        ("what did I do today", day(2026, 11, 26), day(2026, 11, 27)),
        ("¿qué dije en marzo?", day(2026, 3, 1), day(2026, 4, 1)),
        ("what happened in December", day(2025, 12, 1), day(2026, 1, 1)),
        ("where was I in 2023?", day(2023, 1, 1), day(2024, 1, 1)),
        ("in May 2022", day(2022, 5, 1), day(2022, 6, 1)),
    ],
)
def test_a_time_that_is_named_is_understood(text: str, first: float, after: float) -> None:
    assert retrieval_dates.named(words.tokens(text), NOW) == (first, after)


def test_last_week_holds_seven_days_ago_and_not_today() -> None:
    span = retrieval_dates.named(words.tokens("la semana pasada"), NOW)
    assert span is not None
    assert span[0] < NOW - 7 * DAY < span[1] < NOW


@pytest.mark.parametrize("text", ["may I come in?", "hola", "we march on"])
def test_other_words_name_no_time(text: str) -> None:
    assert retrieval_dates.named(words.tokens(text), NOW) is None
