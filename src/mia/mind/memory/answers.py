"""JSON out of what a language model answers when it is asked for JSON alone.

Models put words round it, fence it as code, think aloud before it, leave a comma before a closing
bracket, give one object where a list was asked for, a list inside an object, one object a line, or
are cut off in the middle. Every whole object is taken, whatever it stands in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_THOUGHT = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
#: A template may have opened the thought, so that only its end is seen.
_THOUGHT_BEFORE = re.compile(r".*</(?:think|thinking|reasoning)>", re.DOTALL | re.IGNORECASE)
#: A string, or a comma with nothing but a closing bracket after it.
_LAST_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[\]}])', re.DOTALL)
#: Line breaks inside strings are let pass.
_DECODER = json.JSONDecoder(strict=False)


def objects(answer: str, key: str) -> Iterator[dict[str, Any]]:
    """The objects of an answer that have `key`, in order."""
    text = _THOUGHT_BEFORE.sub("", _THOUGHT.sub("", answer))
    text = _LAST_COMMA.sub(lambda found: found[1] or "", text)
    at = text.find("{")
    while at >= 0:
        try:
            found, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1  # what stands in it may be whole
        else:
            yield from _with(key, found)
        at = text.find("{", end)


def _with(key: str, found: Any) -> Iterator[dict[str, Any]]:
    if isinstance(found, dict):
        if key in found:
            yield found
            return
        found = list(found.values())
    if isinstance(found, list):
        for one in found:
            yield from _with(key, one)
