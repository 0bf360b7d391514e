"""Memory and conversations over HTTP, round a real journal."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx

from mia.config import load
from mia.config.loading import interpret
from mia.mind.memory.library import Library
from mia.panel.live import Live, live
from mia.panel.settings import Settings
from mia.telemetry.events import EventBus
from mia.web.app import create_app
from tests.support.memory import Talking, remembering, settled
from tests.web.conftest import World

API = "/api/v1"


class Stage(Library):
    """The stage's part, which is another test's subject, left out."""

    resumed: int | None = None

    async def resume(self, session: int | None) -> bool:
        self.resumed = session
        return bool(await self.take_up(session, "c"))

    async def begin(self) -> None:
        await self.begin_anew("c")


class Asked:
    """An API with a memory of three lines, and what was told to be forgotten."""

    def __init__(self, client: httpx.AsyncClient, library: Stage) -> None:
        self.client = client
        self.library = library

    async def get(self, path: str) -> Any:
        answer = await self.client.get(API + path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return await self.client.request(method, API + path, json=body)


def settings(folder: Path, library: Stage) -> Settings:
    """Of a MIA that has a memory and nothing else."""
    path = folder / "config.yaml"
    path.write_text("# Ours.\nlanguage: es\n", "utf-8")
    loaded = load(path, env={})

    def nothing() -> Any:
        return None

    changes = Live(nothing, nothing, nothing, lambda _config: {}, lambda: library)
    return Settings(lambda: loaded, {}, live, changes.apply)


def served(folder: Path, check: Any) -> None:
    async def run() -> None:
        bus = EventBus()
        async with remembering(folder / "memory", bus) as memories:
            talking = Talking(bus)
            talking.says("Mi perra se llama Luna.")
            talking.hears("¡Qué nombre tan bonito!")
            talking.says("Vivo en Sevilla.")
            await settled(memories)
            library = Stage(memories)
            world = World(folder)
            app = create_app(
                world.services(memory=lambda: library, settings=settings(folder, library))
            )
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
                await check(Asked(http, library))

    asyncio.run(run())


def test_a_question_finds_the_line_and_its_place_in_the_talk(tmp_path: Path) -> None:
    async def check(api: Asked) -> None:
        rows = (await api.get("/memory/memories?q=perra"))["memories"]
        assert rows[0]["text"] == "Mi perra se llama Luna."
        found = await api.get(f"/memory/memories/{rows[0]['id']}")
        assert [line["text"] for line in found["lines"]][:2] == [
            "Mi perra se llama Luna.",
            "¡Qué nombre tan bonito!",
        ]

    served(tmp_path, check)


def test_a_memory_is_corrected_and_pinned(tmp_path: Path) -> None:
    async def check(api: Asked) -> None:
        answer = await api.send(
            "PATCH", "/memory/memories/1", {"text": "Mi perra se llama Lúa.", "pinned": True}
        )
        assert answer.json()["text"] == "Mi perra se llama Lúa."
        assert answer.json()["pinned"]
        (first, *_) = (await api.get("/memory/memories"))["memories"]
        assert first["id"] == 1, "pinned ones stand first"
        missing = await api.send("PATCH", "/memory/memories/99", {"pinned": True})
        assert missing.status_code == 404
        assert missing.json()["error"]["code"] == "memory.unknown"

    served(tmp_path, check)


def test_forgetting_is_counted_first_and_everything_is_asked_for_by_name(tmp_path: Path) -> None:
    async def check(api: Asked) -> None:
        refused = await api.send("POST", "/memory/forget", {})
        assert refused.status_code == 422
        counted = await api.send("POST", "/memory/forget", {"speaker": "owner", "only_count": True})
        assert counted.json()["count"] == 3
        one = await api.send("POST", "/memory/forget", {"ids": [1]})
        assert one.json()["count"] == 1
        assert (await api.get("/memory"))["memories"] == 2
        await api.send("POST", "/memory/forget", {"everything": True})
        assert (await api.get("/memory"))["memories"] == 0
        assert (await api.get("/conversations"))["conversations"] == []

    served(tmp_path, check)


def test_the_switches_are_thrown_one_by_one(tmp_path: Path) -> None:
    async def check(api: Asked) -> None:
        off = await api.send("PUT", "/memory/switches", {"enabled": False})
        assert off.json()["enabled"] is False
        # It stays off when MIA is started again, and the file keeps its comments.
        text = (tmp_path / "config.yaml").read_text("utf-8")
        assert text.startswith("# Ours.")
        assert not interpret(text, tmp_path / "config.yaml", env={}).config.memory.enabled
        private = await api.send("PUT", "/memory/switches", {"private": True})
        assert (private.json()["enabled"], private.json()["private"]) == (False, True)
        person = await api.send(
            "PUT", "/memory/switches", {"speaker": "owner", "remembered": False}
        )
        assert person.json()["speakers"][0]["remembered"] is False

    served(tmp_path, check)


def test_what_is_exported_can_be_read_in_again_and_stays_single(tmp_path: Path) -> None:
    async def check(api: Asked) -> None:
        text = (await api.client.get(f"{API}/memory/export")).text
        rows = [json.loads(line) for line in text.splitlines()]
        assert {row["mia"] for row in rows} == {"memory"}
        again = await api.client.post(f"{API}/memory/import", content=text.encode())
        assert again.json()["added"] == 0
        await api.send("POST", "/memory/forget", {"everything": True})
        anew = await api.client.post(f"{API}/memory/import", content=text.encode())
        assert anew.json()["added"] == 3
        broken = await api.client.post(f"{API}/memory/import", content=b'{"mia": "cat"}')
        assert broken.status_code == 422
        assert broken.json()["error"]["code"] == "memory.bad_line"

    served(tmp_path, check)


def test_a_conversation_is_read_named_taken_along_taken_up_and_deleted(tmp_path: Path) -> None:
    async def check(api: Asked) -> None:
        (row,) = (await api.get("/conversations"))["conversations"]
        assert (row["first"], row["lines"], row["running"]) == ("Mi perra se llama Luna.", 3, True)
        path = f"/conversations/{row['id']}"
        named = await api.send("PATCH", path, {"title": "De perras"})
        assert named.json()["title"] == "De perras"
        forms = {
            form: (await api.client.get(f"{API}{path}/export?format={form}")).text
            for form in ("md", "json", "srt")
        }
        assert forms["md"].startswith("# De perras")
        assert json.loads(forms["json"])["lines"][0]["text"] == "Mi perra se llama Luna."
        assert "00:00:00,000 --> " in forms["srt"]
        assert (await api.send("POST", f"{path}/resume")).status_code == 204
        assert api.library.resumed == row["id"]
        assert (await api.send("DELETE", path)).json()["count"] == 3
        assert (await api.client.get(API + path)).status_code == 404

    served(tmp_path, check)


def test_the_map_has_a_point_for_every_memory(tmp_path: Path) -> None:
    async def check(api: Asked) -> None:
        points = (await api.get("/memory/map"))["points"]
        assert {point["id"] for point in points} == {1, 2, 3}
        assert all(abs(point["x"]) <= 1 and abs(point["y"]) <= 1 for point in points)

    served(tmp_path, check)


def test_without_a_memory_the_routes_say_so(tmp_path: Path) -> None:
    async def run() -> None:
        app = create_app(World(tmp_path).services())
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            answer = await http.get(f"{API}/memory")
        assert answer.status_code == 503

    asyncio.run(run())
