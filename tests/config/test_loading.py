"""A config file becomes a checked configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from mia.config import Config, InvalidConfig, Source, compose, default_path, load
from mia.home import Home
from tests.config.conftest import Files, GgufOptions, ServerOptions


def test_an_empty_file_means_all_defaults(files: Files) -> None:
    loaded = files.load("")
    own = {"prompt"}  # its folder is made absolute
    assert loaded.config.model_dump(exclude=own) == files.schema().model_dump(exclude=own)
    assert loaded.config.language == "es"
    assert loaded.config.models.tts.backend == "auto"
    assert not loaded.notices


@pytest.mark.parametrize("text", ["# nothing but a comment\n", "---\n", "null\n", "\ufeff"])
def test_a_file_without_keys_means_all_defaults(files: Files, text: str) -> None:
    assert files.load(text).config.web.port == 8080


def test_a_section_whose_keys_are_all_comments_has_its_defaults(files: Files) -> None:
    loaded = files.load("web:\n  # port: 1\nmodels:\n  llm:\n    llamacpp:\n")
    assert loaded.config.web.port == 8080
    assert loaded.config.models.llm.options("llamacpp") == GgufOptions()


def test_without_a_language_the_recognisers_is_followed(files: Files) -> None:
    assert files.load("models: {stt: {language: en}}").config.language == "en"
    assert files.load("models: {stt: {language: fr}}").config.language == "es"
    both = files.load("language: es\nmodels: {stt: {language: en}}").config
    assert (both.language, both.hearing_language, both.speaking_language) == ("es", "en", "es")
    assert files.load("language: auto").config.hearing_language is None


def test_a_backends_options_are_typed_and_found_by_its_name(files: Files) -> None:
    config = files.load("models: {stt: {faster-whisper: {model: small}}}").config
    assert config.models.stt.options("faster-whisper").model_dump()["model"] == "small"
    with pytest.raises(KeyError):
        config.models.stt.options("nobody")


def test_shared_settings_reach_the_backend_unless_it_has_its_own(files: Files) -> None:
    llm = files.load(
        "models: {llm: {temperature: 1.5, max_tokens: 7, llamacpp: {temperature: 0.1}}}"
    ).config.models.llm
    own, shared = llm.options("llamacpp"), llm.options("lmstudio")
    assert isinstance(own, GgufOptions)
    assert own.temperature == 0.1
    assert isinstance(shared, ServerOptions)
    assert shared.max_tokens == 7


def test_speed_and_pitch_reach_the_voices_and_the_voice_only_the_chosen_one(files: Files) -> None:
    text = "models: {tts: {backend: %s, speed: 1.5, pitch: -2, voice: es-CL-XNeural}}"
    chosen = files.load(text % "edge").config.models.tts.options("edge").model_dump()
    assert (chosen["speed"], chosen["semitones"], chosen["voice"]) == (1.5, -2, "es-CL-XNeural")
    other = files.load(text % "piper").config.models.tts.options("edge").model_dump()
    assert (other["speed"], other["voice"]) == (1.5, "es-MX-DaliaNeural")


def test_what_nobody_set_is_the_backends_own_default(files: Files) -> None:
    options = files.load("").config.models.llm.options("lmstudio")
    assert isinstance(options, ServerOptions)
    assert options.max_tokens == 100


def test_relative_paths_count_from_the_files_folder(files: Files) -> None:
    config = files.load("models: {llm: {llamacpp: {path: a.gguf}}}\nlog: {file: x.log}").config
    folder = files.path.parent
    options = config.models.llm.options("llamacpp")
    assert isinstance(options, GgufOptions)
    assert options.path == str(folder / "a.gguf")
    assert config.log.file == folder / "x.log"
    assert config.prompt.dir == folder / "prompts"


def test_every_value_says_where_it_came_from(files: Files) -> None:
    loaded = files.load("\nweb:\n  port: 9\n", MIA_TOKEN="t")
    assert loaded.sources["web.port"] == Source("file", "3")
    assert loaded.sources["web.token"] == Source("environment", "MIA_TOKEN")
    assert "web.host" not in loaded.sources


def test_the_working_folders_config_goes_before_mias_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    home = Home(tmp_path / "home")
    assert default_path(home) == tmp_path / "home" / "config" / "config.yaml"
    (tmp_path / "config.yaml").touch()
    assert default_path(home) == tmp_path / "config.yaml"


def test_no_file_at_the_default_place_means_all_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, schema: type[Config]
) -> None:
    monkeypatch.chdir(tmp_path)
    loaded = load(None, env={"MIA_HOME": str(tmp_path / "home")}, schema=schema)
    assert loaded.config.web.port == 8080
    assert loaded.path == tmp_path / "home" / "config" / "config.yaml"


def test_a_file_that_was_asked_for_must_be_there(tmp_path: Path, schema: type[Config]) -> None:
    with pytest.raises(InvalidConfig) as caught:
        load(tmp_path / "mine.yaml", env={}, schema=schema)
    assert caught.value.problems[0].code == "config.no_file"


def test_a_schema_without_any_backend_still_loads(files: Files) -> None:
    files.schema = compose({})
    assert files.load("web: {port: 1}").config.web.port == 1
