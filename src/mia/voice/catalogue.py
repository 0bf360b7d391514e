"""The voices there are, whichever backend they belong to."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

from mia.backends import Backend, Context, Options


@dataclass(frozen=True, slots=True)
class VoiceInfo:
    """One voice a user can choose. language: ISO 639-1. gender: "female", "male" or ""."""

    id: str
    name: str
    language: str
    gender: str
    backend: str
    licence: str


def voices_of(backend: Backend, options: Options, context: Context) -> tuple[VoiceInfo, ...]:
    """What a backend offers: its module's function `voices(options, context)`, if it has one.

    Raises ModelUnavailable when its voices lie in a model that is not installed.
    """
    module = importlib.import_module(backend.load.__module__)
    listing = getattr(module, "voices", None)
    return tuple(listing(options, context)) if listing is not None else ()
