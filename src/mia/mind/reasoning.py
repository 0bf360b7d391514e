"""Takes a reasoning model's thoughts out of what it writes: they are neither spoken nor shown.

Models mark their thoughts in the text, most with `<think>…</think>`. Three habits matter: a tag
arrives split over pieces; a thought may never end; and some chat templates put the opening tag at
the end of the prompt, so that the reply begins with thoughts and only `</think>` is ever seen.
The last cannot be told from a plain reply until it is over, so only a model known for it
(`opened=True`) is waited for; `unopened` tells when a model has given itself away.
"""

from __future__ import annotations

import re

_NAMES = ("think", "thinking", "reasoning")
_OPENING = tuple(f"<{name}>" for name in _NAMES)
_CLOSING = tuple(f"</{name}>" for name in _NAMES)
_ANY = re.compile(f"<(/?)({'|'.join(_NAMES)})>", re.IGNORECASE | re.ASCII)

#: Model names that announce thoughts in the text (DeepSeek R1, QwQ, Qwen3 Thinking, …).
_THINKERS = re.compile(r"(?:^|[^a-z0-9])(?:r1|qwq|\w*think\w*|\w*reason\w*)(?:$|[^a-z0-9])")


def may_open_unseen(model: str) -> bool:
    """Whether a model of this name may begin its reply inside a thought."""
    return _THINKERS.search(model.lower()) is not None


class ReasoningFilter:
    """Give it the pieces of one reply in order; it gives back what may be spoken.

    How the text is split into pieces makes no difference to the result. Blank space before the
    first spoken character is dropped.

    opened: the reply may begin inside a thought. Everything is then held back until a tag tells,
    until `separated`, or until the end.
    """

    def __init__(self, *, opened: bool = False) -> None:
        self._waiting = opened
        self._thought: str | None = None
        """The tag name of the thought being read."""
        self._buffer = ""
        """What may still turn out to be the beginning of a tag."""
        self._held = ""
        """While waiting: what is either a thought or the reply."""
        self._spoke = False
        self.unopened = False
        """A thought ended that no tag had opened."""
        self.thought = False
        """Something was taken out."""

    def feed(self, piece: str) -> str:
        """What of the reply is sure by now and was not given back before."""
        self._buffer += piece
        spoken: list[str] = []
        while tag := _ANY.search(self._buffer):
            self._take(self._buffer[: tag.start()], spoken)
            self._buffer = self._buffer[tag.end() :]
            self._turn(closing=bool(tag[1]), name=tag[2].lower())
        sure = len(self._buffer) - _beginning_of_tag(self._buffer)
        self._take(self._buffer[:sure], spoken)
        self._buffer = self._buffer[sure:]
        return self._trimmed("".join(spoken))

    def separated(self) -> str:
        """The server delivers thoughts apart from the text, so nothing needs to be waited for.

        Gives back what was held."""
        self._waiting = False
        held, self._held = self._held, ""
        return self._trimmed(held)

    def finish(self, *, cut_off: bool = False) -> str:
        """The rest, once the reply is over.

        cut_off: the model ran into its token limit. A text still waited for is then an
        unfinished thought; otherwise it was the reply after all.
        """
        rest: list[str] = []
        self._take(self._buffer, rest)
        self._buffer = ""
        if self._waiting and cut_off:
            self.thought = True
            self._held = ""
        return self.separated() + self._trimmed("".join(rest))

    def _take(self, text: str, spoken: list[str]) -> None:
        if self._thought is not None:
            self.thought = self.thought or bool(text)
        elif self._waiting:
            self._held += text
        else:
            spoken.append(text)

    def _turn(self, *, closing: bool, name: str) -> None:
        """What a tag changes. Tags inside a thought are part of it, save its own end; a closing
        tag that nothing opened is dropped."""
        if self._thought is not None:
            if closing and name == self._thought:
                self._thought = None
        elif not closing:
            if not self._waiting or not self._held.strip():
                self._thought, self._waiting, self._held = name, False, ""
        else:
            self.unopened = True
            if self._waiting:
                self.thought = self.thought or bool(self._held.strip())
                self._waiting, self._held = False, ""

    def _trimmed(self, text: str) -> str:
        if not self._spoke:
            text = text.lstrip()
            self._spoke = bool(text)
        return text


def _beginning_of_tag(text: str) -> int:
    """How many characters at the end of `text` may be the beginning of a tag."""
    start = text.rfind("<")
    if start < 0:
        return 0
    tail = text[start:].lower()
    return len(tail) if any(tag.startswith(tail) for tag in _OPENING + _CLOSING) else 0
