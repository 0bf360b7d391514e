"""Takes the markup out of what a language model writes: Markdown, stage directions, emoji.

`displayable` is what subtitles show; `spoken_prose` is what is left to be said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Pictographs, dingbats, arrows, flags, variation selectors, joiners.
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\U00002600-\U000027bf\U00002b00-\U00002bff\U0001f1e6-\U0001f1ff"
    "\U00002190-\U000021ff\U0000fe0e\U0000fe0f\U0000200d\U000020e3\U000e0020-\U000e007f]+"
)
_EMOTICON = re.compile(
    r"(?<!\w)(?:[:;=8xX]['’]?-?[)(DPpOo3*|\\]+|<3+|\^[_.-]*\^|[xX]D+|T_T|[uU]w[uU])(?!\w)"
)
_FENCE = re.compile(r"```[^\n`]*\n?(.*?)(?:```|\Z)", re.S)
_CODE = re.compile(r"`([^`\n]*)`")
_IMAGE = re.compile(r"!\[([^\]\n]*)\]\([^)\s]*(?:\s\"[^\"]*\")?\)")
_LINK = re.compile(r"\[([^\]\n]+)\]\([^)\s]*(?:\s\"[^\"]*\")?\)")
_TAG = re.compile(r"\[([^\]\n]{1,60})\]")
_BRACKETS = re.compile(r"\(([^()\n]{2,40})\)")
_HTML = re.compile(r"</?[a-zA-Z][^<>\n]{0,80}>")
_HEADING = re.compile(r"^[ \t]{0,3}#{1,6}[ \t]+", re.M)
_QUOTE = re.compile(r"^[ \t]{0,3}>[ \t]?", re.M)
_BULLET = re.compile(r"^[ \t]*[-*+•][ \t]+", re.M)
_RULE = re.compile(r"^[ \t]*(?:[-*_][ \t]*){3,}$", re.M)
_TABLE_RULE = re.compile(r"^[ \t]*\|?[ \t:|-]*-{3,}[ \t:|-]*\|?[ \t]*$", re.M)
_STRONG = re.compile(r"(\*\*|__|~~)(?=\S)(.+?)(?<=\S)\1", re.S)
_STAR = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]{1,100}?)(?<=[^\s*])\*(?![\w*])")
_UNDERLINE = re.compile(r"(?<![\w_])_(?=[^\s_])([^_\n]{1,100}?)(?<=[^\s_])_(?![\w_])")
_SPACES = re.compile(r"[ \t\u00a0\u202f]+")
_SPACE_BEFORE_MARK = re.compile(r"[ \t]+(?=[,;.!?…](?:\s|$))")
_CONTROL = re.compile(
    r"[\u0000-\u0008\u000b-\u001f\u007f\u200b\u200c\u200e\u200f\u2028-\u202e\ufeff]"
)

#: What somebody does in a stage direction, as its first word ("*sonríe*", "*giggles softly*").
_ACTIONS = re.compile(
    r"(?:se|te|le|les|me)\s|(?:son?r[ií]e|r[ií]e|gui[ñn]a|suspira|mira|piensa|asiente|niega|saluda|"
    r"abraza|bosteza|llora|susurra|carraspea|canta|baila|salta|aplaude|inclina|levanta|señala|"
    r"parpadea|sonroja|tose|hace|pone|risas?|guiño|suspiro|pausa|emocionad[oa]|"
    r"smil\w*|laugh\w*|giggl\w*|chuckl\w*|sigh\w*|wink\w*|nod\w*|wav\w*|grin\w*|shrug\w*|blush\w*|"
    r"think\w*|look\w*|whisper\w*|cough\w*|gasp\w*|hug\w*|yawn\w*|clap\w*|danc\w*|tilt\w*|"
    r"pause\w*|clears|rolls|bows|jumps)\b",
    re.I,
)
#: Stands for a direction or tag that was taken out, where its place is asked for (one for each,
#: counted up): a character of Unicode's private use.
_MARK = 0xE000
_MARKS = re.compile(r"[\ue000-\uf8ff]")
_ENDS_SENTENCE = re.compile(r"(?:^|[.!?…:\n\"”»)\]*\ue000-\uf8ff])\s*$")
_BEGINS_SENTENCE = re.compile(r"\s*(?:$|[\n¿¡\"“«([*\ue000-\uf8ff]|[A-ZÁÉÍÓÚÑ])")


@dataclass(frozen=True, slots=True)
class Prose:
    """A text without markup, and the stage directions and tags that stood in it."""

    text: str
    tags: tuple[str, ...] = ()


def spoken_prose(text: str) -> Prose:
    """What is left to be said: no code blocks, no emoji, no directions; line ends become stops."""
    tags: list[str] = []
    text = _FENCE.sub(" ", text)
    text = _CODE.sub(lambda code: re.sub(r"[^\w.]+", " ", code[1]), text)
    text = _plain(text, tags)
    text = _SPACE_BEFORE_MARK.sub("", _SPACES.sub(" ", _EMOTICON.sub(" ", _EMOJI.sub(" ", text))))
    lines = [line.strip() for line in text.split("\n")]
    said = " ".join(_stopped(line) for line in lines[:-1] if line) + " " + lines[-1]
    return Prose(said.strip(), tuple(tags))


def displayable(text: str) -> str:
    """The text as a subtitle: no markup, directions or tags; emoji and line ends stay."""
    return _tidy(_plain(_unfenced(text), []))


def directions(text: str) -> tuple[tuple[str, int], ...]:
    """The stage directions and tags of a text, in order, each with the character of what
    `displayable` makes of the text that it stands before."""
    tags: list[str] = []
    marked = _plain(_unfenced(_MARKS.sub("", text)), tags, marked=True)
    found = _MARKS.finditer(marked)
    return tuple(
        (tags[ord(mark[0]) - _MARK], len(_tidy(_MARKS.sub("", marked[: mark.start()]))))
        for mark in found
    )


def _unfenced(text: str) -> str:
    return _CODE.sub(lambda code: code[1], _FENCE.sub(lambda fence: fence[1], text))


def _tidy(text: str) -> str:
    text = _SPACE_BEFORE_MARK.sub("", _SPACES.sub(" ", text))
    lines = (line.strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _plain(text: str, tags: list[str], *, marked: bool = False) -> str:
    """Text without Markdown, HTML and directions; those are added to `tags`, and leave a mark where
    they stood if that is asked for."""

    def tag(found: re.Match[str]) -> str:
        inside = _MARKS.sub("", found[1]).strip()
        if not inside and marked:
            return found[1]
        return " " if inside.isdigit() else direction(found)

    def direction(found: re.Match[str]) -> str:
        tags.append(found[1].strip())
        return f" {chr(_MARK + len(tags) - 1)} " if marked else " "

    def star(found: re.Match[str]) -> str:
        if _is_direction(found):
            return direction(found)
        return found[1]

    text = _CONTROL.sub("", text)
    text = _RULE.sub("", _TABLE_RULE.sub("", text))
    text = _QUOTE.sub("", _HEADING.sub("", text))
    text = _BULLET.sub("", text)
    text = _LINK.sub(r"\1", _IMAGE.sub(r"\1", text))
    text = _HTML.sub("", text)
    text = _STRONG.sub(r"\2", text)
    text = _STAR.sub(star, text)
    text = _UNDERLINE.sub(star, text)
    text = _TAG.sub(tag, text)
    text = _BRACKETS.sub(lambda found: star(found) if _is_acted(found) else found.group(), text)
    # What a cut between clauses has left of bold or a table.
    text = re.sub(r"\*\*|__|~~|```|(?<!\w)\*(?=\w)|(?<=\w)\*(?!\w)|`", "", text)
    return re.sub(r"[ \t]*\|[ \t]*", " ", text)


def _is_direction(found: re.Match[str]) -> bool:
    """Whether `*…*` is something done ("*sonríe*"), not something stressed ("es *muy* bueno")."""
    if _ACTIONS.match(found[1].strip()):
        return True
    before, after = found.string[: found.start()], found.string[found.end() :]
    return bool(
        _ENDS_SENTENCE.search(before)
        and _BEGINS_SENTENCE.match(after)
        and (found[1][0].islower() or found[1][-1] not in ".!?…")
    )


def _is_acted(found: re.Match[str]) -> bool:
    """Whether "(…)" is a stage direction: something done, where a sentence begins or ends."""
    before, after = found.string[: found.start()], found.string[found.end() :]
    return bool(
        found[1][0].islower()
        and len(found[1].split()) <= 4
        and _ACTIONS.match(found[1])
        and _ENDS_SENTENCE.search(before)
        and _BEGINS_SENTENCE.match(after)
    )


def begins_direction(before: str, begun: str) -> bool:
    """Whether `*begun`, after which a text breaks off, was to be something done."""
    if _ACTIONS.match(begun.strip()):
        return True
    return bool(_ENDS_SENTENCE.search(before)) and begun[:1].islower()


def _stopped(line: str) -> str:
    """A line of a list or a heading ends like a sentence, for the voice."""
    return line if line[-1] in ".,;:!?…—" else line + "."
