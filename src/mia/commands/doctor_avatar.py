"""The part of `mia doctor` that looks at where her face is shown."""

from __future__ import annotations

import asyncio

from mia import backends
from mia.avatar.output import AvatarOutput, OutputState
from mia.backends import Context, Options
from mia.errors import MiaError


def look_at(outputs: dict[str, Options], context: Context) -> dict[str, OutputState]:
    """Each output's own look, all at once; takes a few seconds at most."""

    async def look(name: str, options: Options) -> OutputState:
        try:
            output: AvatarOutput = await backends.load("avatar", name, options, context)
            return await output.look()
        except MiaError as error:
            return OutputState("failed", error)

    async def every() -> dict[str, OutputState]:
        found = await asyncio.gather(*(look(name, one) for name, one in outputs.items()))
        return dict(zip(outputs, found, strict=True))

    return asyncio.run(every())
