"""Every clause goes to the voice of its language, and to the next one if that voice fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing

import numpy as np

from mia import backends
from mia.backends import Context
from mia.blocking import run_blocking
from mia.conversation.ports import Sound, SpeechSynthesizer
from mia.errors import BackendUnavailable, MiaError, fault
from mia.voice import choosing
from mia.voice.choosing import VoiceSection
from mia.voice.tuning import Tuned, raised

Report = Callable[[MiaError], None]

log = logging.getLogger(__name__)

#: Samples no larger than this are silence: half a step of 16-bit sound.
SILENT = 0.5 / 32_768
#: A voice that has not made a sound within this has failed, if there is another one.
FIRST_SOUND_SECONDS = 15.0
#: A voice that has failed is tried last for this long: a dead network must not cost every clause
#: a timeout.
REST_SECONDS = 30.0
#: … doubled with each further failure, up to this: what hangs costs `FIRST_SOUND_SECONDS` a try.
LONGEST_REST_SECONDS = 240.0


class Candidate:
    """A voice that may be loaded: at once for a language of its own, else when it is needed."""

    def __init__(
        self,
        name: str,
        load: Callable[[], Awaitable[SpeechSynthesizer]],
        *,
        voice: str | None = None,
        speed: float = 1.0,
        semitones: float = 0.0,
    ) -> None:
        """voice, speed, semitones: as configured."""
        self.name = name
        self.voice = voice
        self.tuned = Tuned(speed, semitones)
        self.speaking = 0
        """Clauses under way."""
        self.retired = False
        self._load = load
        self._lock = asyncio.Lock()
        self._error: MiaError | None = None
        self.loaded: SpeechSynthesizer | None = None

    async def get(self) -> SpeechSynthesizer:
        """The voice. Raises MiaError, the same one again for a voice that cannot be loaded."""
        async with self._lock:
            if self._error is not None:
                raise self._error
            if self.loaded is None:
                try:
                    self.loaded = await self._load()
                except MiaError as error:
                    self._error = error
                    raise
            return self.loaded

    async def leave(self) -> None:
        """A clause is over; a voice that was exchanged meanwhile is closed with its last."""
        self.speaking -= 1
        if self.retired and not self.speaking:
            await self.close()

    async def close(self) -> None:
        if self.loaded is not None:
            await self.loaded.aclose()
            self.loaded = None


class Voices:
    """Implements `SpeechSynthesizer` over several.

    primary: the voice of each language (ISO 639-1), the most important language first.
    fallback: tried in turn when that one fails before it made a sound. report: told once of each
    failure, until the voice works again. strict: a language that nobody speaks is an error;
    otherwise it is read by the first voice, which is better than silence.
    """

    def __init__(
        self,
        primary: Mapping[str, Candidate],
        fallback: Sequence[Candidate] = (),
        report: Report = lambda _error: None,
        *,
        strict: bool = False,
    ) -> None:
        self._primary = dict(primary)
        self._fallback = tuple(fallback)
        self._report = report
        self._strict = strict
        self._reported: set[tuple[str, str]] = set()
        self._rests_until: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._context: Context | None = None

    @staticmethod
    def backends_for(backend: str, languages: Sequence[str]) -> list[str]:
        """Names of all backends that may be asked: the configured one ("auto": the embedded one
        of each language), then the embedded ones that stand in for it."""
        own = [] if backend == choosing.AUTO else [backend]
        found = [name for language in languages for name in choosing.embedded(language)]
        return list(dict.fromkeys([*own, *found]))

    @classmethod
    async def load(
        cls, section: VoiceSection, context: Context, report: Report, *, strict: bool = False
    ) -> Voices:
        """The configured voices. Those with a language of their own are loaded now, beside each
        other. Raises MiaError if the first language has no voice at all."""
        known: dict[str, Candidate] = {}

        def candidate(name: str) -> Candidate:
            if name not in known:
                known[name] = _configured(section, name, context)
            return known[name]

        primary = {
            language: candidate(choosing.primary(section, language))
            for language in context.languages
        }
        fallback = [candidate(name) for name in choosing.fallbacks(section, context.languages)]
        voices = cls(primary, fallback, report, strict=strict)
        voices._context = context
        await voices._open(context.languages[0])
        return voices

    async def _open(self, first: str) -> None:
        wanted = list(dict.fromkeys(self._primary.values()))
        found = await asyncio.gather(*(one.get() for one in wanted), return_exceptions=True)
        failed: list[tuple[Candidate, MiaError]] = []
        for one, result in zip(wanted, found, strict=True):
            if isinstance(result, MiaError):
                failed.append((one, result))
            elif isinstance(result, BaseException):
                raise result
        if self._primary[first].loaded is None:
            await self._open_stand_in(first, failed)
        for one, error in failed:
            self._failed(one, error)

    async def _open_stand_in(self, first: str, failed: list[tuple[Candidate, MiaError]]) -> None:
        for one in self._fallback:
            try:
                await one.get()
            except MiaError as error:
                failed.append((one, error))
            else:
                return
        await self._primary[first].get()

    def set_speed(self, factor: float) -> None:
        """How fast every voice speaks from its next clause on; 1 is normal."""
        for candidate in self._all():
            candidate.tuned.speed = factor
            candidate.tuned.tell(candidate.loaded)

    def set_semitones(self, semitones: float) -> None:
        """How much higher every voice speaks from its next clause on; 0 is normal."""
        for candidate in self._all():
            candidate.tuned.semitones = semitones
            candidate.tuned.tell(candidate.loaded)

    async def change(self, section: VoiceSection) -> None:
        """Speak as `section` says from the next clause on. A clause under way ends as it began.

        Raises MiaError (and changes nothing) when a voice is unknown or cannot be loaded.
        """
        context = self._context
        assert context is not None, "only what was loaded from a configuration can be changed"
        known = {one.name: one for one in self._all()}
        ready: dict[str, Candidate] = {}
        for name in dict.fromkeys(choosing.primary(section, code) for code in context.languages):
            ready[name] = await self._ready(_configured(section, name, context), known.get(name))
        self._primary = {code: ready[choosing.primary(section, code)] for code in context.languages}
        self._fallback = tuple(ready.get(one.name, one) for one in self._fallback)
        self._rests_until.clear()
        self._failures.clear()
        for one in set(known.values()) - set(self._all()):
            one.retired = True
            if not one.speaking:
                await one.close()
        self.set_speed(section.speed)
        self.set_semitones(section.pitch)

    async def _ready(self, wanted: Candidate, known: Candidate | None) -> Candidate:
        """`known` in the voice that is wanted, if it can take it; else `wanted`, loaded."""
        if known is not None and known.loaded is not None:
            if known.voice == wanted.voice:
                return known
            setter = getattr(known.loaded, "set_voice", None)
            if setter is not None:
                await run_blocking(setter, wanted.voice)
                known.voice = wanted.voice
                return known
        await wanted.get()
        return wanted

    def _all(self) -> tuple[Candidate, ...]:
        return tuple(dict.fromkeys((*self._primary.values(), *self._fallback)))

    async def stream(self, text: str, *, language: str) -> AsyncGenerator[Sound, None]:
        """The clause in the first voice that works.

        A voice that fails in mid-clause is not replaced, since the listener would hear the
        beginning twice. Raises the last voice's MiaError when none made a sound.
        """
        last: MiaError | None = None
        unspoken = True
        for candidate, spoken_as in self._order(language):
            if spoken_as != language and not unspoken:
                break
            sounded = False
            held: list[Sound] = []
            try:
                voice = await candidate.get()
                ratio = candidate.tuned.tell(voice)
                candidate.speaking += 1
                try:
                    async with aclosing(voice.stream(text, language=spoken_as)) as sounds:
                        while (sound := await self._next(sounds, candidate, sounded)) is not None:
                            held.append(sound if ratio == 1 else raised(sound, ratio))
                            # Silence alone is no voice: it is kept until something is heard.
                            if not sounded and not _heard(sound):
                                continue
                            sounded = True
                            for piece in held:
                                yield piece
                            held.clear()
                finally:
                    await candidate.leave()
            except Exception as error:  # a fault in one voice is no reason to be silent
                problem = fault(error, candidate.name)
                if problem is not error:
                    log.exception("voice %s failed", candidate.name)
                if problem.code != "tts.no_language":
                    unspoken = False
                    self._failed(candidate, problem)
                if sounded:
                    raise problem from error
                last = problem
                continue
            if sounded or not any(char.isalnum() for char in text):
                self._well(candidate)
                return
            unspoken = False
            last = BackendUnavailable("tts.silent", text=text)
            self._failed(candidate, last)
        if last is not None:
            raise last

    def _order(self, language: str) -> list[tuple[Candidate, str]]:
        """Whom to ask, in turn, and in which language."""
        first = next(iter(self._primary))
        own = self._primary.get(language) or self._primary[first]
        chosen = list(dict.fromkeys((own, *self._fallback)))
        now = asyncio.get_running_loop().time()
        chosen.sort(key=lambda one: self._rests_until.get(one.name, 0.0) > now)
        order = [(one, language) for one in chosen]
        if language not in self._primary and not self._strict:
            order.append((self._primary[first], first))
        return order

    async def _next(
        self, sounds: AsyncGenerator[Sound, None], candidate: Candidate, sounded: bool
    ) -> Sound | None:
        """The next sound, None at the end. Raises BackendUnavailable if the first takes too
        long and somebody else could speak."""
        if sounded or not any(other is not candidate for other in self._fallback):
            return await anext(sounds, None)
        try:
            async with asyncio.timeout(FIRST_SOUND_SECONDS):
                return await anext(sounds, None)
        except TimeoutError as error:
            raise BackendUnavailable("tts.slow", name=candidate.name) from error

    def _failed(self, candidate: Candidate, error: MiaError) -> None:
        now = asyncio.get_running_loop().time()
        failures = self._failures.get(candidate.name, 0)
        self._failures[candidate.name] = failures + 1
        rest = min(REST_SECONDS * 2**failures, LONGEST_REST_SECONDS)
        self._rests_until[candidate.name] = now + rest
        if (candidate.name, error.code) not in self._reported:
            self._reported.add((candidate.name, error.code))
            self._report(error)

    def _well(self, candidate: Candidate) -> None:
        self._rests_until.pop(candidate.name, None)
        self._failures.pop(candidate.name, None)
        self._reported = {one for one in self._reported if one[0] != candidate.name}

    async def aclose(self) -> None:
        for candidate in self._all():
            await candidate.close()


def _heard(sound: Sound) -> bool:
    """Whether there is anything in it but digital silence."""
    return bool(np.any(np.abs(sound.samples) > SILENT))


def _configured(section: VoiceSection, name: str, context: Context) -> Candidate:
    """A voice as the configuration wants it, not loaded yet."""
    options = choosing.options_of(section, name)
    return Candidate(
        name,
        lambda: backends.load("tts", name, options, context),
        voice=getattr(options, "voice", None),
        speed=getattr(options, "speed", section.speed),
        semitones=getattr(options, "semitones", section.pitch),
    )
