"""Shows one face in several places at once; what goes wrong in one stays there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from mia import backends
from mia.avatar.frame import Face
from mia.avatar.output import AvatarOutput, OutputState
from mia.backends import Context, Options
from mia.errors import MiaError

log = logging.getLogger(__name__)

#: Wait before an output that failed is tried again, in seconds: doubled up to the last.
FIRST_WAIT, LAST_WAIT = 1.0, 60.0


class Showing:
    """wanted: name and options of every output that is on. tell: passes what the user should know
    on; a trouble is told once, not at every try, until all was well again."""

    def __init__(
        self,
        wanted: Mapping[str, Options],
        context: Context,
        tell: Callable[[MiaError], None] = lambda _problem: None,
    ) -> None:
        self._wanted = dict(wanted)
        self._context = context
        self._tell = tell
        self._outputs: dict[str, AvatarOutput] = {}
        self._broken: dict[str, MiaError] = {}
        self._told: dict[str, set[str]] = {name: set() for name in wanted}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._begin: Callable[[str, Options, asyncio.Task[None] | None], None] | None = None

    @property
    def states(self) -> dict[str, OutputState]:
        """How each output that is on is doing."""
        return {name: self._state(name) for name in self._wanted}

    async def run(self, face: Face) -> None:
        """Show `face` everywhere until cancelled. Raises nothing."""
        async with asyncio.TaskGroup() as group:

            def begin(name: str, options: Options, before: asyncio.Task[None] | None) -> None:
                work = self._keep(name, options, face, before)
                self._tasks[name] = group.create_task(work, name=f"avatar {name}")

            self._begin = begin
            try:
                for name, options in self._wanted.items():
                    begin(name, options, None)
                # Others may be switched on later.
                await asyncio.get_running_loop().create_future()
            finally:
                self._begin = None
                self._tasks.clear()

    def change(self, name: str, options: Options | None) -> None:
        """Show her at this output with other options from now on, or (None) no more."""
        before = self._tasks.pop(name, None)
        if before is not None:
            before.cancel()
        self._broken.pop(name, None)
        self._told[name] = set()
        if options is None:
            self._wanted.pop(name, None)
            return
        self._wanted[name] = options
        if self._begin is not None:
            self._begin(name, options, before)

    async def _keep(
        self, name: str, options: Options, face: Face, before: asyncio.Task[None] | None
    ) -> None:
        if before is not None:
            await asyncio.wait({before})  # it lets go of its socket first
        wait = FIRST_WAIT
        while True:
            try:
                await self._show(name, options, face)
            except MiaError as error:
                self._fail(name, error)
            # Whatever it is, the other outputs and the conversation must not feel it.
            except Exception as error:
                log.exception("avatar output %s failed", name)
                reason = str(error) or type(error).__name__
                self._fail(name, MiaError("avatar.failed", name=name, reason=reason))
            await asyncio.sleep(wait)
            wait = min(wait * 2, LAST_WAIT)

    async def _show(self, name: str, options: Options, face: Face) -> None:
        output: AvatarOutput = await backends.load("avatar", name, options, self._context)
        output.changed = lambda: self._changed(name)
        self._outputs[name] = output
        self._broken.pop(name, None)
        try:
            await output.run(face)
        finally:
            del self._outputs[name]

    def _state(self, name: str) -> OutputState:
        if name in self._outputs:
            return self._outputs[name].state
        problem = self._broken.get(name)
        return OutputState("failed" if problem else "off", problem)

    def _fail(self, name: str, problem: MiaError) -> None:
        self._broken[name] = problem
        self._told_once(name, problem)

    def _changed(self, name: str) -> None:
        if (output := self._outputs.get(name)) is None:
            return
        state = output.state
        if state.problem is not None:
            self._told_once(name, state.problem)
        elif state.status == "connected":
            self._told[name].clear()

    def _told_once(self, name: str, problem: MiaError) -> None:
        if problem.code not in self._told[name]:
            self._told[name].add(problem.code)
            self._tell(problem)
