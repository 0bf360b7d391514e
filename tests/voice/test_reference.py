"""Recordings to be cloned: what is wrong with one is said, and nobody is cloned unasked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from mia.cli import cli
from mia.errors import BackendUnavailable, BadAudio
from mia.home import Home
from mia.strings import use
from mia.voice import reference
from tests.voice_torch.tiny import recording


def changed(path: Path, change: object, rate: int = 24_000) -> Path:
    sound, _ = soundfile.read(recording(path))
    soundfile.write(path, change(sound), rate, subtype="FLOAT")  # type: ignore[operator]
    return path


def noise(sound: np.ndarray) -> np.ndarray:
    return sound + np.random.default_rng(1).normal(0, 0.03, len(sound))


def test_a_good_recording_is_measured(tmp_path: Path) -> None:
    found = reference.read(recording(tmp_path / "a.wav"))
    assert found.rate == 24_000
    assert found.good
    assert -30 < found.level_db < -10
    assert found.snr_db > 30


@pytest.mark.parametrize(
    ("change", "rate", "code"),
    [
        (lambda sound: sound[:48_000], 24_000, "clone.short"),
        (lambda sound: sound[:10], 24_000, "clone.short"),
        (lambda sound: sound, 8_000, "clone.low_rate"),
        (lambda sound: sound * 0.02, 24_000, "clone.quiet"),
        (lambda sound: sound * 0, 24_000, "clone.quiet"),
        (lambda sound: np.clip(sound * 20, -1, 1), 24_000, "clone.clipped"),
        (noise, 24_000, "clone.noisy"),
        (lambda sound: sound * np.nan, 24_000, "audio.unreadable"),
    ],
)
def test_what_is_wrong_with_a_recording_is_said(
    tmp_path: Path, change: object, rate: int, code: str
) -> None:
    with pytest.raises(BadAudio) as caught:
        reference.read(changed(tmp_path / "a.wav", change, rate))
    assert caught.value.code == code
    for language in ("es", "en"):
        assert "{" not in caught.value.text(language)


def test_what_is_no_recording_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadAudio, match="nowhere"):
        reference.read(tmp_path / "nowhere.wav")
    (tmp_path / "a.wav").write_bytes(b"no sound")
    with pytest.raises(BadAudio) as caught:
        reference.read(tmp_path / "a.wav")
    assert caught.value.code == "audio.unreadable"


def test_consent_holds_for_the_recording_it_was_given_for(tmp_path: Path) -> None:
    kept = reference.keep(recording(tmp_path / "a.wav"), "Ana María", tmp_path / "voices")
    assert reference.kept(tmp_path / "voices") == {"Ana María": kept}
    assert reference.agreed(kept)
    recording(kept, seconds=4)
    assert not reference.agreed(kept)
    assert not reference.agreed(tmp_path / "a.wav")


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 61])
def test_a_name_that_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BackendUnavailable, match="letters"):
        reference.keep(recording(tmp_path / "a.wav"), name, tmp_path / "voices")


def test_the_command_asks_once_and_keeps_nothing_without_a_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use("en")
    monkeypatch.setenv("MIA_HOME", str(tmp_path / "home"))
    path = str(recording(tmp_path / "a.wav"))
    refused = CliRunner().invoke(cli, ["clone", path, "Ana"], input="n\n")
    assert refused.exit_code == 1
    assert "non-commercial" in refused.output
    assert "Has the person" in refused.output
    assert reference.kept(Home.find().voices) == {}
    kept = CliRunner().invoke(cli, ["clone", path, "Ana"], input="y\n")
    assert kept.exit_code == 0, kept.output
    assert list(reference.kept(Home.find().voices)) == ["Ana"]
    unasked = CliRunner().invoke(cli, ["clone", path, "Eva", "--i-have-consent"])
    assert unasked.exit_code == 0, unasked.output
    assert "Has the person" not in unasked.output
