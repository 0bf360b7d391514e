"""`mia say` and `mia voices`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from mia.cli import cli
from mia.home import Home
from mia.strings import use


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    use("en")
    # The models stay where they are, the configuration is nobody's.
    models = Home.find().models
    monkeypatch.setattr(Home, "models", property(lambda _home: models))
    monkeypatch.setenv("MIA_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


def mia(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


@pytest.mark.models
@pytest.mark.parametrize(
    ("arguments", "least"),
    [(["Hola, ¿qué tal?"], 0.6), (["Hello there", "--language", "en"], 0.4)],
)
def test_a_text_is_spoken_into_a_file(tmp_path: Path, arguments: list[str], least: float) -> None:
    out = tmp_path / "new" / "hola.wav"
    result = mia("say", *arguments, "--out", str(out))
    assert result.exit_code == 0, result.output
    sound, rate = soundfile.read(out, dtype="int16")
    assert (rate, sound.ndim) == (24_000, 1)
    assert least < len(sound) / rate < 4
    assert abs(sound).max() > 3000


@pytest.mark.models
def test_any_kokoro_voice_can_be_made_to_speak_a_language(tmp_path: Path) -> None:
    out = tmp_path / "a.wav"
    result = mia("say", "Hola.", "--language", "es", "--voice", "af_heart", "--out", str(out))
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("text", ["", "   ", "😊", "***"])
def test_nothing_to_say_is_an_error(tmp_path: Path, text: str) -> None:
    result = mia("say", text, "--out", str(tmp_path / "a.wav"))
    assert result.exit_code == 1
    assert "nothing to say" in result.output
    assert not (tmp_path / "a.wav").exists()


def test_a_place_that_cannot_be_written_is_told_first(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    result = mia("say", "Hola", "--out", str(tmp_path / "file" / "a.wav"))
    assert result.exit_code == 1
    assert "Could not write" in result.output


def test_an_unknown_voice_is_told(tmp_path: Path) -> None:
    result = mia("say", "Hola", "--voice", "nadie", "--out", str(tmp_path / "a.wav"))
    assert result.exit_code == 1
    assert "nadie" in result.output
    assert "mia voices" in result.output


@pytest.mark.models
def test_a_language_without_a_voice_is_told(tmp_path: Path) -> None:
    result = mia("say", "Hola", "--language", "xx", "--out", str(tmp_path / "a.wav"))
    assert result.exit_code == 1
    assert "xx" in result.output
    assert not (tmp_path / "a.wav").exists()


def test_a_speed_out_of_bounds_is_told(tmp_path: Path) -> None:
    result = mia("say", "Hola", "--speed", "9", "--out", str(tmp_path / "a.wav"))
    assert result.exit_code == 2


@pytest.mark.models
def test_the_voices_are_listed_by_language() -> None:
    result = mia("voices", "--language", "es")
    assert result.exit_code == 0, result.output
    assert "ef_dora" in result.output
    assert "af_heart" not in result.output


@pytest.mark.models
def test_samples_are_saved(tmp_path: Path) -> None:
    result = mia("voices", "--language", "es", "--samples", str(tmp_path / "samples"))
    assert result.exit_code == 0, result.output
    saved = sorted(path.stem for path in (tmp_path / "samples").glob("*.wav"))
    assert saved == ["ef_dora", "em_alex", "em_santa"]


@pytest.mark.models
@pytest.mark.parametrize(
    ("voice", "language"),
    [("es-419", "es"), ("en-gb", "en"), ("em_alex", "es"), ("af_heart", "es")],
)
def test_a_sample_of_one_voice_is_saved(tmp_path: Path, voice: str, language: str) -> None:
    out = tmp_path / "x.wav"
    result = mia("voices", "--sample", voice, "--language", language, "--out", str(out))
    assert result.exit_code == 0, result.output
    sound, rate = soundfile.read(out)
    assert rate == 24_000
    assert len(sound) > rate


@pytest.mark.models
def test_a_sample_is_played_where_there_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[tuple[int, int]] = []

    class Speaker:
        PortAudioError = RuntimeError

        @staticmethod
        def play(sound: np.ndarray, rate: int, *, blocking: bool) -> None:
            assert blocking
            played.append((len(sound), rate))

    monkeypatch.setattr("mia.commands.voices.portaudio", lambda: Speaker)
    assert mia("voices", "--sample", "es-419").exit_code == 0
    assert played[0][0] > 24_000


def test_a_sample_of_nobody_is_told() -> None:
    result = mia("voices", "--sample", "nadie")
    assert result.exit_code == 1
    assert "nadie" in result.output


@pytest.mark.models
def test_voices_of_several_backends_are_listed() -> None:
    listed = mia("voices", "--language", "en").output
    for voice in ("af_heart", "piper-en-us-joe", "en-us", "en-US-AriaNeural"):
        assert voice in listed


def test_a_language_nobody_speaks_has_no_voices() -> None:
    result = mia("voices", "--language", "xx")
    assert result.exit_code == 1
    assert "xx" in result.output
