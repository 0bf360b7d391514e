"""What is loaded the same again need not be loaded again."""

from __future__ import annotations

import asyncio

import pytest

from mia.errors import BackendUnavailable
from mia.kept import Kept


class Part:
    def __init__(self) -> None:
        self.closed = False

    async def aclose(self) -> None:
        self.closed = True


async def load() -> Part:
    return Part()


def test_the_same_settings_give_the_same_part_and_others_a_new_one() -> None:
    async def story() -> None:
        kept = Kept()
        ears = await kept.part("stt", {"model": "base"}, load)
        assert await kept.part("stt", {"model": "base"}, load) is ears
        others = await kept.part("stt", {"model": "small"}, load)
        assert others is not ears
        assert ears.closed
        assert not others.closed

    asyncio.run(story())


def test_a_part_that_was_changed_while_it_ran_is_what_it_became() -> None:
    async def story() -> None:
        kept = Kept()
        voice = await kept.part("tts", "dora", load)
        kept.became("tts", "álex")
        assert await kept.part("tts", "álex", load) is voice
        assert await kept.part("tts", "dora", load) is not voice

    asyncio.run(story())


def test_what_cannot_be_loaded_leaves_nothing_behind_and_may_be_had_later() -> None:
    async def fails() -> Part:
        raise BackendUnavailable("llm.failed", reason="script")

    async def story() -> None:
        kept = Kept()
        mind = await kept.part("llm", 1, load)
        with pytest.raises(BackendUnavailable):
            await kept.part("llm", 2, fails)
        assert mind.closed
        assert await kept.part("llm", 1, load) is not mind

    asyncio.run(story())


def test_closed_all_are_closed_and_what_has_nothing_to_close_is_let_go() -> None:
    async def nothing() -> None:
        return None

    async def story() -> None:
        kept = Kept()
        ears = await kept.part("stt", 1, load)
        assert await kept.part("turn", 1, nothing) is None
        await kept.aclose()
        assert ears.closed
        assert await kept.part("stt", 1, load) is not ears

    asyncio.run(story())
