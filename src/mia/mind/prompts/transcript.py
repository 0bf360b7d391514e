"""How a base model is asked: as a conversation on paper that it goes on writing.

A base model has no chat template and follows no instruction; it continues what it reads. So it
reads a short description, a few exemplary exchanges, and then the real conversation, up to the
persona's name and a colon. Description and exemplars never change by a byte, and history is only
appended to, so a server that keeps the evaluated prefix evaluates nothing but the newest line.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib import resources

from mia.conversation.ports import Message, Prompt

#: How much of the conversation is shown, in characters: about 700 tokens, which leaves a model
#: with a context of 2,048 room for the exemplars (about 300) and the reply.
HISTORY_CHARACTERS = 2_400

#: Old lines leave in blocks of this many messages. Dropping them one by one would change the text
#: right after the exemplars on every turn, and all of the history would be evaluated again.
BLOCK = 8

#: The longest single line, in characters; an utterance of a minute is about 900.
LINE_CHARACTERS = 1_200

_SPEAKER = {"es": "Persona", "en": "Person"}
_NOTE = {"es": "Nota", "en": "Note"}


@dataclass(frozen=True, slots=True)
class TranscriptPrompt:
    """A text to be continued, and the strings at which the continuation is cut off."""

    text: str
    stop: tuple[str, ...]


def transcript(prompt: Prompt, persona: str = "MIA") -> TranscriptPrompt:
    """The prompt as a transcript that ends where the persona's next line begins.

    Languages without exemplars of their own use the English ones. The first system message is
    left out (the description stands for it); later ones, such as memories, become a note.
    """
    language = prompt.language if prompt.language in _SPEAKER else "en"
    speaker = _SPEAKER[language]
    lines = [
        f"{_name(message, speaker, _NOTE[language], persona)}: {line}"
        for message in _talk(prompt.messages)
        if (line := _one_line(message.content))
    ]
    history = "".join(f"{line}\n" for line in _recent(lines))
    return TranscriptPrompt(
        text=f"{_exemplars(language, persona)}{history}{persona}:",
        stop=("\n", f"{speaker}:"),
    )


@functools.cache
def _exemplars(language: str, persona: str) -> str:
    text = resources.files(__package__).joinpath("transcript", f"{language}.txt").read_text("utf-8")
    return text.replace("{persona}", persona)


def _talk(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Everything after the system messages that open the prompt."""
    for index, message in enumerate(messages):
        if message.role != "system":
            return messages[index:]
    return ()


def _name(message: Message, speaker: str, note: str, persona: str) -> str:
    return {"user": speaker, "assistant": persona, "system": note}[message.role]


def _one_line(text: str) -> str:
    """The text without line breaks, which would end a line of the transcript."""
    return " ".join(text.split())[:LINE_CHARACTERS]


def _recent(lines: list[str]) -> list[str]:
    """The newest lines that fit, older ones dropped by whole blocks; never less than the last."""
    start = 0
    while sum(map(len, lines[start:])) > HISTORY_CHARACTERS and start + BLOCK < len(lines):
        start += BLOCK
    if start + BLOCK >= len(lines):  # the last block alone may still be too long
        while sum(map(len, lines[start:])) > HISTORY_CHARACTERS and start + 1 < len(lines):
            start += 1
    return lines[start:]
