"""The sound of a conversation over HTTP: kept on demand, taken along, deleted."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import httpx
import soundfile

from mia.conversation.ports import HEARING_RATE
from mia.web.app import create_app
from tests.mind.memory.test_taping import LIMIT, Talk, taped, tone
from tests.web.conftest import World

API = "/api/v1/conversations"


def client(folder: Path, talk: Talk) -> httpx.AsyncClient:
    services = World(folder).services(memory=lambda: talk.library, sound=lambda: talk.taping)
    transport = httpx.ASGITransport(create_app(services))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


def test_both_sides_are_taken_along_and_deleted_and_the_words_stay(tmp_path: Path) -> None:
    async def run() -> None:
        async with taped(tmp_path / "memory", "both") as talk, client(tmp_path, talk) as api:
            talk.says("¿Qué hora es?", 0, tone(1, HEARING_RATE))
            talk.answers("Son las tres.", 2, tone(1))
            await talk.kept()
            (row,) = (await api.get(API)).json()["conversations"]
            assert row["sound"] == "both"
            for side, channels in (("hers", 1), ("both", 2)):
                answer = await api.get(f"{API}/{row['id']}/export?format=wav&side={side}")
                assert answer.headers["content-type"] == "audio/wav"
                assert answer.headers["content-disposition"].endswith('.wav"')
                assert int(answer.headers["content-length"]) == len(answer.content)
                assert soundfile.info(io.BytesIO(answer.content)).channels == channels
            assert (await api.get(f"{API}/recording")).json()["used"] > 0

            assert (await api.delete(f"{API}/{row['id']}/sound")).status_code == 204
            gone = await api.get(f"{API}/{row['id']}/export?format=wav")
            assert gone.status_code == 404
            assert gone.json()["error"]["code"] == "conversations.no_sound"
            assert len((await api.get(f"{API}/{row['id']}")).json()["lines"]) == 2
            assert (await api.get(f"{API}/recording")).json()["used"] == 0

    asyncio.run(run())


def test_the_running_conversation_is_recorded_from_the_moment_one_says_so(tmp_path: Path) -> None:
    async def run() -> None:
        async with taped(tmp_path / "memory", "none") as talk, client(tmp_path, talk) as api:
            told = (await api.get(f"{API}/recording")).json()
            assert told == {
                "version": 1,
                "record": "none",
                "possible": True,
                "used": 0,
                "most": LIMIT,
            }
            talk.says("Hola.", 0, tone(1, HEARING_RATE))
            assert await talk.kept() == []

            answer = await api.put(f"{API}/recording", json={"record": "hers"})
            assert answer.json()["record"] == "hers"
            talk.answers("Hola.", 1, tone(1))
            assert len(await talk.kept()) == 1

            no = await api.put(f"{API}/recording", json={"record": "everybody"})
            assert no.status_code == 422

    asyncio.run(run())


def test_a_conversation_that_was_never_recorded_says_how_to(tmp_path: Path) -> None:
    async def run() -> None:
        async with taped(tmp_path / "memory", "hers") as talk, client(tmp_path, talk) as api:
            talk.says("Hola.", 0)
            talk.answers("Hola.", 1, tone(1))
            await talk.kept()
            answer = await api.get(f"{API}/1/export?format=wav&side=both")
            assert answer.status_code == 404
            error = answer.json()["error"]
            assert error["code"] == "conversations.no_sound_yours"
            assert "Las dos voces" in error["text"]["es"]
            assert (await api.get(f"{API}/77/export?format=wav")).status_code == 404

    asyncio.run(run())
