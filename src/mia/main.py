"""The composition root: configuration in, parts built, one task group out.

This is the one place that knows everybody. `python -m mia.main` is `mia`.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mia import backends
from mia.audio.resample import StreamResampler
from mia.avatar import expressions
from mia.avatar.face import LiveFace
from mia.avatar.lipsync import LipSync
from mia.backends import Context, Options
from mia.blocking import run_blocking
from mia.config import Config
from mia.conversation import Conversation, Mouth, Parts
from mia.conversation.ports import (
    HEARING_RATE,
    LanguageModel,
    Memory,
    SpeechSynthesizer,
    SpeechToText,
    TurnDetector,
)
from mia.conversation.tuning import DEFAULT, Tuning
from mia.embedders import embedders_of
from mia.errors import BackendUnavailable, MiaError, ModelUnavailable
from mia.hearing import smart_turn
from mia.hearing.several import Recognisers
from mia.home import Home
from mia.kept import Kept
from mia.mind.chain import Chain
from mia.mind.prompts import system_prompt
from mia.mind.safety.outgoing import Outgoing
from mia.mind.safety.words import Words
from mia.models import ModelStore
from mia.telemetry.events import EventBus, Notice
from mia.voice import Voices, VoiceWording
from mia.voice.cues import folded

log = logging.getLogger(__name__)

LANGUAGES = ("es", "en")
#: Where the user's own lists of words are, beside the configuration.
WORDS = "words"
#: Said once, unheard, so that the first real sentence does not pay for a cold start.
WARM_UP = {"es": "Hola.", "en": "Hello."}


def languages_of(config: Config) -> tuple[str, ...]:
    """The languages MIA is to speak, the configured one first."""
    first = config.language if config.language != "auto" else LANGUAGES[0]
    return (first, *(code for code in LANGUAGES if code != first))


def models_of(config: Config, languages: tuple[str, ...]) -> tuple[str, ...]:
    """Catalogue ids of everything the configured backends load for these languages."""
    wanted = [smart_turn.MODEL]
    chosen: list[tuple[backends.Port, Any, list[str]]] = [
        ("vad", config.vad, [config.vad.backend]),
        ("stt", config.models.stt, [config.models.stt.backend, *config.models.stt.fallback]),
        ("llm", config.models.llm, [config.models.llm.backend, *config.models.llm.fallback]),
        ("tts", config.models.tts, Voices.backends_for(config.models.tts.backend, languages)),
        ("embedding", config.memory.embedder, embedders_of(config)),
    ]
    if not config.memory.enabled:
        chosen.pop()
    for port, section, names in chosen:
        for name in names:
            backend = backends.backends(port).get(name)
            if backend is not None:
                wanted += backend.needs(section.options(name), languages)
    return tuple(dict.fromkeys(wanted))


def context_of(config: Config, home: Home) -> Context:
    """What every backend is loaded with."""
    return Context(
        models=ModelStore(home),
        languages=languages_of(config),
        cache=home.cache / "backends",
        voices=home.voices,
        # Expected everywhere, a name is also heard where nobody said it.
        names=tuple(config.input.wake_names or (config.persona.name,))
        if config.input.mode == "wake-name"
        else (),
    )


def outputs_of(config: Config) -> dict[str, Options]:
    """Name and options of every avatar output that is not switched off."""
    outputs = config.avatar.outputs
    every = {name: outputs.options(name) for name in outputs.available}
    return {
        name: options
        for name, options in every.items()
        if getattr(options, "enabled", True) is not False
    }


def tuning_of(config: Config) -> Tuning:
    """The turn engine's numbers, as far as the configuration has a say in them."""
    lower = 0.5 - config.vad.sensitivity
    tuning = dataclasses.replace(
        DEFAULT,
        voice_on=min(0.95, max(0.05, DEFAULT.voice_on + lower * 0.8)),
        voice_off=min(0.9, max(0.03, DEFAULT.voice_off + lower * 0.6)),
        least_speech=config.vad.min_speech_duration_ms / 1000,
    )
    if config.vad.backend == "energy":
        longest = config.vad.silence_duration_ms / 1000
        tuning = dataclasses.replace(
            tuning,
            hold_longest=longest,
            hold_open=min(tuning.hold_open, longest),
            hold_unlikely=min(tuning.hold_unlikely, longest),
            hold_likely=min(tuning.hold_likely, longest),
        )
    return tuning


def wording_of(config: Config) -> VoiceWording:
    """What of a text is shown and said, and which looks its tags ask for."""
    tags = expressions.tags(config.avatar.expressions.tags)
    return VoiceWording(
        config.models.tts.chunk_size, {folded(tag): name for tag, name in tags.items()}
    )


async def guard_of(
    config: Config, folder: Path, trouble: Callable[[MiaError], None]
) -> Outgoing | None:
    """What keeps words back that are not to be said, as configured; None: nothing does."""
    own = config.safety
    if own.level == "off":
        return None
    words = Words(own.level, own.lists or folder / WORDS, trouble)
    await words.refresh()
    return Outgoing(words, own.replacement or "")


def taught(config: Config) -> tuple[str, ...]:
    """The expressions the language model is told of; none for the embedded one, which could not
    obey and would only be put off."""
    chosen = config.avatar.expressions
    if not chosen.teach or embedded_brain(config):
        return ()
    return expressions.known(chosen.tags)


def embedded_brain(config: Config) -> bool:
    """Whether the mind is the one MIA brings along."""
    llm: Any = config.models.llm
    if llm.backend != "llamacpp":
        return False
    options = llm.options("llamacpp")
    return not options.path and options.model == "auto"


def makes_facts(config: Config) -> bool:
    """Whether the mind is declared able to make facts of talk; the embedded one is not."""
    return config.memory.facts and not embedded_brain(config)


def face_of(conversation: Conversation, config: Config, bus: EventBus) -> LiveFace:
    """Her face in a conversation, as configured; close it afterwards."""
    own = config.lipsync
    return LiveFace(
        bus,
        lambda: conversation.playhead,
        seed=None,
        conversation=conversation.id,
        lipsync=LipSync(own.mode, own.smoothing_alpha, own.rms_min, own.rms_max),
        language=lambda _text: config.speaking_language or languages_of(config)[0],
        linger=config.avatar.expressions.linger_s,
    )


@dataclass(slots=True)
class Loading:
    """Which parts are still loading, for `/healthz` and the progress line."""

    waiting: set[str] = field(default_factory=set)
    failed: list[MiaError] = field(default_factory=list)
    changed: Callable[[Loading], None] = lambda _loading: None


@contextlib.asynccontextmanager
async def assembled(
    config: Config,
    folder: Path,
    home: Home,
    bus: EventBus,
    loading: Loading | None = None,
    remembers: Memory | None = None,
    kept: Kept | None = None,
) -> AsyncGenerator[Parts, None]:
    """Everything a conversation is made of, loaded beside each other and closed at the end.

    folder: what relative paths of the configuration count from. remembers: her memory, if she
    has one. kept: takes what is there already from it, and leaves all in it. Raises MiaError.
    """
    progress = loading or Loading()
    languages = languages_of(config)
    context = context_of(config, home)

    async def part(name: str, loaded: Any) -> Any:
        progress.waiting.add(name)
        progress.changed(progress)
        try:
            return await loaded
        finally:
            progress.waiting.discard(name)
            progress.changed(progress)

    def trouble(error: MiaError) -> None:
        report(bus, error)

    store = kept or Kept()

    def one(name: str, section: Any, load: Callable[[], Awaitable[Any]]) -> Any:
        settings = (section.model_dump() if section is not None else None, languages)
        return part(name, store.part(name, settings, load))

    models = config.models
    vad, stt, turn_detector, llm, tts = await _together(
        one("vad", config.vad, lambda: _load("vad", config.vad, config.vad.backend, context)),
        one("stt", models.stt, lambda: _ears(config, context, languages, trouble)),
        one("turn", None, lambda: _turn_detector(context, trouble)),
        one("llm", models.llm, lambda: _mind(config, context, trouble)),
        one("tts", models.tts, lambda: _voice(config, context, languages, trouble)),
    )
    fallback = config.prompt.system if "system" in config.prompt.model_fields_set else ""
    parts = Parts(
        mouth=Mouth(
            llm, tts, wording_of(config), StreamResampler, await guard_of(config, folder, trouble)
        ),
        stt=stt,
        turn_detector=turn_detector,
        voice_detector=vad.detector,
        system_prompt=functools.cache(
            lambda language: system_prompt(
                config.prompt.dir, fallback, language, config.persona.name, taught(config)
            )
        ),
        memory=remembers,
    )
    # A prompt file that cannot be read is to be known now, not at the first answer.
    parts.system_prompt(languages[0])
    try:
        yield parts
    finally:
        if kept is None:
            await store.aclose()


async def _together(*loading: Any) -> list[Any]:
    """All results, or the first MiaError once everything else has been cancelled."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in loading]
    except* MiaError as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]


async def _load(port: backends.Port, section: Any, name: str, context: Context) -> Any:
    return await backends.load(port, name, section.options(name), context)


async def _ears(
    config: Config,
    context: Context,
    languages: tuple[str, ...],
    trouble: Callable[[MiaError], None],
) -> SpeechToText:
    section = config.models.stt
    names = list(dict.fromkeys([section.backend, *section.fallback]))

    def loading(name: str) -> Callable[[], Awaitable[SpeechToText]]:
        return lambda: _load("stt", section, name, context)

    stt = Recognisers([(name, loading(name)) for name in names], trouble)
    noise = np.random.default_rng(0).normal(0, 0.01, HEARING_RATE).astype(np.float32)
    try:
        await stt.transcribe(noise, language=languages[0])
    except MiaError as error:
        # A server may be started later; what cannot even be loaded never hears.
        if not error.code.startswith("server.") or error.code == "server.key_missing":
            await stt.aclose()
            raise
    return stt


async def _turn_detector(
    context: Context, trouble: Callable[[MiaError], None]
) -> TurnDetector | None:
    try:
        return await smart_turn.load(context)
    except ModelUnavailable as error:
        trouble(error)  # she goes by the words and the silence alone
        return None


async def _mind(
    config: Config, context: Context, trouble: Callable[[MiaError], None]
) -> LanguageModel:
    section = config.models.llm
    models: list[tuple[str, LanguageModel]] = []
    names = list(dict.fromkeys([section.backend, *section.fallback]))
    for name in names:
        try:
            models.append((name, await _load("llm", section, name, context)))
        except MiaError as error:
            if name == names[-1] and not models:
                raise
            trouble(error)
    if len(models) == 1:
        return models[0][1]
    return Chain(
        models,
        lambda switched: trouble(
            BackendUnavailable("llm.switched", name=switched.name, before=switched.before)
        ),
    )


async def _voice(
    config: Config,
    context: Context,
    languages: tuple[str, ...],
    trouble: Callable[[MiaError], None],
) -> SpeechSynthesizer:
    voices = await Voices.load(config.models.tts, context, trouble)
    async for _ in voices.stream(WARM_UP.get(languages[0], "Hola."), language=languages[0]):
        pass
    return voices


def report(bus: EventBus, error: MiaError) -> None:
    """Tell everybody who looks that something does not work, and what to do about it."""
    if "text" in error.parameters:
        log.warning("%s", error.code)  # what is said is for no log
    else:
        log.warning("%s: %s", error.code, error)
    bus.publish(
        Notice(
            at=asyncio.get_running_loop().time(),
            conversation="",
            level="warning",
            code=error.code,
            parameters=error.parameters,
        )
    )


def conversation(
    conversation_id: str,
    parts: Parts,
    config: Config,
    bus: EventBus,
    *,
    language: str = "",
    measured: bool = False,
) -> Conversation:
    """A conversation of the configured persona; run it with its `run`. measured: without fillers,
    for an answer counts from its first word."""
    return Conversation(
        conversation_id,
        parts,
        bus,
        persona=config.persona.name,
        language=language or config.language,
        mode=config.input.mode,
        wake_names=config.input.wake_names,
        attention=config.input.attention_s,
        filler=config.input.filler and not measured,
        tuning=tuning_of(config),
    )


async def installed(config: Config, home: Home) -> tuple[str, ...]:
    """Ids of the models that the configuration needs and that are not there yet."""
    store = ModelStore(home)
    ids = models_of(config, languages_of(config))
    return await run_blocking(lambda: tuple(i for i in ids if store.state(i) != "ready"))


if __name__ == "__main__":
    from mia.cli import main

    main()
