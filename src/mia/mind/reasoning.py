"""Takes a reasoning model's thoughts out of what it writes: they are neither spoken nor shown.

Models mark their thoughts in the text itself, most with `<think>…</think>`. Three habits matter:
the tags arrive split over pieces; a thought may never be closed; and some chat templates write
the opening tag into the prompt, so that the reply begins with thoughts and only `</think>` is
seen. The last can only be told apart from plain text by waiting, which is why a filter is told
with `opened=True` that its model does so, or notices it and can be asked: see `implicit`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
