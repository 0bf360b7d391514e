"""`python -m bench.turns.forgetful PORT SERVER`: a language model that forgets what was said.

Passes chat completions on to SERVER with nothing but the system prompt and the newest question. A
small model drifts with its history, and one word heard differently would change the length of
every later answer: behind this, two assistants that hear the same words get the same replies.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import ClientSession, web

_SESSION = web.AppKey("session", ClientSession)


def text_of(content: Any) -> str:
    """The text of a message, which is a string or a list of parts."""
    if isinstance(content, str):
        return content
    return " ".join(part.get("text", "") for part in content or [])


def forgotten(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first system message and the newest question: the user's messages since the last
    answer are one, for an utterance that was cut in two is asked as two."""
    system = [message for message in messages if message["role"] == "system"][:1]
    question: list[str] = []
    for message in reversed(messages):
        if message["role"] != "user":
            break
        question.insert(0, text_of(message["content"]).strip())
    return [*system, {"role": "user", "content": " ".join(question)}]


def application(server: str) -> web.Application:
    """The proxy in front of `server` (an address ending in /v1)."""

    async def complete(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        body["messages"] = forgotten(body["messages"])
        session = request.app[_SESSION]
        async with session.post(f"{server}/chat/completions", json=body) as answer:
            passed = web.StreamResponse(
                status=answer.status, headers={"Content-Type": answer.content_type}
            )
            await passed.prepare(request)
            async for chunk in answer.content.iter_any():
                await passed.write(chunk)
            return passed

    async def models(request: web.Request) -> web.Response:
        async with request.app[_SESSION].get(f"{server}/models") as answer:
            return web.json_response(await answer.json(), status=answer.status)

    async def session(app: web.Application) -> AsyncIterator[None]:
        async with ClientSession() as made:
            app[_SESSION] = made
            yield

    app = web.Application()
    app.router.add_post("/v1/chat/completions", complete)
    app.router.add_get("/v1/models", models)
    app.cleanup_ctx.append(session)
    return app


if __name__ == "__main__":
    web.run_app(application(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), print=None)
