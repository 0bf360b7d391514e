"""What people say when something is not to be kept, in Spanish and English.

Only plain wishes about what is said count; "no guardes silencio" and "save this file" are none.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Wish = Literal["this", "before", "after"]
"""Not to be kept: what is said now, what was said just before, or this and all that follows."""

_ABOUT_TO = (
    r"(?:lo que (?:te )?(?:voy|vamos) a (?:decir|contar)(?:te)?"
    r"|(?:anything|what(?:ever)?) (?:i am|i'm|we are|we're) (?:about|going) to"
    r" (?:say|tell)(?: you)?)"
)
_KEEP_NOTHING = (
    r"(?:no\s+(?:lo\s+)?(?:guardes|recuerdes|apuntes|anotes|memorices)"
    r"|(?:do not|don'?t)\s+(?:save|remember|store|keep|write down))"
)
_AFTER = re.compile(
    rf"\b(?:{_ABOUT_TO},?(?:\s+\w+){{0,2}},?\s+{_KEEP_NOTHING}"
    rf"|{_KEEP_NOTHING}\s+(?:nada de )?{_ABOUT_TO}"
    r"|a partir de ahora no (?:guardes|recuerdes|apuntes|anotes) nada"
    r"|from now on (?:do not|don'?t) (?:save|remember|store|keep) anything)\b"
)
_THIS = re.compile(
    r"\b(?:(?:esto|eso|lo que (?:te )?(?:digo|cuento))\s+no\s+(?:lo\s+)?"
    r"(?:guardes|recuerdes|apuntes|anotes|memorices)"
    r"|no\s+(?:guardes|recuerdes|apuntes|anotes|memorices)\s+(?:esto|eso|nada de esto|lo que)"
    r"|que (?:esto )?quede entre (?:nosotr[oa]s|tu y yo)|esto es (?:privado|confidencial)"
    r"|extraoficialmente"
    r"|(?:do not|don'?t)\s+(?:save|remember|store|keep|write down)\s+(?:this|that|what i)"
    r"|(?:this|that) is (?:private|off the record|between us)|off the record"
    r"|between you and me|keep this between us)\b"
)
_BEFORE = re.compile(
    r"^(?:mia,?\s+)?(?:por favor,?\s+|please,?\s+)?"
    r"(?:olvida|olvidate de|borra|no guardes|no recuerdes|no apuntes|forget|delete"
    r"|do not (?:save|remember|keep)|don'?t (?:save|remember|keep))\s+"
    r"(?:eso|lo (?:que (?:te )?(?:he dicho|dije|acabo de decir(?:te)?|conte|he contado)|anterior"
    r"|ultimo)|that|what i (?:just )?(?:said|told you)|the last thing i said)"
    r"(?:,?\s+(?:por favor|mia|please|anda|vale))*$"
)


def wish(text: str) -> Wish | None:
    """What of the talk is not to be kept, if that is what these words say."""
    plain = unicodedata.normalize("NFKD", text.casefold()).replace("’", "'")
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = " ".join(re.sub(r"[^\w\s',]", " ", plain).split())
    if _BEFORE.match(plain):
        return "before"
    if _AFTER.search(plain):
        return "after"
    return "this" if _THIS.search(plain) else None
