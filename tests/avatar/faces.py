"""Faces for tests, and an output that shows one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mia.avatar.frame import Face, Frame
from mia.avatar.output import AvatarOutput
from mia.avatar.outputs.vts import VtsOptions, VtsOutput
from tests.avatar.vts import Door


class Posed:
    """A face that does what the test says."""

    def __init__(self, pose: Callable[[float], Frame] | None = None, *, lively: bool = True):
        self.pose = pose or (lambda at: Frame(at=at, mouth_open=0.5))
        self.lively = lively
        self.asked: list[float] = []

    def frame(self, at: float) -> Frame:
        self.asked.append(at)
        return self.pose(at)


class Pocket:
    """Permissions that last as long as the test."""

    def __init__(self, **tokens: str) -> None:
        self.tokens = {name.replace("_", "."): token for name, token in tokens.items()}

    async def get(self, host: str) -> str:
        return self.tokens.get(host, "")

    async def put(self, host: str, token: str) -> None:
        self.tokens[host] = token

    async def forget(self, host: str) -> None:
        self.tokens.pop(host, None)


@asynccontextmanager
async def shown(output: AvatarOutput, face: Face) -> AsyncIterator[None]:
    """The output runs until the block ends, and ends in order."""
    task = asyncio.create_task(output.run(face))
    try:
        yield
        assert not task.done(), "the output gave up"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Studio:
    """MIA's output at the test's VTube Studio, with everything it said of itself."""

    def __init__(self, folder: Path, door: Door, **options: Any) -> None:
        self.pocket = Pocket()
        self.output = VtsOutput(
            VtsOptions(discover=False, **options), folder, connect=door.open, tokens=self.pocket
        )
        self.said: list[tuple[str, str]] = []
        self.output.changed = self._note

    def _note(self) -> None:
        state = self.output.state
        self.said.append((state.status, state.problem.code if state.problem else ""))

    @property
    def status(self) -> str:
        return self.output.state.status

    @property
    def problems(self) -> list[str]:
        """Each problem, once for every time it arose."""
        return [code for _, code in self.said if code]
