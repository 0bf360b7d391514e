"""Server-sent events: how a page (or a script with `curl -N`) is told of what happens.

The format is the HTML standard's: `id:`, `event:`, `data:`, an empty line
(html.spec.whatwg.org/multipage/server-sent-events.html).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

from starlette.responses import StreamingResponse


@dataclass(frozen=True, slots=True)
class Told:
    """One event. id: what a browser that reconnects says it has seen (`Last-Event-ID`)."""

    data: object
    event: str = ""
    id: str = ""

    def encoded(self) -> bytes:
        head = f"id: {self.id}\n" if self.id else ""
        head += f"event: {self.event}\n" if self.event else ""
        return f"{head}data: {json.dumps(self.data, ensure_ascii=False)}\n\n".encode()


def stream(events: AsyncIterator[Told]) -> StreamingResponse:
    """An answer that goes on for as long as the client listens."""

    async def body() -> AsyncIterator[bytes]:
        yield b": hello\n\n"  # the client sees at once that it is connected
        async for told in events:
            yield told.encoded()

    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(body(), media_type="text/event-stream", headers=headers)
