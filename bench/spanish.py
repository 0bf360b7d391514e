"""`python -m bench.spanish`: does the embedded brain answer Spanish in Spanish?

Thirty lines of everyday talk that its exemplars do not contain, each answered in a conversation
of its own, judged by a language identifier (`py3langid`, all of its 97 languages).
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import py3langid

from bench.machine import file
from mia.backends import Context
from mia.conversation.ports import Message, Prompt
from mia.home import Home
from mia.mind.llm import llamacpp
from mia.mind.prompts import system_prompt
from mia.models import ModelStore

LINES = (
    "Acabo de llegar a casa y tengo mucha hambre.",
    "¿Qué me recomiendas para cenar esta noche?",
    "Mi hermana se casa el sábado que viene.",
    "¿Te gusta más el verano o el invierno?",
    "No sé qué regalarle a mi padre por su cumpleaños.",
    "Hoy he suspendido un examen muy importante.",
    "¿Cómo se dice «gracias» en japonés?",
    "Mañana tengo una entrevista de trabajo.",
    "¿Has visto la última película de superhéroes?",
    "Mi gato se ha escapado y no lo encuentro.",
    "¿Por qué el cielo es azul?",
    "Estoy aprendiendo a tocar la guitarra.",
    "¿Qué harías si te tocara la lotería?",
    "Me duele un poco la cabeza.",
    "Cuéntame algo interesante sobre los delfines.",
    "¿Sabes cocinar una tortilla de patatas?",
    "He quedado con unos amigos para jugar al fútbol.",
    "¿Cuál es la ciudad más bonita que conoces?",
    "Últimamente duermo muy mal.",
    "¿Qué música escuchas cuando estás contenta?",
    "Creo que me he enamorado de una compañera.",
    "¿Cuántos planetas hay en el sistema solar?",
    "Este fin de semana voy a la playa con mis hijos.",
    "Me aburro muchísimo, ¿jugamos a algo?",
    "¿Qué opinas de los videojuegos?",
    "Mi abuela cumple noventa años hoy.",
    "¿Me ayudas a elegir un nombre para mi perro?",
    "Se me ha roto el teléfono otra vez.",
    "¿Crees que va a llover esta tarde?",
    "Bueno, me voy ya, que se hace tarde.",
)


async def answers() -> list[str]:
    """The embedded brain's answer to each line, in a conversation of its own."""
    context = Context(ModelStore(Home.find()), ("es",), Path())
    brain = await llamacpp.load(llamacpp.LlamaCppOptions(), context)
    system = Message("system", system_prompt(None, "", "es", "MIA"))
    replies = []
    for line in LINES:
        prompt = Prompt((system, Message("user", line)), "es")
        replies.append("".join([piece async for piece in brain.stream(prompt)]).strip())
    await brain.aclose()
    return replies


def main() -> None:
    replies = asyncio.run(answers())
    rows = ["| said | answered | language |", "|---|---|---|"]
    spanish = 0
    for line, reply in zip(LINES, replies, strict=True):
        language = py3langid.classify(reply)[0] if reply else "–"
        spanish += language == "es"
        rows.append(f"| {line} | {reply} | {language} |")
    rows += ["", f"Spanish: {spanish} of {len(LINES)}."]
    file(
        "spanish",
        "The embedded brain, spoken to in Spanish",
        "python -m bench.spanish --file",
        "\n".join(rows),
    )


if __name__ == "__main__":
    main()
