"""One stay at VTube Studio: from the handshake to the last frame."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

from mia.avatar.frame import Face, Frame
from mia.avatar.output import Status
from mia.avatar.outputs.vts.connection import Connection, Data, Socket
from mia.avatar.outputs.vts.expressions import Expressions
from mia.avatar.outputs.vts.options import VtsOptions
from mia.avatar.outputs.vts.parameters import CUSTOM, Parameters
from mia.avatar.outputs.vts.protocol import (
    CREATION,
    OF_ONE_PARAMETER,
    PLUGIN,
    UNAUTHENTICATED,
    Gone,
    Number,
    Refused,
)
from mia.avatar.outputs.vts.tokens import Permissions
from mia.avatar.pace import Pace
from mia.errors import MiaError

log = logging.getLogger(__name__)

Show = Callable[[Status, MiaError | None], None]

#: Frames under way at once: with one its answer would set the rate, with many old ones pile up.
IN_FLIGHT = 2
#: After this many seconds without an answer to a frame the connection counts as dead.
DEAF = 5.0
#: She fades in, and out, over this many seconds.
FADE_IN, FADE_OUT = 0.3, 0.25
FADE_STEPS = 6
#: How often it is looked whether a parameter another plugin had is free again, in seconds.
TAKEN_AGAIN = 15.0
#: Wait while VTube Studio shows another question of ours, in seconds.
STILL_ASKING = 5.0
EVENTS = ("ModelLoadedEvent", "ModelConfigChangedEvent")
RESTING = Frame()


class Session:
    """Runs on one socket, whose closing is the caller's."""

    def __init__(
        self, socket: Socket, options: VtsOptions, tokens: Permissions, show: Show
    ) -> None:
        self._options = options
        self._tokens = tokens
        self._show = show
        self._connection = Connection(socket, self._heard)
        self._parameters = Parameters(options)
        self.expressions = Expressions(self._connection, options.expressions)
        self._loop = asyncio.get_running_loop()
        self._in_flight: dict[asyncio.Future[Data], float] = {}
        self._trouble: Refused | None = None
        self._nameless = False
        self._complained: set[int] = set()
        self._model_changed = asyncio.Event()
        self.model = ""
        self.sent = 0
        self.skipped = 0
        self.settled = False
        """Whether she has been seen there: everything asked for was allowed."""

    async def run(self, face: Face) -> None:
        """Raises Gone when the connection ends, Refused when she may not stay; never returns."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._connection.read())
                await self._authenticate()
                await self._prepare()
                tasks = [group.create_task(work) for work in (self._watch(), self._reclaim())]
                tasks.append(group.create_task(self.expressions.run()))
                try:
                    await self._inject(face)
                finally:
                    for task in tasks:
                        task.cancel()
                    await self._part()
        except* Refused as refused:
            raise _first(refused) from None
        except* Gone as gone:
            raise _first(gone) from None

    def details(self) -> dict[str, object]:
        """For the panel."""
        keys, files = self.expressions.hotkeys, self.expressions.files
        return {
            "model": self.model,
            "parameters": list(self._parameters.names),
            "unknown_parameters": list(self._parameters.unknown),
            "taken_parameters": list(self._parameters.taken),
            "hotkeys": [{"id": k.id, "name": k.name, "type": k.kind, "file": k.file} for k in keys],
            "expressions": [{"name": f.name, "file": f.file} for f in files],
            "missing_expressions": dict(self.expressions.problems),
            "shown_by": self.expressions.shown_by(),
            "frames": self.sent,
            "skipped": self.skipped,
            "unpaired": self._connection.unpaired,
        }

    # ── coming in ────────────────────────────────────────────────────────────────────────────

    async def _authenticate(self) -> None:
        """With the token there is, else with one the user is asked for, once."""
        host = self._options.host
        if token := await self._tokens.get(host):
            if await self._accepts(token):
                return
            await self._tokens.forget(host)
        self._show("waiting", MiaError("vts.allow"))
        token = await self._ask_user()
        try:
            await self._tokens.put(host, token)
        except OSError as error:
            log.warning("VTube Studio's token cannot be kept: %s", error)
        if not await self._accepts(token):
            await self._tokens.forget(host)
            raise Refused(Number.DENIED, "the new token does not count")

    async def _accepts(self, token: str) -> bool:
        try:
            answer = await self._connection.ask(
                "AuthenticationRequest", {**PLUGIN, "authenticationToken": token}
            )
        except Refused as error:
            if error.number in UNAUTHENTICATED:
                return False
            raise
        return answer.get("authenticated") is True

    async def _ask_user(self) -> str:
        """The answer comes when the user has clicked, which may take as long as they like."""
        while True:
            try:
                answer = await self._connection.ask(
                    "AuthenticationTokenRequest", PLUGIN, patience=None
                )
            except Refused as error:
                if error.number != Number.ALREADY_ASKING:
                    raise
                await asyncio.sleep(STILL_ASKING)
            else:
                return str(answer.get("authenticationToken", ""))

    async def _prepare(self) -> None:
        """Learn what is there, and ask to be told when that changes."""
        await self._learn()
        for event in EVENTS:
            try:
                await self._connection.ask(
                    "EventSubscriptionRequest",
                    {"eventName": event, "subscribe": True, "config": {}},
                )
            except Refused as error:  # an older version, which lacks the event
                log.info("VTube Studio does not tell of %s (%s)", event, error)
        self.settled = True

    async def _learn(self) -> None:
        found = await self._connection.ask("InputParameterListRequest")
        there = _names(found)
        if missing := self._parameters.missing(there):
            there |= await self._create(missing)
        self._parameters.learn(there)
        self.model = str(found.get("modelName", "")) if found.get("modelLoaded") else ""
        try:
            await self.expressions.refresh()
        except Refused as error:
            if error.number in UNAUTHENTICATED:
                raise
            log.info("VTube Studio lists no hotkeys: %s", error)
        self._tell()

    async def _create(self, names: list[str]) -> set[str]:
        """Those of our own parameters that could be added."""
        made = set()
        for name in names:
            try:
                await self._connection.ask("ParameterCreationRequest", CUSTOM[name])
            except Refused as error:
                if error.number not in CREATION:
                    raise
                log.info("VTube Studio does not add %s (%s)", name, error)
            else:
                made.add(name)
        return made

    def _tell(self) -> None:
        """Say how it stands, the weightiest thing first."""
        problem = None
        if taken := self._parameters.taken:
            problem = MiaError("vts.taken", parameters=", ".join(taken))
        elif missing := self.expressions.problems:
            named = ", ".join(f"{name}: {wish}" for name, wish in missing.items())
            problem = MiaError("vts.no_such_expression", expressions=named)
        elif not self.model:
            problem = MiaError("vts.no_model")
        self._show("connected", problem)

    # ── while she is there ───────────────────────────────────────────────────────────────────

    async def _inject(self, face: Face) -> None:
        pace = Pace(face, self._options.rate_hz, lead=self._options.lead_ms / 1000)
        began = self._loop.time()
        while True:
            frame = await pace.frame()
            if self._trouble is not None:
                raise self._trouble
            if self._nameless:
                await self._find_culprits()
            self.expressions.want(frame.expressions)
            if not self._parameters.names:
                continue
            now = self._loop.time()
            if len(self._in_flight) >= IN_FLIGHT:
                # The newest frame counts: this one is left out, not put in a queue.
                self.skipped += 1
                if now - min(self._in_flight.values()) > DEAF:
                    raise Gone("no answer to frames")
                continue
            await self._send(frame, min(1.0, (now - began) / FADE_IN))

    async def _send(self, frame: Frame, weight: float) -> None:
        data = self._parameters.request(frame, weight=weight)
        future = await self._connection.start("InjectParameterDataRequest", data)
        self._in_flight[future] = self._loop.time()
        future.add_done_callback(self._answered)
        self.sent += 1

    def _answered(self, future: asyncio.Future[Data]) -> None:
        self._in_flight.pop(future, None)
        error = None if future.cancelled() else future.exception()
        if isinstance(error, Refused):
            self._refused(error)

    def _refused(self, error: Refused) -> None:
        """A frame came to nothing: see to it that the next does not."""
        number = error.number
        if number in UNAUTHENTICATED or number == Number.API_OFF:
            self._trouble = error
        elif number == Number.MODE:
            self._parameters.use_set()
        elif number in OF_ONE_PARAMETER:
            if name := self._parameters.named_in(error.message):
                self._drop(name, number)
            else:
                # Of two frames under way both are refused; the first one's answer has seen to it.
                self._nameless = not self._names_dropped(error.message)
        elif number not in self._complained:
            self._complained.add(number)
            log.warning("VTube Studio refuses a frame: %s", error)

    def _names_dropped(self, text: str) -> bool:
        dropped = (*self._parameters.unknown, *self._parameters.taken)
        return any(name in text for name in dropped)

    def _drop(self, name: str, number: int) -> None:
        taken = number == Number.PARAMETER_TAKEN
        log.info("VTube Studio: %s is %s", name, "another plugin's" if taken else "refused")
        self._parameters.drop(name, taken=taken)
        self._tell()

    async def _find_culprits(self) -> None:
        """An error that does not say which parameter it is about: ask for each alone."""
        self._nameless = False
        for name in self._parameters.names:
            number = await self._try(name)
            if number is not None and number in OF_ONE_PARAMETER:
                self._drop(name, number)

    async def _try(self, name: str) -> int | None:
        """The number a frame with this parameter alone is refused with, None if it is not."""
        data = self._parameters.request(RESTING, only=(name,))
        try:
            await self._connection.ask("InjectParameterDataRequest", data)
        except Refused as error:
            return error.number
        return None

    async def _reclaim(self) -> None:
        """Look now and then whether what another plugin had is free."""
        while True:
            await asyncio.sleep(TAKEN_AGAIN)
            for name in tuple(self._parameters.taken):
                if await self._try(name) is None:
                    self._parameters.give_back(name)
                    self._tell()

    async def _watch(self) -> None:
        """Another model, or other hotkeys: read the lists anew."""
        while True:
            await self._model_changed.wait()
            self._model_changed.clear()
            await self._learn()

    def _heard(self, kind: str, data: Data) -> None:
        if kind in EVENTS:
            self._model_changed.set()

    # ── going ────────────────────────────────────────────────────────────────────────────────

    async def _part(self) -> None:
        """Eyes open, mouth closed, and back to whoever moves the model otherwise."""
        steps = FADE_STEPS if self._options.mode == "set" else 0
        with contextlib.suppress(Gone, Refused, TimeoutError):
            async with asyncio.timeout(2 * FADE_OUT + 0.5):
                await self.expressions.leave()
                for step in range(steps):
                    data = self._parameters.request(RESTING, weight=1 - step / steps)
                    await self._connection.ask("InjectParameterDataRequest", data)
                    await asyncio.sleep(FADE_OUT / steps)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """One of the exceptions, however deep they lie."""
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


def _names(parameter_list: Data) -> set[str]:
    found = set()
    for key in ("defaultParameters", "customParameters"):
        rows = parameter_list.get(key)
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, dict) and isinstance(row.get("name"), str):
                found.add(row["name"])
    return found
