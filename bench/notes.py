"""`python -m bench.notes`: does the embedded brain take up what it is reminded of?

Thirty-two things somebody once said, each with a question about it, sixteen in each language; and
ten lines that have nothing to do with the note beside them. Each is answered by the real brain with
its real sampling, in a conversation of its own, once for each way to tell a note. An answer takes
the note up if it has the word that matters; one to a line that is about something else should not.

The word alone is counted: that the sentence round it makes sense is not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.machine import file
from mia.home import Home
from mia.mind.engines import Engine, Load, Task, build
from mia.mind.llm.llamacpp import LlamaCppOptions, gguf_in
from mia.mind.prompts.transcript import MAX_TOKENS, REMINDED, SAMPLING
from mia.mind.prompts.transcript import _exemplars as exemplars
from mia.models import ModelStore


@dataclass(frozen=True)
class Asked:
    """fact: a regular expression of what an answer must have; accents and case do not count."""

    language: str
    said: str
    question: str
    fact: str


ASKED = (
    Asked("es", "Mi perra se llama Luna.", "¿Cómo se llama mi perra?", "luna"),
    Asked("es", "Vivo en Sevilla desde hace diez años.", "¿Te acuerdas de dónde vivo?", "sevilla"),
    Asked("es", "Trabajo de enfermera en un hospital.", "¿En qué trabajo yo?", "enfermer|hospital"),
    Asked("es", "Soy alérgica a los cacahuetes.", "¿A qué soy alérgica?", "cacahuete"),
    Asked("es", "Mi hermano vive en Alemania.", "¿En qué país vive mi hermano?", "aleman"),
    Asked("es", "Mi comida favorita es la paella.", "¿Cuál es mi comida favorita?", "paella"),
    Asked("es", "Estoy aprendiendo a tocar el violín.", "¿Qué instrumento toco?", "violin"),
    Asked("es", "Mi cumpleaños es el tres de mayo.", "¿Cuándo es mi cumpleaños?", "mayo"),
    Asked("es", "Tengo dos hijas, Marta y Elena.", "¿Cómo se llaman mis hijas?", "marta|elena"),
    Asked("es", "Mi coche es un Seat rojo.", "¿De qué color es mi coche?", "rojo"),
    Asked("es", "Este verano me voy a Portugal.", "¿Adónde me voy de vacaciones?", "portugal"),
    Asked("es", "Mi equipo es el Betis.", "¿De qué equipo soy?", "betis"),
    Asked("es", "Estudié biología en Granada.", "¿Qué estudié yo?", "biolog"),
    Asked("es", "Me dan miedo las arañas.", "¿Qué me da miedo?", "arana"),
    Asked(
        "es", "Juego todas las noches al Minecraft.", "¿A qué juego me gusta jugar?", "minecraft"
    ),
    Asked("es", "My brother is called Peter.", "¿Cómo se llama mi hermano?", "peter|pedro"),
    Asked("en", "My dog is called Luna.", "What is my dog called?", "luna"),
    Asked("en", "I live in Leeds.", "Do you remember where I live?", "leeds"),
    Asked("en", "I work as a nurse.", "What is my job?", "nurse"),
    Asked("en", "I am allergic to peanuts.", "What am I allergic to?", "peanut"),
    Asked("en", "My brother lives in Germany.", "Which country does my brother live in?", "german"),
    Asked("en", "My favourite food is lasagne.", "What is my favourite food?", "lasagn"),
    Asked("en", "I am learning to play the violin.", "Which instrument do I play?", "violin"),
    Asked("en", "My birthday is on the third of May.", "When is my birthday?", r"\bmay\b"),
    Asked("en", "I have two girls, Martha and Ellen.", "What are my girls called?", "martha|ellen"),
    Asked("en", "I drive an old red Volvo.", "What colour is my car?", r"\bred\b"),
    Asked("en", "I am going to Portugal this summer.", "Where do I go this summer?", "portugal"),
    Asked("en", "My team is Arsenal.", "Which team do I support?", "arsenal"),
    Asked("en", "I studied biology in Bristol.", "What did I study?", "biolog"),
    Asked("en", "I am afraid of spiders.", "What am I afraid of?", "spider"),
    Asked("en", "I play Minecraft every night.", "Which game do I play?", "minecraft"),
    Asked("en", "Mi gato se llama Bigotes.", "What is my cat called?", "bigotes"),
)
#: What has nothing to do with the note: its word in the answer is one too many.
ELSEWHERE = (
    Asked("es", "Mi perra se llama Luna.", "¿Por qué el cielo es azul?", "luna|perr"),
    Asked("es", "Vivo en Sevilla desde hace años.", "Hoy me duele la espalda.", "sevilla"),
    Asked("es", "Mi coche es un Seat rojo.", "¿Cuántos planetas hay?", "seat|rojo|coche"),
    Asked("es", "Me dan miedo las arañas.", "Cuéntame algo de los delfines.", "arana|miedo"),
    Asked("es", "Mi equipo es el Betis.", "Bueno, me voy a dormir.", "betis|equipo"),
    Asked("en", "My dog is called Luna.", "Why is the sky blue?", "luna|dog"),
    Asked("en", "I live in Leeds.", "My back hurts today.", "leeds"),
    Asked("en", "I drive an old red Volvo.", "How many planets are there?", "volvo|red|car"),
    Asked("en", "I am afraid of spiders.", "Tell me something about dolphins.", "spider|afraid"),
    Asked("en", "My team is Arsenal.", "Well, I am off to bed.", "arsenal|team"),
)

LABELS = {"es": ("Pregunta", "Respuesta", "Nota"), "en": ("Question", "Answer", "Note")}
#: What was said before, so that the note is not the first line of the talk.
BEFORE = {
    "es": ("Ya estoy en casa.", "Qué bien que ya estés en casa, descansa un poco."),
    "en": ("I am home now.", "How nice that you are home, have some rest."),
}
ONCE = {"es": "la persona dijo una vez «{}»", "en": "the person once said “{}”"}
REMEMBERS = {
    "es": "MIA recuerda que la persona dijo «{}»",
    "en": "MIA remembers that the person said “{}”",
}
ASKS = {"es": "¿Te acuerdas de lo que te dije?", "en": "Do you remember what I told you?"}
TOLD = {"es": "Sí, me dijiste: «{}»", "en": "Yes, you told me: “{}”"}
BEGUN = {"es": "Me acuerdo:", "en": "I remember:"}
#: Exemplary questions that a note answers.
SHOWN = {
    "es": (
        ("Trabajo en una panadería.", "¿Dónde trabajo?", "Trabajas en una panadería."),
        ("Mi primo vive en Chile.", "¿Dónde vive mi primo?", "Tu primo vive en Chile."),
    ),
    "en": (
        ("I work in a bakery.", "Where do I work?", "You work in a bakery."),
        ("My cousin lives in Chile.", "Where does he live?", "Your cousin lives in Chile."),
    ),
}


class Paper:
    """What the brain goes on from. begun: the first words of the answer, which are said too."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self._user, self._own, self._note = LABELS[asked.language]
        self._text = exemplars(asked.language, "MIA")
        self.begun = ""
        self.stop = ["\n", f"{self._user}:"]

    def exchange(self, question: str, answer: str) -> Paper:
        self._text += f"{self._user}: {question}\n{self._own}: {answer}\n"
        return self

    def note(self, words: str) -> Paper:
        self._text += f"{self._note}: {words}\n"
        return self

    def question(self, begun: str = "") -> Paper:
        self._text += f"{self._user}: {self.asked.question}\n"
        self.begun = begun
        return self

    @property
    def text(self) -> str:
        return f"{self._text}{self._own}:{' ' * bool(self.begun)}{self.begun}"


def paper(asked: Asked) -> Paper:
    return Paper(asked).exchange(*BEFORE[asked.language])


def nothing(asked: Asked) -> Paper:
    return paper(asked).question()


def once(asked: Asked) -> Paper:
    return paper(asked).note(ONCE[asked.language].format(asked.said)).question()


def remembers(asked: Asked) -> Paper:
    return paper(asked).note(REMEMBERS[asked.language].format(asked.said)).question()


def exchanged(asked: Asked) -> Paper:
    told = TOLD[asked.language].format(asked.said)
    return paper(asked).exchange(ASKS[asked.language], told).question()


def shown(asked: Asked) -> Paper:
    made = Paper(asked)
    for said, question, answer in SHOWN[asked.language]:
        made.note(ONCE[asked.language].format(said)).exchange(question, answer)
    made.exchange(*BEFORE[asked.language])
    return made.note(ONCE[asked.language].format(asked.said)).question()


def begun(asked: Asked) -> Paper:
    told = ONCE[asked.language].format(asked.said)
    return paper(asked).note(told).question(BEGUN[asked.language])


def quoted(asked: Asked) -> Paper:
    return paper(asked).question(TOLD[asked.language].format(asked.said))


Way = Callable[[Asked], Paper]
#: How it is told, and whether the brain may repeat what stands there.
WAYS: tuple[tuple[str, Way, bool], ...] = (
    ("note: the person once said “…”", once, False),
    ("note: MIA remembers that the person said “…”", remembers, False),
    ("note: the person once said “…”", once, True),
    ("note: MIA remembers that the person said “…”", remembers, True),
    ("an exchange about it before the question", exchanged, True),
    ("the first note, after two exemplary ones", shown, True),
    ("the first note, and the answer begun: “I remember:”", begun, False),
    ("nothing", nothing, False),
)


WHAT_COUNTS = (
    'One answer each, drawn as in a talk. The word is counted, not the sense: "el 10 de mayo"'
    ' counts, and in many she says "my dog" where it is yours.'
)


def plain(text: str) -> str:
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in split if not unicodedata.combining(one))


def answer(engine: Engine, made: Paper, sampling: Mapping[str, float]) -> str:
    pieces = [made.begun]

    def piece(text: str) -> bool:
        pieces.append(text)
        return False

    engine.write(Task(None, made.text, made.stop, sampling, MAX_TOKENS), piece)
    return "".join(pieces).strip()


def taken_up(
    engine: Engine, asked: Sequence[Asked], way: Way, sampling: Mapping[str, float]
) -> Iterator[tuple[Asked, str, bool]]:
    """(what was asked, the answer, whether the word is in it)."""
    for one in asked:
        said = answer(engine, way(one), sampling)
        yield one, said, re.search(one.fact, plain(said)) is not None


def main() -> None:
    options = LlamaCppOptions()
    path = gguf_in(ModelStore(Home.find()).path("gemma-3-270m"))
    engine = build("auto", Load(path, options.context_size, 0, options.threads))
    rows = [
        "| told as | may repeat | Spanish | English | about something else |",
        "|---|---|---|---|---|",
    ]
    examples: list[str] = []
    for name, way, free in WAYS:
        sampling = REMINDED if free else SAMPLING
        got = list(taken_up(engine, ASKED, way, sampling))
        off = sum(hit for _, _, hit in taken_up(engine, ELSEWHERE, way, sampling))
        counts = [
            f"{sum(hit for one, _, hit in got if one.language == language)} of "
            f"{sum(one.language == language for one in ASKED)}"
            for language in ("es", "en")
        ]
        cells = (name, "yes" if free else "no", *counts, f"{off} of {len(ELSEWHERE)}")
        rows.append(f"| {' | '.join(cells)} |")
        print(rows[-1], flush=True)
        if way is remembers and free:
            examples = [f"- {one.question} ({one.said}) {said}" for one, said, _ in got]
    body = [WHAT_COUNTS, "", *rows, "", "Every answer of the way that is used:", "", *examples]
    file(
        "memory-notes",
        "What the embedded brain makes of a note",
        "python -m bench.notes --file",
        "\n".join(body),
    )


if __name__ == "__main__":
    main()
