"""Whatever a person hands to MIA as a recording: it is heard, or it is clear why not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from mia.audio.recording import read_recording
from mia.cli import cli
from mia.conversation.ports import HEARING_RATE
from mia.errors import BadAudio


def tone(rate: int, seconds: float = 0.5, channels: int = 1) -> np.ndarray:
    wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate)
    return np.stack([wave] * channels, axis=1)


@pytest.mark.parametrize(
    ("rate", "channels", "subtype"),
    [
        (16_000, 1, "PCM_16"),
        (8_000, 1, "PCM_U8"),
        (96_000, 1, "PCM_24"),
        (44_100, 2, "FLOAT"),
        (48_000, 2, "PCM_16"),
        (11_025, 1, "ULAW"),
    ],
)
def test_any_rate_depth_and_channels_are_heard(
    tmp_path: Path, rate: int, channels: int, subtype: str
) -> None:
    path = tmp_path / "sound.wav"
    soundfile.write(path, tone(rate, channels=channels), rate, subtype=subtype)
    samples = read_recording(path)
    assert samples.dtype == np.float32
    assert samples.ndim == 1
    assert len(samples) == pytest.approx(HEARING_RATE / 2, abs=20)
    spectrum = np.abs(np.fft.rfft(samples))
    assert np.argmax(spectrum) * HEARING_RATE / len(samples) == pytest.approx(440, abs=5)


def _nothing(path: Path) -> None: ...


def _text(path: Path) -> None:
    path.write_text("this is no recording")


def _header_only(path: Path) -> None:
    soundfile.write(path, np.zeros(0), 16_000)


def _cut_header(path: Path) -> None:
    soundfile.write(path, tone(16_000), 16_000)
    path.write_bytes(path.read_bytes()[:20])


def _silence(path: Path) -> None:
    soundfile.write(path, np.zeros(16_000), 16_000)


def _an_hour_of_silence(path: Path) -> None:
    soundfile.write(path, np.zeros(8_000 * 3600, np.int16), 8_000)


def _not_numbers(path: Path) -> None:
    soundfile.write(path, np.full(16_000, np.nan), 16_000, subtype="FLOAT")


@pytest.mark.parametrize(
    ("make", "code", "says"),
    [
        (_nothing, "audio.no_file", "no recording"),
        (_text, "audio.unreadable", "WAV, FLAC, OGG and MP3"),
        (_header_only, "audio.empty", "empty"),
        (_cut_header, "audio.unreadable", "could not be read"),
        (_silence, "audio.silent", "silent"),
        (_an_hour_of_silence, "audio.too_long", "60 minutes"),
        (_not_numbers, "audio.unreadable", "NaN"),
    ],
)
def test_what_cannot_be_heard_is_a_clear_error(tmp_path: Path, make, code: str, says: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "bad.wav"
    make(path)
    with pytest.raises(BadAudio) as error:
        read_recording(path)
    assert error.value.code == code
    assert says in str(error.value)
    assert str(path) in str(error.value)


def test_mia_talk_says_it_in_one_line_before_loading_anything(tmp_path: Path) -> None:
    path = tmp_path / "note.wav"
    _text(path)
    result = CliRunner().invoke(cli, ["talk", str(path), "--out", str(tmp_path / "out.wav")])
    assert result.exit_code == 1
    assert "could not be read as a recording" in result.output
    assert "Traceback" not in result.output
    assert not (tmp_path / "out.wav").exists()
