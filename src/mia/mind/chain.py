"""Several language models in a row: when one fails before its first word, the next answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from mia.conversation.ports import LanguageModel, Prompt, Usage
from mia.errors import BackendUnavailable, MiaError, fault

log = logging.getLogger(__name__)

#: How long a failed model is left alone at first, in seconds; doubled with each further failure
#: up to the second number. A dead server then costs its timeout once, not once a turn.
COOL_DOWN_SECONDS = 15.0
LONGEST_COOL_DOWN_SECONDS = 240.0
#: A model that has not begun within this has failed, if another one is left to ask: what hangs
#: must leave the next one enough of the engine's patience (45 s), also on a slow machine.
FIRST_PIECE_SECONDS = 20.0
#: … and one that stalls this long in mid-reply: short of the engine's patience (20 s), so that it
#: is known here that it failed, and the next reply does not wait for it again.
NEXT_PIECE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Switched:
    """Another model than before began to answer."""

    name: str
    before: str
    """The model that answered until now, or the one that should have."""
    cause: MiaError | None
    """Why `before` did not answer; None when a better model is back."""


@dataclass(slots=True)
class _Link:
    name: str
    model: LanguageModel
    failures: int = 0
    rests_until: float = 0.0
    """On the loop's clock."""
    error: MiaError | None = None

    def failed(self, now: float, error: MiaError) -> None:
        rest = min(COOL_DOWN_SECONDS * 2**self.failures, LONGEST_COOL_DOWN_SECONDS)
        self.failures += 1
        self.rests_until = now + rest
        self.error = error

    def recovered(self) -> None:
        self.failures = 0
        self.rests_until = 0.0
        self.error = None


class Chain:
    """Implements `LanguageModel` with the first of several models that can answer.

    models: name and model, best first; at least one. The chain owns them.
    on_switch: told when another model than before begins to answer, before its first piece is
    given out; it must be quick and must not raise.
    """

    def __init__(
        self,
        models: Sequence[tuple[str, LanguageModel]],
        on_switch: Callable[[Switched], None] = lambda _switched: None,
    ) -> None:
        if not models:
            raise ValueError("a chain needs at least one language model")
        self._links = [_Link(name, model) for name, model in models]
        self._on_switch = on_switch
        self._speaker = self._links[0]

    @property
    def speaker(self) -> str:
        """The name of the model that answered last, or would answer first."""
        return self._speaker.name

    @property
    def usage(self) -> Usage | None:
        return self._speaker.model.usage

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        """The reply of the first model that has one.

        Raises a model's own error when it fails after its first piece, or when it is the only
        one; BackendUnavailable `llm.all_failed` when every model failed.
        """
        errors: list[tuple[str, MiaError]] = []
        order = self._order()
        for link in order:
            spoke, others = False, link is not order[-1]
            async with aclosing(link.model.stream(prompt)) as pieces:
                try:
                    while (piece := await self._next(link, pieces, spoke, others)) is not None:
                        if not spoke:
                            spoke = True
                            self._answers(link)
                        yield piece
                    if not spoke:
                        self._answers(link)
                    return
                except Exception as error:  # a fault in one model is no reason to be silent
                    problem = fault(error, link.name)
                    self._note(link, problem, error)
                    if spoke:
                        raise problem from error
                    errors.append((link.name, problem))
        if len(errors) == 1:
            raise errors[0][1]
        reasons = " · ".join(f"{name}: {error}" for name, error in errors)
        raise BackendUnavailable("llm.all_failed", reasons=reasons) from errors[0][1]

    async def _next(
        self, link: _Link, pieces: AsyncGenerator[str, None], spoke: bool, others: bool
    ) -> str | None:
        """The next piece, None at the end. Raises BackendUnavailable if it takes too long and
        there are other models: now, or for the next reply."""
        if len(self._links) == 1 or not (spoke or others):
            return await anext(pieces, None)
        patience = NEXT_PIECE_SECONDS if spoke else FIRST_PIECE_SECONDS
        try:
            async with asyncio.timeout(patience):
                return await anext(pieces, None)
        except TimeoutError as error:
            raise BackendUnavailable("llm.slow", name=link.name, seconds=f"{patience:g}") from error

    async def warm(self, prompt: Prompt) -> None:
        """Warm the model that would answer now; one that fails at it makes way for the next."""
        for link in self._order():
            try:
                await link.model.warm(prompt)
            except Exception as error:  # noqa: BLE001 - likewise, and it is logged
                self._note(link, fault(error, link.name), error)
            else:
                return

    async def aclose(self) -> None:
        """Close every model, also when one of them fails at it; the first error is raised."""
        results = await asyncio.gather(
            *(link.model.aclose() for link in self._links), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result

    def _order(self) -> list[_Link]:
        """Who is asked, in turn. Models that rest come last, soonest awake first: asking one of
        them is better than silence."""
        now = asyncio.get_running_loop().time()
        awake = [link for link in self._links if link.rests_until <= now]
        resting = [link for link in self._links if link.rests_until > now]
        return awake + sorted(resting, key=lambda link: link.rests_until)

    def _note(self, link: _Link, problem: MiaError, cause: Exception) -> None:
        link.failed(asyncio.get_running_loop().time(), problem)
        trace = None if cause is problem else cause
        log.warning(
            "language model %s failed: %s (%s)", link.name, problem, problem.code, exc_info=trace
        )

    def _answers(self, link: _Link) -> None:
        link.recovered()
        before, self._speaker = self._speaker, link
        if before is not link:
            self._on_switch(Switched(name=link.name, before=before.name, cause=before.error))
