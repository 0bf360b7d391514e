"""Two runs of MIA: what was said in the first comes to mind in the second, with the real brain,
the real embedder and the journal on the disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from mia import main as program
from mia import memory
from mia.config import Config, installed
from mia.conversation import Conversation
from mia.conversation.ports import LanguageModel, Prompt, Usage
from mia.errors import MiaError
from mia.home import Home
from mia.mind.llm import llamacpp
from mia.mind.prompts.transcript import TranscriptPrompt, transcript
from mia.telemetry import events as facts
from mia.telemetry.events import Event, EventBus
from tests.support.fakes import FakeLlm, Fakes

pytestmark = pytest.mark.models

TALK = (
    "Hola, ¿qué tal? Mi perra se llama Luna.",
    "Trabajo de enfermera en un hospital de Sevilla.",
    "Ayer fui al cine con mi hermana.",
)
PATIENCE = 240


async def answered(conversation: Conversation, text: str) -> list[Event]:
    """Type this as a page does, and wait for the reply to be over; what happened meanwhile."""
    happened: list[Event] = []
    over = asyncio.Event()

    def listen(event: Event) -> None:
        happened.append(event)
        if isinstance(event, facts.ReplyEnded):
            over.set()

    unlisten = conversation.bus.listen(listen)
    conversation.add_message("user", text)
    conversation.respond()
    async with asyncio.timeout(PATIENCE):
        await over.wait()
    unlisten()
    return happened


@asynccontextmanager
async def running(config: Config, home: Home, brain: LanguageModel) -> AsyncIterator[Conversation]:
    """One run of MIA, without ears and voice, which are no subject here."""
    bus = EventBus()
    context = replace(program.context_of(config, Home.find()), cache=home.cache)

    async def ready() -> None: ...

    troubles: list[MiaError] = []
    memories = memory.memories_of(config, home, bus, context, troubles.append, ready)
    async with memories.living():
        memories.attend("stage")
        await memories.caught_up()
        parts = replace(Fakes().parts(), memory=memories)
        parts = replace(parts, mouth=replace(parts.mouth, llm=brain))
        conversation = program.conversation("stage", parts, config, bus, language="es")
        life = asyncio.create_task(conversation.run())
        await asyncio.sleep(0)
        try:
            yield conversation
        finally:
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)
            await brain.aclose()
    # A busy machine's disk may be slow; nothing else may be wrong.
    assert {error.code for error in troubles} <= {"memory.slow"}


def test_she_remembers_the_dog_in_another_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, home = installed()(), Home(tmp_path)

    async def first() -> None:
        async with running(config, home, FakeLlm()) as conversation:
            for line in TALK:
                await answered(conversation, line)

    async def second() -> tuple[list[Event], list[Event], Usage | None]:
        context = program.context_of(config, Home.find())
        brain = await llamacpp.load(llamacpp.LlamaCppOptions(), context)
        async with running(config, home, brain) as conversation:
            told = await answered(conversation, "¿Te acuerdas de cómo se llama mi perra?")
            later = await answered(conversation, "Gracias.")
            return told, later, brain.usage

    prompts: list[str] = []

    def noted(prompt: Prompt) -> TranscriptPrompt:
        text = transcript(prompt)
        prompts.append(text.text)
        return text

    monkeypatch.setattr("mia.mind.llm.llamacpp.transcript", noted)
    # How soon it comes to mind is no subject here, and a busy machine may be slow.
    monkeypatch.setattr("mia.conversation.remembering.PATIENCE", 10.0)
    asyncio.run(first())
    told, later, usage = asyncio.run(second())
    (used,) = (event for event in told if isinstance(event, facts.MemoriesUsed))
    assert "Luna" in used.memories[0][2]
    # Whether 270 million parameters make something of it is their affair (about two in three
    # times); that it stood in what they read is MIA's.
    assert "«Mi perra se llama Luna.»" in str(prompts)
    # The note is a part of the cached prompt now: the next turn reads only what is new.
    assert usage is not None
    assert usage.cached > 10 * usage.evaluated, usage
    assert not any(isinstance(event, facts.MemoriesUsed) for event in later)
