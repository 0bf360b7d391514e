"""Somebody else's package: installed, found by its entry points, used from `config.yaml`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mia.audio.tap import write_wav
from mia.backends import Context
from tests.mind import contract as mind
from tests.mind.test_openai_contract import NoModels
from tests.voice import contract as voice

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "mia-parrot"
CONFIG = """\
language: es
models:
  llm:
    backend: parrot
    parrot: {prefix: "Dijiste:"}
  tts:
    backend: whistle
    speed: 2
    whistle: {hertz: 440}
"""


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the example was installed into, as pip does it, without any index."""
    place = tmp_path_factory.mktemp("plugins")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    here = ["--no-deps", "--no-index", "--no-build-isolation", "--target", str(place)]
    subprocess.run([*pip, *here, str(EXAMPLE)], check=True, cwd=place)
    return place


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text(CONFIG, "utf-8")
    return tmp_path


def mia(folder: Path, installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(installed), "MIA_LANGUAGE": "en"}
    return subprocess.run(
        [sys.executable, "-m", "mia.main", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def test_its_options_are_checked_like_our_own(installed: Path, folder: Path) -> None:
    config = str(folder / "config.yaml")
    good = mia(folder, installed, "config", "check", "--config", config)
    assert good.returncode == 0, good.stdout + good.stderr
    (folder / "config.yaml").write_text(CONFIG.replace("440", "9"), "utf-8")
    bad = mia(folder, installed, "config", "check", "--config", config)
    assert bad.returncode == 1
    assert "hertz" in bad.stdout + bad.stderr
    unknown = subprocess.run(
        [sys.executable, "-m", "mia.main", "config", "check", "--config", config],
        capture_output=True, text=True, check=False, cwd=folder,
    )  # fmt: skip
    assert unknown.returncode == 1, "without the package nobody knows a parrot"


def test_its_voice_speaks(installed: Path, folder: Path) -> None:
    said = mia(
        folder, installed, "say", "Hola, ¿qué tal?", "--out", "a.wav", "--config", "config.yaml"
    )
    assert said.returncode == 0, said.stderr
    sound, rate = soundfile.read(folder / "a.wav")
    spectrum = np.abs(np.fft.rfft(sound[: int(0.08 * rate)]))
    assert abs(np.argmax(spectrum) * rate / int(0.08 * rate) - 440) < 15
    assert abs(len(sound) / rate - 3 * 0.18 / 2) < 0.05, "three words, twice as fast"


@pytest.mark.models
def test_it_holds_a_whole_conversation(
    installed: Path, folder: Path, utterances: list[object]
) -> None:
    question = next(one for one in utterances if one.language == "es")  # type: ignore[attr-defined]
    sound, rate = soundfile.read(question.path, dtype="float32")  # type: ignore[attr-defined]
    write_wav(folder / "question.wav", sound if sound.ndim == 1 else sound.mean(axis=1), rate)
    talked = mia(folder, installed, "talk", "question.wav", "--config", "config.yaml")
    assert talked.returncode == 0, talked.stderr
    assert "Dijiste:" in talked.stdout + talked.stderr


@pytest.fixture
def _importable(monkeypatch: pytest.MonkeyPatch, installed: Path) -> None:
    monkeypatch.syspath_prepend(str(installed))


CONTEXT = Context(NoModels(), ("es",), Path("unused"))


@asynccontextmanager
async def whistle(**options: object) -> AsyncIterator[voice.Opened]:
    from mia_parrot import WHISTLE, WhistleOptions

    chosen = WhistleOptions.model_validate(options)
    yield voice.Opened(await WHISTLE.load(chosen, CONTEXT), rate=24_000)


@asynccontextmanager
async def parrot(**options: object) -> AsyncIterator[mind.Opened]:
    from mia_parrot import PARROT, ParrotOptions

    chosen = ParrotOptions.model_validate({"prefix": "Dijiste: lo de siempre,", **options})
    yield mind.Opened(await PARROT.load(chosen, CONTEXT))


@pytest.mark.usefixtures("_importable")
class TestWhistle(voice.SynthesizerContract):
    def opened(self) -> AbstractAsyncContextManager[voice.Opened]:
        return whistle()

    endless = opened

    def broken(self) -> AbstractAsyncContextManager[voice.Opened]:
        return whistle(asleep=True)


@pytest.mark.usefixtures("_importable")
class TestParrot(mind.LanguageModelContract):
    def opened(self) -> AbstractAsyncContextManager[mind.Opened]:
        return parrot()

    endless = opened

    def broken(self) -> AbstractAsyncContextManager[mind.Opened]:
        return parrot(asleep=True)


def test_a_package_that_cannot_be_imported_does_not_stop_mia(
    installed: Path, folder: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken" / "bad-1.0.dist-info"
    broken.mkdir(parents=True)
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: bad\nVersion: 1.0\n")
    (broken / "entry_points.txt").write_text("[mia.tts]\nbad = nothing_like_it:BACKEND\n")
    both = Path(os.pathsep.join([str(installed), str(broken.parent)]))
    said = mia(folder, both, "say", "Hola.", "--out", "a.wav", "--config", "config.yaml")
    assert said.returncode == 0, said.stderr
