"""Everything a conversation is put together from; each part is a port."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mia.conversation.cores import Cores
from mia.conversation.filler import FillerSounds
from mia.conversation.panic import Panic
from mia.conversation.ports import Memory, SpeechToText, TurnDetector, VoiceDetector
from mia.conversation.reply import Mouth


@dataclass(frozen=True, slots=True)
class Parts:
    mouth: Mouth
    stt: SpeechToText
    turn_detector: TurnDetector | None
    voice_detector: Callable[[], VoiceDetector]
    system_prompt: Callable[[str], str]
    """The persona's prompt in a language (ISO 639-1)."""
    cores: Cores = field(default_factory=Cores)
    """Whoever shares a processor shares this."""
    fillers: FillerSounds = field(default_factory=FillerSounds)
    """What is said while a reply is late; whoever shares a voice shares this."""
    memory: Memory | None = None
    """What she remembers; None: nothing beyond this conversation."""
    panic: Panic = field(default_factory=Panic)
    """Silences every conversation that shares it."""
