"""Keys and tokens: from the environment, else from the `.env` beside the config, else the file.

A secret in the file works, since the original's configs had one, but earns a notice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import dotenv
from pydantic import BaseModel, SecretStr

from mia.config.document import KeyPath
from mia.config.key_list import Key
from mia.config.problems import InvalidConfig, Problem

DOTENV = ".env"


def dotenv_values(folder: Path) -> Mapping[str, str]:
    """The variables of `folder`'s `.env`, none if there is no such file. Raises InvalidConfig."""
    path = folder / DOTENV
    if not path.is_file():
        return {}
    try:
        values = dotenv.dotenv_values(path, interpolate=False, encoding="utf-8-sig")
    except OSError as error:
        reason = {"reason": error.strerror or type(error).__name__}
        raise InvalidConfig(path, [Problem("config.unreadable", parameters=reason)]) from error
    except UnicodeDecodeError as error:
        raise InvalidConfig(path, [Problem("config.encoding")]) from error
    return {name: value for name, value in values.items() if value}


def given(
    known: Mapping[KeyPath, Key], env: Mapping[str, str], from_file: Mapping[str, str]
) -> dict[tuple[str, ...], tuple[str, str]]:
    """Each secret that is set outside the config file: its value and where it was found."""
    found: dict[tuple[str, ...], tuple[str, str]] = {}
    for key in known.values():
        if not key.env:
            continue
        if value := env.get(key.env, "").strip():
            found[key.path] = (value, key.env)
        elif value := from_file.get(key.env, "").strip():
            found[key.path] = (value, f"{DOTENV}: {key.env}")
    return found


def values(section: BaseModel) -> Iterator[str]:
    """Every secret that is set in a configuration, for `mia.redaction.hide`."""
    for name in section.model_fields_set | type(section).model_fields.keys():
        value = getattr(section, name, None)
        if isinstance(value, SecretStr) and value.get_secret_value():
            yield value.get_secret_value()
        elif isinstance(value, BaseModel):
            yield from values(value)
