"""What the language model is given to read for a reply."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

from mia.conversation.history import History
from mia.conversation.ports import LanguageModel, Message, Prompt


class Script:
    """System prompt, history, newest message: in the order in which a cached prefix survives.

    Nothing that changes from turn to turn stands before the history.
    """

    def __init__(self, system_prompt: Callable[[str], str]) -> None:
        self._system_prompt = system_prompt
        self.instructions: str | None = None
        """Told instead of the persona's own prompt; None: the persona."""
        self.once: str | None = None
        """Told for the next reply alone, late in the prompt."""

        self.verbatim = ""
        """What the next reply says, word for word; empty: what the mind writes."""

    def prompt(self, history: History, text: str | None, language: str) -> Prompt:
        """The prompt for an answer to `text`, or to what the history ends with."""
        system = self.instructions
        if system is None:
            system = self._system_prompt(language)
        messages = (Message("system", system), *history.messages())
        if text is not None and messages[-1].role == "user":
            # Two user messages in a row are refused by many chat templates.
            text = f"{messages[-1].content}{history.glue}{text}"
            messages = messages[:-1]
        if self.once:
            messages += (Message("system", self.once),)
            self.once = None
        if text is not None:
            messages += (Message("user", text),)
        verbatim, self.verbatim = self.verbatim, ""
        return Prompt(messages, language, verbatim=verbatim)


def pieces_of(mind: LanguageModel, prompt: Prompt) -> AsyncGenerator[str, None]:
    """What the mind writes, or what is to be said anyway."""
    return _as_it_stands(prompt.verbatim) if prompt.verbatim else mind.stream(prompt)


async def _as_it_stands(text: str) -> AsyncGenerator[str, None]:
    yield text
