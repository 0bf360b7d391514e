"""A config of the original MIA keeps working."""

from __future__ import annotations

from pathlib import Path

import pytest

from mia.config import Config, ConfigError, Loaded, compose, grouped, installed, load
from mia.config.document import parse
from tests.config.conftest import EdgeOptions, EnergyOptions, Files, GgufOptions, ServerOptions

SEED = Path(__file__).parent / "data" / "seed-config.yaml"


@pytest.fixture
def seed(schema: type[Config]) -> Loaded:
    return load(SEED, env={}, schema=schema)


def test_the_originals_config_loads_unchanged(seed: Loaded) -> None:
    config = seed.config
    assert config.language == "es"
    assert config.models.llm.backend == "lmstudio"
    assert config.prompt.system == "Eres MIA, una VTuber con inteligencia artificial."
    assert config.prompt.dir == SEED.parent / "prompts"
    assert config.vad.min_speech_duration_ms == 300


def test_its_flat_keys_reach_the_backends_they_are_about(seed: Loaded) -> None:
    models = seed.config.models
    gguf, server = models.llm.options("llamacpp"), models.llm.options("lmstudio")
    assert isinstance(gguf, GgufOptions)
    assert gguf.path == str(SEED.parent / "models" / "llama-3-8b.gguf")
    assert (gguf.context_size, gguf.gpu_layers) == (2048, -1)
    assert isinstance(server, ServerOptions)
    assert (server.base_url, server.max_tokens) == ("http://localhost:1234/v1", 512)
    assert models.stt.options("faster-whisper").model_dump() == {
        "model": "base",
        "device": "auto",
        "compute_type": "int8",
    }
    assert models.tts.options("edge") == EdgeOptions(
        voice="es-CL-CatalinaNeural", rate="+0%", pitch="+0Hz"
    )
    assert seed.config.vad.options("energy") == EnergyOptions(threshold=0.01)
    assert seed.config.vad.sensitivity == 0.5
    assert seed.config.lipsync.smoothing_alpha == 0.2


def test_its_osc_section_says_where_the_face_is_sent(files: Files) -> None:
    text = (
        "osc: {ip: 10.0.0.5, port: 9100, mapping: {mouth_open: Boca, blink: Ojos}}\n"
        "models: {llm: {backend: llamacpp}}"
    )
    files.schema = installed()
    loaded = files.load(text)
    osc = loaded.config.avatar.outputs.options("osc").model_dump()
    assert (osc["host"], osc["port"]) == ("10.0.0.5", 9100)
    assert (osc["mouth_open"], osc["blink"]) == ("Boca", "Ojos")
    assert osc["enabled"] is True
    assert not loaded.notices


def test_a_wrong_value_in_its_osc_section_is_named_as_it_is_written(files: Files) -> None:
    files.schema = installed()
    with pytest.raises(ConfigError) as caught:
        files.load("osc: {port: 90000}")
    assert "osc.port" in str(caught.value)


def test_whatever_model_the_server_has_is_left_to_the_server(files: Files) -> None:
    def model(name: str) -> str:
        text = f"models: {{llm: {{backend: lmstudio, model_name: {name}}}}}"
        options = files.load(text).config.models.llm.options("lmstudio")
        assert isinstance(options, ServerOptions)
        return options.model

    assert model("default") == ""
    assert model("qwen3-4b") == "qwen3-4b"


def test_its_memory_keys_count_in_the_memory_section(files: Files) -> None:
    files.schema = installed()
    memory = files.load(
        "rag: {enabled: false, persist_dir: ./data/chroma_db, top_k: 3, max_docs: 5000,"
        " score_threshold: 0.3}"
    ).config.memory
    assert (memory.enabled, memory.recalled, memory.max_memories) == (False, 3, 5000)
    assert memory.threshold == 0.3
    assert memory.dir is not None
    assert memory.dir.is_absolute()


def test_its_embedding_model_is_the_one_that_is_taken(seed: Loaded, files: Files) -> None:
    embedder = seed.config.memory.embedder
    assert embedder.backend == "sentence-transformers"
    assert embedder.options("sentence-transformers").model_dump() == {"model": "all-MiniLM-L6-v2"}
    files.schema = compose({})
    loaded = files.load("rag: {embedding_model: all-MiniLM-L6-v2}")
    assert loaded.config.memory.embedder.backend == "auto"
    assert [(n.key, n.code) for n in loaded.notices] == [
        ("rag.embedding_model", "config.no_such_option")
    ]


def test_each_of_its_keys_has_an_effect_or_a_notice(seed: Loaded) -> None:
    noticed = {notice.key for notice in seed.notices}
    expected = set()
    for path in parse(SEED.read_text("utf-8"), SEED).places:
        if path[0] in ("lipsync", "websocket") and len(path) > 1:
            expected.add(".".join(map(str, path)))
    assert noticed == expected | {"vad.silence_duration_ms"}
    assert len(seed.notices) == len(noticed), "one notice each"


def test_notices_that_say_the_same_are_shown_as_one(seed: Loaded) -> None:
    texts = [notice.text("en") for notice in grouped(seed.notices)]
    assert len(texts) == 3
    assert any("websocket.host" in text and "websocket.port" in text for text in texts)
    assert all("{" not in text for text in texts)


def test_an_option_this_installation_lacks_gives_a_notice(files: Files) -> None:
    files.schema = compose({})
    loaded = load(SEED, env={}, schema=files.schema)
    codes = {notice.key: notice.code for notice in loaded.notices}
    assert codes["models.tts.edge_voice"] == "config.no_such_option"
    assert codes["models.llm.backend"] == "config.backend_not_yet"
    assert loaded.config.models.llm.backend == "llamacpp"


def test_a_voice_of_the_originals_that_is_not_there_falls_back_to_the_embedded(
    files: Files,
) -> None:
    loaded = files.load("models: {tts: {backend: xtts}}")
    assert loaded.config.models.tts.backend == "auto"
    assert [(n.key, n.code) for n in loaded.notices] == [
        ("models.tts.backend", "config.backend_not_yet")
    ]


def test_where_both_are_set_todays_key_counts(files: Files) -> None:
    loaded = files.load("models: {tts: {edge_rate: +5%, edge: {rate: +9%}}}")
    assert loaded.config.models.tts.options("edge").model_dump()["rate"] == "+9%"
    assert [n.code for n in loaded.notices] == ["config.overridden"]


def test_flat_keys_follow_the_chosen_server(files: Files) -> None:
    loaded = files.load("models: {llm: {backend: openrouter, model_name: a/b, api_key: k}}")
    options = loaded.config.models.llm.options("openrouter")
    assert isinstance(options, ServerOptions)
    assert options.model == "a/b"
    assert options.api_key is not None
    assert options.api_key.get_secret_value() == "k"
    (notice,) = loaded.notices
    assert (notice.key, notice.code) == ("models.llm.api_key", "config.secret_in_file")


def test_lm_studios_address_left_in_the_file_does_not_become_openrouters(files: Files) -> None:
    llm = files.load(
        "models: {llm: {backend: openrouter, base_url: 'http://localhost:1/v1'}}"
    ).config.models.llm
    server, other = llm.options("lmstudio"), llm.options("openrouter")
    assert isinstance(server, ServerOptions)
    assert server.base_url == "http://localhost:1/v1"
    assert other == ServerOptions()


def test_performance_settings_go_to_what_they_are_about(files: Files) -> None:
    config = files.load("performance: {vad_sensitivity: 0.9, lipsync_smoothing: 0.7}").config
    assert (config.vad.sensitivity, config.lipsync.smoothing_alpha) == (0.9, 0.7)


def test_the_originals_lip_sync_is_a_choice(files: Files) -> None:
    text = "lipsync: {smoothing_alpha: 0.4, rms_max: 0.2"
    assert [n.code for n in files.load(text + "}").notices] == ["config.plain_lipsync"] * 2
    chosen = files.load(text + ", mode: rms}")
    assert not chosen.notices
    assert (chosen.config.lipsync.mode, chosen.config.lipsync.smoothing_alpha) == ("rms", 0.4)


def test_it_loads_with_the_backends_of_this_installation_too() -> None:
    loaded = load(SEED, env={})
    models = loaded.config.models
    assert (models.llm.backend, models.tts.backend) == ("lmstudio", "edge")
    assert models.llm.options("lmstudio").model_dump()["base_url"] == "http://localhost:1234/v1"
    assert models.tts.options("edge").model_dump()["voice"] == "es-CL-CatalinaNeural"
    options = {notice.code for notice in loaded.notices}
    assert "config.no_such_option" not in options
