"""Words as a word error rate counts them."""

from __future__ import annotations

import re


def plain(text: str) -> str:
    """Lower case, without marks and hyphens."""
    return re.sub(r"[^\w ]+", " ", text.lower().replace("-", " ")).strip()
