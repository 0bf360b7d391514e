"""What people say when something is not to be kept, in Spanish and English.

Only plain wishes about what is said count; "no guardes silencio" and "save this file" are none.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Wish = Literal["this", "before", "after"]
"""Not to be kept: what is said now, what was said just before, or this and all that follows."""

_ES = r"no\s+(?:quiero que\s+)?(?:lo\s+)?(?:guardes|recuerdes|apuntes|anotes|memorices)"
_EN = r"(?:do not|don'?t)\s+(?:save|remember|store|keep|write(?: (?:it|this|that))? down)"
#: Where a wish begins; "I don't remember that" is none.
_BEGIN = r"(?:^|,\s*|\b(?:please|mia|but|so|and|then|now|just|okay?|hey|oye|y|pero|por favor)\s+)"
_KEEP_NOTHING = rf"(?:\b{_ES}|{_BEGIN}{_EN})"
_ABOUT_TO = (
    r"(?:(?:nada de )?lo que (?:te |os )?(?:voy|vamos) a (?:decir|contar)(?:te|os)?"
    r"|(?:anything|what(?:ever)?) (?:i am|i'm|we are|we're) (?:about|going) to"
    r" (?:say|tell)(?: you)?)"
)
_FROM_NOW = r"(?:a partir de ahora|desde ahora|de ahora en adelante|from now on)"
_NOTHING = r"(?:nada|anything)(?: de lo que (?:te )?(?:diga|cuente)| i (?:say|tell you))?"
#: Between two halves of such a wish.
_POLITE = r",?(?:\s+(?:por favor|please|te pido|eh|vale|mia))?,?\s+"
_REST = r"(?:\s+(?:it|that|lo|down|anywhere|en (?:tu|la) memoria|por favor|please)){0,3}(?:,.*)?$"
_AFTER = re.compile(
    rf"{_BEGIN}{_ABOUT_TO}{_POLITE}(?:{_ES}|{_EN}){_REST}"
    rf"|{_KEEP_NOTHING}\s+{_ABOUT_TO}"
    rf"|^(?:(?:mia|please|hey),?\s+)*forget {_ABOUT_TO}"
    rf"|{_FROM_NOW}{_POLITE}(?:{_ES}|{_EN})\s+{_NOTHING}(?:,.*)?$"
    rf"|{_KEEP_NOTHING}\s+{_NOTHING}\s+{_FROM_NOW}"
    rf"|\bte voy a (?:decir|contar) (?:algo|una cosa),? (?:pero )?{_ES}{_REST}"
    r"|\bi(?:'m| am) (?:about|going) to tell you something,? (?:but )?(?:please )?"
    rf"{_EN}{_REST}"
)
_THIS = re.compile(
    r"\b(?:(?:esto|eso|lo que (?:te )?(?:digo|cuento))\s+no\s+(?:lo\s+)?"
    r"(?:guardes|recuerdes|apuntes|anotes|memorices)"
    rf"|{_ES}\s+(?:esto|eso|nada de esto"
    r"|lo que (?:te )?(?:digo|cuento|estoy (?:diciendo|contando)))"
    r"|que (?:esto )?quede entre (?:nosotr[oa]s|tu y yo)|esto es (?:privado|confidencial)"
    r"|extraoficialmente"
    r"|(?:this|that) is (?:private|off the record|between us)|off the record"
    r"|between you and me|keep this between us)\b"
    rf"|{_BEGIN}{_EN}\s+(?:this|that|what i)\b"
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
