"""What a clause of Kokoro's costs: time by products of bytes, and no memory after it."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mia.backends import Context
from mia.onnx.products import products_are_exact
from mia.voice.tts import kokoro
from tests.voice.conftest import all_of

pytestmark = pytest.mark.models

Loop = asyncio.AbstractEventLoop
CLAUSE = "Me gusta mucho caminar por la playa cuando sale el sol"
#: Nobody gives her so long a clause to say, but a text without a mark is one.
LONGEST = " ".join(["murciélagos valientes sobrevuelan bosques oscuros"] * 9)


@pytest.fixture
def plain(loop: Loop, context: Context, monkeypatch: pytest.MonkeyPatch) -> Iterator[kokoro.Kokoro]:
    """The voice on a processor whose products of bytes overflow."""
    monkeypatch.setattr(kokoro, "products_are_exact", lambda: False)
    voice = loop.run_until_complete(kokoro.load(kokoro.KokoroOptions(), context))
    yield voice
    loop.run_until_complete(voice.aclose())


def said(loop: Loop, voice: Any, text: str = CLAUSE) -> tuple[float, float]:
    """Seconds of work and of sound."""
    begun = time.perf_counter()
    sounds = loop.run_until_complete(all_of(voice, text, "es"))
    return time.perf_counter() - begun, sum(len(s.samples) / s.rate for s in sounds)


def test_with_products_a_clause_lasts_as_long_and_is_sooner_made(
    loop: Loop, dora: kokoro.Kokoro, plain: kokoro.Kokoro
) -> None:
    said(loop, dora), said(loop, plain)
    pairs = [(said(loop, dora), said(loop, plain)) for _ in range(5)]
    assert all(one == other for (_, one), (_, other) in pairs)
    if products_are_exact():
        # Measured: 0.58 of it.
        assert statistics.median(new / old for (new, _), (old, _) in pairs) < 0.85


def resident() -> int:
    """MiB of this process (Linux)."""
    (line,) = (s for s in Path("/proc/self/status").read_text().splitlines() if "VmRSS" in s)
    return int(line.split()[1]) >> 10


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_longest_clauses_memory_is_given_back(loop: Loop, dora: kokoro.Kokoro) -> None:
    said(loop, dora)
    before = resident()
    _, seconds = said(loop, dora, LONGEST)
    assert seconds > 20
    # 480 MiB and more, were it kept.
    assert resident() - before < 150


def test_a_session_keeps_no_bytes_of_the_file(dora: kokoro.Kokoro) -> None:
    assert not any(
        isinstance(held, bytes | np.ndarray) and len(held) > 1 << 20
        for held in vars(dora._model.session).values()
    )
