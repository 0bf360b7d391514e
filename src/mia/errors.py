"""Errors a person can see: a stable code, parameters, and a text in every language.

Whatever fails at MIA's border is raised as one of these, with the cause chained. The text of a
code lives in the string catalogue under `error.<code>`, so that the command line, the pages and
the logs say the same thing in the user's language.
"""

from __future__ import annotations

from mia.redaction import redact
from mia.strings import translate


class MiaError(Exception):
    """Base of every error shown to a user.

    code: stable dotted name, `error.<code>` in the string catalogue.
    parameters: values the text of that code names in braces; secrets in them (a server repeats the
    key it was given, a path holds a token) are hidden here, on the way to every page and log.
    """

    def __init__(self, code: str, **parameters: object) -> None:
        self.code = code
        self.parameters = {name: _without_secrets(value) for name, value in parameters.items()}
        super().__init__(translate(f"error.{code}", **self.parameters))

    def text(self, language: str | None = None) -> str:
        """The message in `language` ("es" or "en"), by default in the language of this process."""
        return translate(f"error.{self.code}", language, **self.parameters)


def _without_secrets(value: object) -> object:
    if isinstance(value, bool | int | float):
        return value
    text = str(value)
    plain = redact(text)
    return value if plain == text else plain


class ConfigError(MiaError):
    """The configuration cannot be used; nothing was started."""


class BackendUnavailable(MiaError):
    """A backend cannot work now: not installed, not running, refused, or out of memory."""


def fault(error: Exception, name: str) -> MiaError:
    """Whatever a backend (ours, or somebody's plugin) let out, as an error of ours: `error`
    itself if it is one already. The caller chains it, and logs what is no MiaError."""
    if isinstance(error, MiaError):
        return error
    if isinstance(error, MemoryError):
        return BackendUnavailable("backend.no_memory", name=name)
    reason = f"{type(error).__name__}: {error}"
    return BackendUnavailable("backend.fault", name=name, reason=reason)


class ModelUnavailable(MiaError):
    """A model's files are missing, damaged, or cannot be fetched."""


class BadAudio(MiaError):
    """A recording or a block of sound cannot be used as it is."""


class DeviceUnavailable(MiaError):
    """A microphone or loudspeaker is missing, busy, or was unplugged."""
