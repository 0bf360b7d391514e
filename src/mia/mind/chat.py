"""A prompt in the strict form every chat template takes.

Many templates refuse a system message that is not the first, or two messages of one role in a
row. MIA's prompts have both: memories arrive late, as system messages next to the user's words,
and an interrupted reply leaves two user messages behind each other.
"""

from __future__ import annotations

from mia.conversation.ports import Prompt

#: Stands for the user where a template insists on one who has said nothing.
NO_WORDS = "…"


def chat_messages(prompt: Prompt) -> list[dict[str, str]]:
    """The messages as `role` and `content`: at most one system message, first; then user and
    assistant in turn, beginning with the user.

    A late system message becomes the beginning of the user message after it.
    """
    messages: list[dict[str, str]] = []
    notes: list[str] = []
    for message in prompt.messages:
        content = message.content.strip()
        if not content:
            continue
        opening = not notes and all(earlier["role"] == "system" for earlier in messages)
        if message.role == "system" and opening and not message.plain:
            _add(messages, "system", content)
        elif message.role == "system":
            notes.append(content)
        elif message.role == "user":
            _add(messages, "user", "\n\n".join([*notes, content]))
            notes = []
        else:
            if not messages or messages[-1]["role"] == "system":
                # a conversation that MIA opened: templates want a user message before it
                messages.append({"role": "user", "content": NO_WORDS})
            _add(messages, "assistant", content)
    if notes:
        _add(messages, "user", "\n\n".join(notes))
    if not messages or messages[-1]["role"] == "system":
        messages.append({"role": "user", "content": NO_WORDS})
    return messages


def _add(messages: list[dict[str, str]], role: str, content: str) -> None:
    if messages and messages[-1]["role"] == role:
        messages[-1]["content"] += f"\n\n{content}"
    else:
        messages.append({"role": role, "content": content})
