"""What of the configuration every page may see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mia import main as program
from mia.config import Config


def shown(config: Config) -> Mapping[str, object]:
    """The settings a page may see: pydantic masks secrets, paths stay on this machine."""
    models: Any = config.models
    vad: Any = config.vad
    return {
        "language": config.language,
        "persona": config.persona.name,
        "wake_names": config.input.wake_names or [config.persona.name],
        "attention_s": config.input.attention_s,
        "llm": models.llm.backend,
        "stt": models.stt.backend,
        "tts": models.tts.backend,
        "vad": vad.backend,
        "embedded_brain": program.embedded_brain(config),
    }
