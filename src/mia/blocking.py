"""The one seam between asyncio and code that blocks.

Model calls run here and nowhere else, so that everything above can run on a virtual clock:
tests replace backends by fakes that only `await`, and no thread is ever started.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

IMPORTING = threading.Lock()
"""Held while engines are imported off the loop: two threads that enter one package by different
doors can wait for each other, which Python ends with an error in one of them."""

P = ParamSpec("P")
T = TypeVar("T")


class Worker:
    """One model's own thread: its calls run one after another, in order, off the loop."""

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    def submit(
        self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> asyncio.Future[T]:
        """Run `function` on this worker's thread; its result, when there is one."""
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._executor, functools.partial(function, *args, **kwargs))

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `function`, run on this worker's thread.

        A cancelled caller stops waiting at once; the call itself ends when the function does, so
        functions that take long must look at a flag the caller sets (see each backend).
        """
        return await self.submit(function, *args, **kwargs)

    def close(self) -> None:
        """Take no more calls; a running one ends in its own time."""
        self._executor.shutdown(wait=False, cancel_futures=True)


async def run_apart(name: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a long blocking call that is made once (a model is loaded) on a thread of its own."""
    worker = Worker(name)
    try:
        return await worker.run(function, *args, **kwargs)
    finally:
        worker.close()


async def run_blocking(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a short blocking call (a file, a device query) on the loop's default threads."""
    return await asyncio.to_thread(function, *args, **kwargs)
