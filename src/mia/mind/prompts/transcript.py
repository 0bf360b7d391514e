"""How a base model is asked: as an interview on paper that it goes on writing.

A base model has no chat template and follows no instruction; it continues what it reads. So it
reads a short description, a few exemplary exchanges, and then the real conversation, up to the
label of its next line. Description and exemplars never change by a byte, and history is only
appended to, so a server that keeps the evaluated prefix evaluates nothing but the newest line.

Wording and sampling were tuned on Gemma 3 270M, a small base model that speaks Spanish. An
interview of questions and answers keeps it to the point where a script with the speakers' names
made it copy greetings, and answers that take up the words of the question teach it to do so.
Measured with `langdetect`: 24 of 25 replies Spanish on the lines it was tuned on, 21 of 25 on lines
it was not (the other four are Spanish too, of four to ten words, too few to tell). About half
make sense as an answer: demonstration quality.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from mia.conversation.ports import Message, Prompt

#: How much of the conversation is shown, in characters: about 700 tokens, which leaves a model
#: with a context of 2,048 room for the exemplars (about 300) and the reply.
HISTORY_CHARACTERS = 2_400

#: When it grows longer, this many of its oldest characters leave together. Dropping line by line
#: would change the text right after the exemplars on every turn, and all of the history would be
#: evaluated again.
BLOCK_CHARACTERS = HISTORY_CHARACTERS // 2

#: The longest single line, in characters; an utterance of a minute is about 900.
LINE_CHARACTERS = 1_200

#: How the next words are drawn, by llama.cpp's names. Nearly greedy, since such a model's second
#: choice is seldom sensible; the two penalties look only a few lines back and keep it from saying
#: its last answer again, which greedy decoding does for ever.
SAMPLING: Mapping[str, float] = {
    "temperature": 0.15,
    "top_p": 1.0,
    "min_p": 0.1,
    "repeat_penalty": 1.0,
    "frequency_penalty": 0.2,
    "repeat_last_n": 120,
    "dry_multiplier": 2.0,
    "dry_base": 2.0,
    "dry_allowed_length": 1,
    "dry_penalty_last_n": 150,
}

#: … and where the newest words come with a note: what keeps it from saying its last answer again
#: kept it from saying "Luna", too, which stands in the note (`bench/results/memory-notes.md`).
REMINDED: Mapping[str, float] = {**SAMPLING, "frequency_penalty": 0.0, "dry_allowed_length": 4}

#: The most a reply may have, in tokens: about two long sentences.
MAX_TOKENS = 60

#: The labels of the user's lines, of the persona's, and of what is noted for the persona.
_LABELS = {"es": ("Pregunta", "Respuesta", "Nota"), "en": ("Question", "Answer", "Note")}


@dataclass(frozen=True, slots=True)
class TranscriptPrompt:
    """A text to be continued, the strings at which the continuation is cut off, and how its words
    are drawn."""

    text: str
    stop: tuple[str, ...]
    sampling: Mapping[str, float]


def transcript(prompt: Prompt, persona: str = "MIA") -> TranscriptPrompt:
    """The prompt as a transcript that ends where the persona's next words begin.

    Languages without exemplars of their own use the English ones. The system messages that open
    the prompt are left out (the description stands for them); later ones, such as memories,
    become notes right before the words they belong to (how they are best put is measured in
    `bench/notes.py`). The continuation begins with a space.
    """
    language = prompt.language if prompt.language in _LABELS else "en"
    user, assistant, note = _LABELS[language]
    labels = {"user": user, "assistant": assistant, "system": note}
    lines = [
        f"{labels[message.role]}: {line}\n"
        for message in _talk(prompt.messages)
        for content in message.plain or (message.content,)
        if (line := _one_line(content))
    ]
    return TranscriptPrompt(
        text=f"{_exemplars(language, persona)}{''.join(_recent(lines))}{assistant}:",
        stop=("\n", f"{user}:"),
        sampling=REMINDED if _reminded(prompt.messages) else SAMPLING,
    )


@functools.cache
def _exemplars(language: str, persona: str) -> str:
    text = resources.files(__package__).joinpath("transcript", f"{language}.txt").read_text("utf-8")
    return text.replace("{persona}", persona)


def _talk(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Everything after the system messages that open the prompt; what is remembered for the first
    turn is none of them."""
    for index, message in enumerate(messages):
        if message.role != "system" or message.plain:
            return messages[index:]
    return ()


def _reminded(messages: tuple[Message, ...]) -> bool:
    """Whether the newest words come with something remembered."""
    return len(messages) > 1 and any(messages[-2].plain) and messages[-2].role == "system"


def _one_line(text: str) -> str:
    """The text without line breaks, which would end a line of the transcript."""
    return " ".join(text.split())[:LINE_CHARACTERS]


def _recent(lines: list[str]) -> list[str]:
    """The newest lines that fit, older ones dropped by whole blocks; never less than the last."""
    excess = sum(map(len, lines)) - HISTORY_CHARACTERS
    leaving = math.ceil(excess / BLOCK_CHARACTERS) * BLOCK_CHARACTERS
    start = 0
    while leaving > 0 and start < len(lines) - 1:
        leaving -= len(lines[start])
        start += 1
    return lines[start:]
