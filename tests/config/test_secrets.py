"""Keys and tokens come from outside the file, and are never shown."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from mia.config import ConfigError
from tests.config.conftest import Files, ServerOptions


def key_of(options: object) -> str | None:
    assert isinstance(options, ServerOptions)
    return options.api_key.get_secret_value() if options.api_key else None


def test_keys_come_from_the_environment(files: Files) -> None:
    loaded = files.load("", OPENROUTER_API_KEY="a", OPENAI_API_KEY="b", MIA_TOKEN="c")
    llm = loaded.config.models.llm
    assert key_of(llm.options("openrouter")) == "a"
    assert key_of(llm.options("openai")) == "b"
    assert key_of(llm.options("lmstudio")) is None
    assert loaded.config.web.token == SecretStr("c")


def test_keys_come_from_the_dotenv_beside_the_file(files: Files) -> None:
    (files.path.parent / ".env").write_text("DISCORD_TOKEN='d'\nMIA_TOKEN=e\nOPENAI_API_KEY=\n")
    config = files.load("", MIA_TOKEN="f").config
    assert config.discord.token == SecretStr("d")
    assert config.web.token == SecretStr("f"), "the environment goes before .env"
    assert key_of(config.models.llm.options("openai")) is None


def test_a_dotenv_in_another_encoding_is_a_clear_error(files: Files) -> None:
    (files.path.parent / ".env").write_bytes(b"MIA_TOKEN=\xff\xfe\n")
    with pytest.raises(ConfigError, match=r"\.env"):
        files.load("")


def test_a_key_in_the_file_works_with_a_notice(files: Files) -> None:
    loaded = files.load("web: {token: hunter2}")
    assert loaded.config.web.token == SecretStr("hunter2")
    (notice,) = loaded.notices
    assert (notice.key, notice.code) == ("web.token", "config.secret_in_file")
    assert "MIA_TOKEN" in notice.text("en")
    assert "hunter2" not in notice.text("en")


def test_the_environment_goes_before_the_file(files: Files) -> None:
    config = files.load("web: {token: old}", MIA_TOKEN="new").config
    assert config.web.token == SecretStr("new")


def test_no_dump_or_text_of_the_configuration_shows_a_secret(files: Files) -> None:
    config = files.load("models: {llm: {openai: {api_key: hunter2}}}", MIA_TOKEN="hunter3").config
    for shown in (repr(config), str(config), config.model_dump_json(by_alias=True)):
        assert "hunter" not in shown
