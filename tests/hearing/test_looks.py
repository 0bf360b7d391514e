"""How often Whisper looks: once where it is sure, and never longer than anybody waits."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mia.conversation.ports import HEARING_RATE
from mia.hearing.stt.faster_whisper import Whisper, WhisperOptions

TWO_SECONDS = np.full(2 * HEARING_RATE, 0.1, np.float32)


class Looks(Whisper):
    """Answers by script instead of by model: (beam, window) to confidence."""

    def __init__(self, options: WhisperOptions, confidence: dict[tuple[int, float], float]) -> None:
        self._options = options
        self._confidence = confidence
        self._model: Any = SimpleNamespace()
        self.encoded: list[float] = []
        self.decoded: list[tuple[int, float]] = []
        self.unwanted = threading.Event()
        self.stop_after = 99

    def _encode(self, heard: Any, window: float) -> Any:
        self.encoded.append(window)
        return window

    def _decode(
        self, encoded: Any, language: str, seconds: float, *, beam: int
    ) -> tuple[str, float, float]:
        self.decoded.append((beam, encoded))
        if len(self.decoded) == self.stop_after:
            self.unwanted.set()
        return f"words of {beam} in {encoded:.0f}", 0.0, self._confidence[beam, encoded]

    def hear(self) -> str:
        return self._transcribe(TWO_SECONDS, "es", self.unwanted).text


def looks(confidence: dict[tuple[int, float], float], **options: Any) -> Looks:
    return Looks(WhisperOptions(**options), confidence)


def test_a_sure_first_guess_is_all() -> None:
    whisper = looks({(1, 10): -0.1})
    assert whisper.hear() == "words of 1 in 10"
    assert (whisper.encoded, whisper.decoded) == ([10], [(1, 10)])


def test_an_unsure_one_is_looked_at_more_widely_over_the_same_encoded_sound() -> None:
    whisper = looks({(1, 10): -0.5, (5, 10): -0.2})
    assert whisper.hear() == "words of 5 in 10"
    assert whisper.encoded == [10]


def test_the_last_look_has_a_wider_window() -> None:
    whisper = looks({(1, 10): -0.5, (5, 10): -0.4, (5, 15): -0.4})
    assert whisper.hear() == "words of 5 in 15"
    assert whisper.encoded == [10, 15]


@pytest.mark.parametrize(("options", "decoded"), [({"sure_logprob": 0}, 5), ({"beam_size": 1}, 1)])
def test_one_look_only_where_that_is_configured(options: dict[str, Any], decoded: int) -> None:
    whisper = looks({(decoded, 10): -0.1}, **options)
    whisper.hear()
    assert whisper.decoded == [(decoded, 10)]


@pytest.mark.parametrize("after", [1, 2])
def test_a_call_that_nobody_waits_for_looks_no_further(after: int) -> None:
    whisper = looks({(1, 10): -0.5, (5, 10): -0.4, (5, 15): -0.4})
    whisper.stop_after = after
    whisper.hear()
    assert len(whisper.decoded) == after
