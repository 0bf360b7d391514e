"""The set-up's choices: written with comments kept, checked first, secrets apart."""

from __future__ import annotations

import asyncio
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from mia.config import Loaded, load
from mia.errors import ConfigError, MiaError
from mia.home import Home
from mia.panel import servers
from mia.panel.desk import Desk
from mia.panel.secrets import hidden, remember
from mia.panel.shelf import Shelf


class Room:
    """A desk round a config file."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "config.yaml"
        self.home = Home(folder / "home")
        self.reloads = 0
        shelf = Shelf(lambda: self.loaded.config, self.home)
        self.desk = Desk(lambda: self.loaded, lambda: None, self.reload, shelf, self.home)

    @property
    def loaded(self) -> Loaded:
        return load(self.path, env={}) if self.path.exists() else _empty(self.path)

    async def reload(self) -> None:
        self.reloads += 1


def _empty(path: Path) -> Loaded:
    from mia.config.loading import interpret

    return interpret("", path, env={})


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_a_profile_is_fresh_until_something_was_chosen_or_the_setup_was_left(room: Room) -> None:
    assert room.desk.fresh
    asyncio.run(room.desk.done())
    assert not room.desk.fresh


def test_a_server_is_written_beside_the_user_s_comments_and_she_begins_anew(room: Room) -> None:
    room.path.write_text("# mine\nlanguage: es  # siempre\n", "utf-8")
    wish = {"backend": "openai", "url": "http://localhost:11434/v1", "model": "qwen3"}
    asyncio.run(room.desk.choose_brain("server", wish))
    text = room.path.read_text("utf-8")
    assert "# mine" in text
    assert "# siempre" in text
    assert "http://localhost:11434/v1" in text
    assert room.reloads == 1
    asyncio.run(room.desk.choose_brain("embedded", {}))
    assert asyncio.run(room.desk.state())["brain"]["embedded"] is True


@pytest.mark.parametrize(
    ("kind", "wish", "code"),
    [
        ("file", {"path": "/nowhere/x.gguf"}, "setup.no_file"),
        ("catalogue", {"model": "qwen2.5-1.5b-instruct"}, "model.missing"),
        ("catalogue", {"model": "nothing"}, "model.unknown"),
    ],
)
def test_what_cannot_be_had_changes_nothing(
    room: Room, kind: str, wish: dict[str, str], code: str
) -> None:
    with pytest.raises(MiaError) as caught:
        asyncio.run(room.desk.choose_brain(kind, wish))
    assert caught.value.code == code
    assert not room.path.exists()
    assert room.reloads == 0


def test_a_key_replaces_its_own_line_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    kept = tmp_path / ".env"
    kept.write_text("# mine\nOPENROUTER_API_KEY=old\nOTHER=1\n", "utf-8")
    remember(tmp_path, "OPENROUTER_API_KEY", "sk-or-new-value")
    assert kept.read_text("utf-8") == "# mine\nOTHER=1\nOPENROUTER_API_KEY='sk-or-new-value'\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    for bad in ("", "two words", "line\nbreak", "quote'd"):
        with pytest.raises(ConfigError):
            remember(tmp_path, "OPENROUTER_API_KEY", bad)


def test_every_secret_of_a_configuration_is_known(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        "web: {token: a-web-token}\nmodels: {llm: {openrouter: {api_key: a-key-here}}}\n", "utf-8"
    )
    config = load(tmp_path / "config.yaml", env={}).config
    found = set(hidden(config, {"OPENAI_API_KEY": "from-outside"}))
    assert found >= {"a-web-token", "a-key-here", "from-outside"}


async def _serve(answers: dict[str, Any]) -> tuple[asyncio.Server, int, list[str]]:
    """An HTTP server that answers these paths with JSON, and the Authorization headers it saw."""
    seen: list[str] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ")[1]
        seen.extend(
            line.split(": ", 1)[1]
            for line in head.split("\r\n")
            if line.lower().startswith("authorization")
        )
        status, body = answers.get(path, (404, {}))
        content = json.dumps(body).encode()
        writer.write(
            f"HTTP/1.1 {status} x\r\ncontent-type: application/json\r\n"
            f"content-length: {len(content)}\r\nconnection: close\r\n\r\n".encode()
            + content
        )
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1], seen


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_servers_are_found_where_they_listen_and_embedders_left_out() -> None:
    async def scenario() -> list[servers.Found]:
        models = {"data": [{"id": "qwen3"}, {"id": "nomic-embed-text"}]}
        server, port, _ = await _serve({"/v1/models": (200, models)})
        own, _, _ = await _serve({})
        known = (
            servers.Known("Ollama", "openai", f"http://127.0.0.1:{port}/v1"),
            servers.Known("nobody", "openai", "http://127.0.0.1:9/v1"),
            servers.Known(
                "no server", "openai", f"http://127.0.0.1:{own.sockets[0].getsockname()[1]}/v1"
            ),
        )
        try:
            return await servers.look(8080, known)
        finally:
            server.close()
            own.close()

    (found,) = asyncio.run(scenario())
    assert (found.name, found.models) == ("Ollama", ("qwen3",))


def test_a_key_is_tried_at_the_server_and_a_bad_one_is_refused() -> None:
    async def scenario() -> tuple[dict[str, Any], str, list[str]]:
        data = {"data": {"label": "x", "limit_remaining": 4.5, "is_free_tier": False}}
        server, port, seen = await _serve({"/v1/key": (200, data)})
        bad, bad_port, _ = await _serve({"/v1/key": (401, {"error": {"message": "no"}})})
        try:
            good = await servers.check_key("sk-or-test", f"http://127.0.0.1:{port}/v1")
            with pytest.raises(MiaError) as caught:
                await servers.check_key("sk-or-test", f"http://127.0.0.1:{bad_port}/v1")
            return good, caught.value.code, seen
        finally:
            server.close()
            bad.close()

    good, code, seen = asyncio.run(scenario())
    assert good == {"remaining": 4.5, "free": False}
    assert code == "llm.unauthorized"
    assert seen == ["Bearer sk-or-test"]
