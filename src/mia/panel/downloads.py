"""Downloads the panel has asked for: one after the other, watched, and stopped when told.

What was fetched until then stays in the store's workshop, so asking again goes on from there.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Literal

from mia.blocking import run_blocking
from mia.errors import MiaError
from mia.models import ModelStore, Progress

log = logging.getLogger(__name__)

Status = Literal["queued", "running", "done", "stopped", "failed"]
_OVER = frozenset({"done", "stopped", "failed"})
#: Told at most so often for each download, in bytes: a bar needs no more than a few hundred steps.
_STEP = 1_000_000


class Stopped(Exception):
    """Raised by the listener inside the store, which ends the work where it is."""


@dataclass(frozen=True, slots=True)
class Download:
    """One model on its way. done, total: bytes of `stage` (`mia.models.progress`)."""

    model: str
    status: Status = "queued"
    stage: str = ""
    done: int = 0
    total: int = 0
    problem: MiaError | None = None


class Downloads:
    """The downloads of one running MIA; `run` does the work."""

    def __init__(self, store: ModelStore) -> None:
        self._store = store
        self._known: dict[str, Download] = {}
        self._flags: dict[str, threading.Event] = {}
        self._changed: set[asyncio.Event] = set()
        self._wanted = asyncio.Event()

    @property
    def now(self) -> tuple[Download, ...]:
        """Every download since the start, the newest state of each."""
        return tuple(self._known.values())

    def start(self, model_id: str) -> Download:
        """Ask for a model; one that is under way is not asked for twice. Raises
        ModelUnavailable `model.unknown`."""
        model = self._store.model(model_id)
        known = self._known.get(model.id)
        if known is not None and known.status not in _OVER:
            return known
        self._known.pop(model.id, None)  # goes to the end of the row
        self._flags[model.id] = threading.Event()
        self._set(Download(model.id))
        self._wanted.set()
        return self._known[model.id]

    def stop(self, model_id: str) -> None:
        """Stop it at its next block of bytes; what has come stays for the next time."""
        known = self._known.get(model_id)
        if known is None or known.status in _OVER:
            return
        self._flags[model_id].set()
        if known.status == "queued":
            self._set(replace(known, status="stopped"))

    async def follow(self) -> AsyncIterator[tuple[Download, ...]]:
        """The state now, and again whenever it has changed."""
        changed = asyncio.Event()
        self._changed.add(changed)
        try:
            while True:
                changed.clear()
                yield self.now
                await changed.wait()
        finally:
            self._changed.discard(changed)

    async def run(self) -> None:
        """Fetch what is asked for, until cancelled; then the thread ends at its next block."""
        try:
            while True:
                self._wanted.clear()
                while queued := [d for d in self._known.values() if d.status == "queued"]:
                    await self._fetch(queued[0])
                await self._wanted.wait()
        finally:
            for flag in self._flags.values():
                flag.set()

    async def _fetch(self, download: Download) -> None:
        loop, flag = asyncio.get_running_loop(), self._flags[download.model]
        told: tuple[str, int] = (download.stage, -_STEP)

        def listen(step: Progress) -> None:  # in the thread that installs
            if flag.is_set():
                raise Stopped
            nonlocal told
            before_stage, before = told
            last = step.done == step.total
            if step.stage == before_stage and step.done - before < _STEP and not last:
                return
            told = (step.stage, step.done)
            loop.call_soon_threadsafe(self._step, step)

        self._set(replace(download, status="running"))
        try:
            await run_blocking(self._store.install, download.model, listen)
        except Stopped:
            self._set(replace(self._known[download.model], status="stopped"))
        except MiaError as error:
            log.warning("%s: %s", error.code, error)
            self._set(replace(self._known[download.model], status="failed", problem=error))
        else:
            self._set(replace(self._known[download.model], status="done"))

    def _step(self, step: Progress) -> None:
        known = self._known[step.model]
        if known.status == "running":
            self._set(replace(known, stage=step.stage, done=step.done, total=step.total))

    def _set(self, download: Download) -> None:
        self._known[download.model] = download
        for changed in self._changed:
            changed.set()
