"""Text of strangers, made fit to stand in a prompt: data, never orders.

Whoever puts words of viewers, of a Discord room or out of memory before the language model goes
through here:

    name = untrusted.name(member.display_name)
    said = untrusted.text(message.content)
    block = untrusted.fence([Line(name, said)], language="es")

Three things keep such text from giving orders. The *tokens* that a model's chat template is made
of are taken out, so that nobody can end the user's message and begin the system's. The *form*: one
line for each entry, without line breaks, quotes or speaker labels of its own, so that nobody can
end the quotation. And the *words* around it, which say what it is. The third is a request, which a
small model may not follow; nothing MIA can do hangs on what a model writes, so the worst outcome
is a silly sentence, and that goes through the words filter.

Tokens: ChatML (`<|im_start|>`), Llama 2 and 3, Mistral, Gemma, Phi, Qwen, DeepSeek, Command R,
Alpaca and Vicuna headings, by their public model cards.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from mia.strings import translate

LONGEST_NAME = 32
LONGEST_TEXT = 500
#: More than this is not looked at: whoever sends a megabyte is not to cost a megabyte of work.
_LOOKED_AT = 8_000
MOST_LINES = 40

_TEMPLATE = re.compile(
    r"<\s{0,3}\|[^<>|\n]{0,60}\|\s{0,3}>"  # <|im_start|>, <|eot_id|>, <|user|>, <｜begin▁of…｜>
    r"|<\s{0,3}\|[a-z_ ]{1,30}>|<[a-z_ ]{1,30}\|\s{0,3}>"  # halves of them
    r"|<{1,2}\s{0,3}/?\s{0,3}(?:sys|s|bos|eos|pad|unk|mask|think|thinking|tool_call|tools?"
    r"|tool_response|function_call|system|user|assistant|instructions?|human|model|memory|memories|memoria|recuerdos"
    r"|start_of_turn|end_of_turn|start_of_image|end_of_image|end_of_text|endoftext|eos_token"
    r"|unused\d{1,3}|extra_id_\d{1,3}|turn)\s{0,3}/?>{1,2}"
    r"|\[\s{0,3}/?\s{0,3}(?:inst|sys|system|system_prompt|available_tools|tool_calls?|tool_results?"
    r"|assistant|user|end|begin|stop)\s{0,3}\]"
    r"|(?:^|(?<=\s))#{1,6}\s{0,3}(?:system|instructions?|response|input|human|user|assistant"
    r"|sistema|instrucci(?:on|ón|ones)|respuesta|usuario|asistente)\b\s{0,3}:?"
    r"|\[/?unused\d{1,3}\]",
    re.IGNORECASE,
)
#: Who speaks, at the start of a line or sentence: how transcripts mark turns.
_LABEL = re.compile(
    r"(?:^|(?<=[.!?\n»\"])\s{0,3}|\n\s{0,8})[*_>#\-\s]{0,6}"
    r"(?:system|assistant|user|human|developer|tool|ai|question|answer|note|instructions?"
    r"|sistema|asistente|usuario|humano|pregunta|respuesta|nota|instrucci(?:ón|on|ones)|persona"
    r"|desarrollador|herramienta)"
    r"(?:\s{0,2}(?:message|prompt|note|mensaje))?[*_\s]{0,4}[:：]\s{0,4}",
    re.IGNORECASE,
)
#: Marks that the fence itself is made of, or that begin markup; told apart by their looks alone.
_PLAIN = str.maketrans(
    {
        "«": '"',
        "»": '"',
        "‹": "'",
        "›": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "`": "'",
        "⟨": "(",
        "⟩": ")",
        "【": "(",
        "】": ")",
    }
)
#: A name has none of these: they would begin markup, a label or a quotation.
_NOT_IN_NAMES = re.compile(r"[<>\[\]{}|\\`\"'«»:;#*_~=/()@]+")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Line:
    """What one stranger said. name: "" where nobody in particular did (a memory)."""

    name: str
    text: str


def clean(text: str, limit: int = LONGEST_TEXT) -> str:
    """A stranger's text as one line of plain words, at most `limit` characters; may be empty.

    Compatibility forms become plain ones (NFKC: `ｓｙｓｔｅｍ` is read as `system` by some models),
    invisible characters go (controls, zero-width, directions, tags, private use, half surrogates),
    so do the tokens of chat templates and the labels of speakers.
    """
    visible = "".join(map(_visible, unicodedata.normalize("NFKC", text[:_LOOKED_AT])))
    visible = _stacked(visible.translate(_PLAIN))
    before = None
    while before != visible:  # taking one out can put another together
        before = visible
        # Spaces as well: two lines can make a token when they become one.
        visible = _SPACES.sub(" ", _LABEL.sub(" ", _TEMPLATE.sub(" ", visible)))
    return _cut(visible.strip(), limit)


def name(text: str, otherwise: str = "") -> str:
    """A stranger's name: a few words without any mark that means something, `otherwise` if nothing
    is left of it. Some fall back to their number, some to "somebody"."""
    plain = _NOT_IN_NAMES.sub(" ", clean(text, _LOOKED_AT))
    found = _cut(_SPACES.sub(" ", plain).strip(" .,!?-"), LONGEST_NAME)
    return found or otherwise


def fence(
    lines: Iterable[Line],
    language: str,
    *,
    kind: str = "chat",
    limit: int = LONGEST_TEXT,
    most: int = MOST_LINES,
) -> str:
    """The strangers' lines as one block of a prompt, "" for none of them.

    kind: what they are: "chat" (viewers, a room) or "memory". limit: characters of one line.
    most: how many lines; the newest (last) ones stay. The block begins and ends with a line of
    its own that no entry can contain; every entry is one line between them.
    """
    kept = []
    for line in list(lines)[-most:]:
        said = clean(line.text, limit)
        if said:
            kept.append(f"- {who}: «{said}»" if (who := name(line.name)) else f"- «{said}»")
    if not kept:
        return ""
    opening = translate(f"prompt.untrusted.{kind}", language)
    closing = translate("prompt.untrusted.end", language)
    return "\n".join((f"«««{opening}", *kept, f"»»» {closing}"))


def _visible(letter: str) -> str:
    if letter in "\n\t\r\x0b\x0c\x85\u2028\u2029":
        return "\n" if letter != "\t" else " "
    kind = unicodedata.category(letter)
    # Cc controls, Cf invisible marks, Co private use, Cs half surrogates, Cn nothing at all.
    return "" if kind[0] == "C" else letter


def _stacked(text: str) -> str:
    """At most two combining marks on a letter: towers of them are no language's."""
    return re.sub(
        r"([\u0300-\u036f\u0489\u20d0-\u20ff]{2})[\u0300-\u036f\u0489\u20d0-\u20ff]+", r"\1", text
    )


def _cut(text: str, limit: int) -> str:
    """The first `limit` characters, ended at a word where one ends near."""
    if len(text) <= limit:
        return text
    short = text[: limit - 3]
    at = short.rfind(" ", limit * 3 // 4)
    return (short[:at] if at > 0 else short).rstrip() + "..."
