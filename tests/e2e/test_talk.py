"""The live pipeline on real models: people's voices in, MIA's voice out, understood both ways."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from pathlib import Path

import jiwer
import numpy as np
import py3langid
import pytest
import soundfile
from click.testing import CliRunner

from mia.audio.levels import audible
from mia.backends import Context
from mia.cli import cli
from mia.hearing.stt import faster_whisper
from mia.home import Home
from mia.models import ModelStore
from tests.conftest import Utterance

pytestmark = pytest.mark.models

MOST_WORD_ERRORS = 0.15
#: Short casual replies with names in them are harder to hear than read speech.
MOST_OWN_ERRORS = 0.25


def plain(text: str) -> str:
    return re.sub(r"[^\w ]+", " ", text.lower().replace("-", " ")).strip()


def spoken_between(channel: np.ndarray, start: float, end: float, rate: int) -> np.ndarray:
    """Her sound between two times without the waits in it, which a busy machine makes long."""
    quiet = np.zeros(rate // 4, np.float32)
    parts = [quiet]
    for first, last in audible(channel, rate):
        if start <= first < end:
            at, until = max(0, int((first - 0.05) * rate)), int((last + 0.1) * rate)
            parts += [channel[at:until], quiet]
    return np.concatenate(parts)


@pytest.fixture(scope="module", params=["es", "en"])
def talk(
    request: pytest.FixtureRequest,
    utterances: Sequence[Utterance],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[str, list[Utterance], dict, Path]:  # type: ignore[type-arg]
    """`mia talk` with every recording of one language; its report and its files."""
    language = request.param
    folder = tmp_path_factory.mktemp(f"talk-{language}")
    said = [u for u in utterances if u.language == language]
    result = CliRunner().invoke(
        cli,
        [
            "talk",
            *(str(u.path) for u in said),
            *("--language", language),
            *("--out", str(folder / "reply.wav")),
            *("--tap", str(folder / "tap.wav")),
            *("--json", str(folder / "report.json")),
        ],
    )
    assert result.exit_code == 0, result.output
    report = json.loads((folder / "report.json").read_text("utf-8"))
    return language, said, report, folder


def test_she_understands_what_people_say(talk) -> None:  # type: ignore[no-untyped-def]
    _, said, report, _ = talk
    heard = [turn["user_text"] for turn in report["turns"]]
    assert all(heard), heard
    errors = jiwer.wer([plain(u.transcript) for u in said], [plain(text) for text in heard])
    assert errors <= MOST_WORD_ERRORS, heard


def test_she_answers_each_aloud(talk) -> None:  # type: ignore[no-untyped-def]
    _, said, report, _ = talk
    assert len(report["turns"]) == len(said)
    for turn in report["turns"]:
        assert turn["reply_text"], turn
        assert turn["v2v_ms"] is not None, turn
        assert turn["v2v_ms"] > 0
        assert turn["stages"]["stt"] > 0


def test_she_answers_in_the_language_she_is_spoken_to(talk) -> None:  # type: ignore[no-untyped-def]
    language, _, report, _ = talk
    everything = " ".join(turn["reply_text"] for turn in report["turns"])
    assert py3langid.classify(everything)[0] == language, everything


def test_what_she_says_can_be_understood(talk) -> None:  # type: ignore[no-untyped-def]
    """Whisper hears on the tap what the report says that was heard of her."""
    language, _, report, folder = talk
    tap, rate = soundfile.read(folder / "tap.wav", dtype="float32")
    starts = [turn["speech"][1] for turn in report["turns"]]
    ends = [*(turn["speech"][0] for turn in report["turns"][1:]), len(tap) / rate]

    async def transcribe() -> list[str]:
        context = Context(ModelStore(Home.find()), (language,), folder)
        whisper = await faster_whisper.load(faster_whisper.WhisperOptions(), context)
        heard = [
            (
                await whisper.transcribe(spoken_between(tap[:, 1], a, b, rate), language=language)
            ).text
            for a, b in zip(starts, ends, strict=True)
        ]
        await whisper.aclose()
        return heard

    heard = asyncio.run(transcribe())
    spoken = [turn["heard_text"] for turn in report["turns"]]
    errors = jiwer.wer([plain(text) for text in spoken], [plain(text) for text in heard])
    pairs = zip(spoken, heard, strict=True)
    assert errors <= MOST_OWN_ERRORS, "\n".join(f"{a!r} was heard as {b!r}" for a, b in pairs)


def test_the_tap_holds_both_on_one_clock(talk) -> None:  # type: ignore[no-untyped-def]
    _, _, report, folder = talk
    tap, rate = soundfile.read(folder / "tap.wav", dtype="float32")
    assert rate == 16_000
    assert tap.shape[1] == 2
    for turn in report["turns"]:
        start, end = turn["speech"]
        user = tap[int(start * rate) : int(end * rate), 0]
        answer = tap[int((end + turn["v2v_ms"] / 1000) * rate) :, 1][: rate // 2]
        assert abs(user).max() > 0.02
        assert abs(answer).max() > 0.02
