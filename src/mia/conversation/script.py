"""What the language model is given to read for a reply."""

from __future__ import annotations

from collections.abc import Callable

from mia.conversation.history import History
from mia.conversation.ports import Message, Prompt


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
        return Prompt(messages, language)
