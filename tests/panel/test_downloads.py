"""Downloads the panel asks for: one after the other, watched, stopped, taken up again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mia.errors import ModelUnavailable
from mia.home import Home
from mia.models import ModelStore, Progress
from mia.models.progress import Listener, nobody
from mia.panel.downloads import Download, Downloads
from tests.browser.workplace import SMALL


class SteppedStore(ModelStore):
    """Installs as a script says: each call of `install` runs the next one."""

    def __init__(self, home: Home, *scripts: Callable[[Listener], None]) -> None:
        super().__init__(home, catalogue={SMALL.id: SMALL})
        self._scripts = iter(scripts)

    def install(self, model_id: str, progress: Listener = nobody) -> Path:
        next(self._scripts)(progress)
        return self.folder / model_id


async def until(downloads: Downloads, condition: Callable[[Download], bool]) -> Download:
    async for states in downloads.follow():
        for one in states:
            if condition(one):
                return one
    raise AssertionError


def run(
    scenario: Callable[[Downloads], asyncio.Future[None]] | Callable[..., object],
    store: ModelStore,
) -> object:
    async def life() -> object:
        downloads = Downloads(store)
        task = asyncio.create_task(downloads.run())
        try:
            return await scenario(downloads)  # type: ignore[misc]
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return asyncio.run(asyncio.wait_for(life(), 20))


def test_progress_is_told_and_the_end_too(tmp_path: Path) -> None:
    def script(tell: Listener) -> None:
        tell(Progress(SMALL.id, "download", 2_000_000, 3_000_000))
        tell(Progress(SMALL.id, "download", 2_000_010, 3_000_000))
        tell(Progress(SMALL.id, "download", 3_000_000, 3_000_000))

    async def scenario(downloads: Downloads) -> list[str]:
        assert downloads.start(SMALL.id).status == "queued"
        done = await until(downloads, lambda one: one.status == "done")
        return [done.stage, str(done.done)]

    assert run(scenario, SteppedStore(Home(tmp_path), script)) == ["download", "3000000"]


def test_who_stops_it_stops_the_work_and_may_go_on_later(tmp_path: Path) -> None:
    begun, stopped = threading.Event(), threading.Event()

    def endless(tell: Listener) -> None:
        try:
            while True:
                begun.set()
                tell(Progress(SMALL.id, "download", 1, 2))
        finally:
            stopped.set()

    async def scenario(downloads: Downloads) -> None:
        downloads.start(SMALL.id)
        await asyncio.to_thread(begun.wait, 10)
        assert downloads.start(SMALL.id).status == "running"  # not asked for twice
        downloads.stop(SMALL.id)
        await until(downloads, lambda one: one.status == "stopped")
        assert stopped.is_set()
        downloads.start(SMALL.id)
        await until(downloads, lambda one: one.status == "done")

    run(scenario, SteppedStore(Home(tmp_path), endless, lambda _tell: None))


def test_what_fails_is_told_with_its_reason(tmp_path: Path) -> None:
    def broken(_tell: Listener) -> None:
        raise ModelUnavailable("model.missing", id=SMALL.id)

    async def scenario(downloads: Downloads) -> str:
        downloads.start(SMALL.id)
        failed = await until(downloads, lambda one: one.status == "failed")
        assert failed.problem is not None
        return failed.problem.code

    assert run(scenario, SteppedStore(Home(tmp_path), broken)) == "model.missing"


def test_a_model_nobody_knows_is_refused(tmp_path: Path) -> None:
    async def scenario(downloads: Downloads) -> None:
        with pytest.raises(ModelUnavailable):
            downloads.start("nothing")

    run(scenario, SteppedStore(Home(tmp_path)))
