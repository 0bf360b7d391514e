"""Which values of this installation are secrets, and the one place where a page may put one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel, SecretStr

from mia.config.secrets import DOTENV, dotenv_values
from mia.errors import ConfigError

#: Variables that hold secrets although no key of the configuration is named after them.
VARIABLES = ("OPENAI_API_KEY", "OPENROUTER_API_KEY", "DISCORD_TOKEN", "MIA_TOKEN")


def hidden(config: BaseModel, env: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Every secret value in a configuration and in the environment."""
    for name in config.model_fields_set:
        value = getattr(config, name)
        if isinstance(value, SecretStr):
            yield value.get_secret_value()
        elif isinstance(value, BaseModel):
            yield from hidden(value, {})
    yield from (value for name in VARIABLES if (value := env.get(name, "").strip()))


def remember(folder: Path, variable: str, value: str) -> None:
    """Set `variable` in `folder`'s `.env`, which only its owner may read; other lines stay.

    Blocking. Raises ConfigError `secret.not_a_secret` for what cannot be one line of it, and
    `secret.not_written`.
    """
    if not value or not re.fullmatch(r"[\x21-\x7e]{1,500}", value) or set(value) & set("'\"\\"):
        raise ConfigError("secret.not_a_secret")
    path = Path(os.path.realpath(folder / DOTENV))
    dotenv_values(folder)  # what cannot be read must not be replaced
    new = path.with_name(f"{DOTENV}.new")
    try:
        old = path.read_text("utf-8-sig") if path.exists() else ""
        wanted = re.compile(rf"\s*(?:export\s+)?{re.escape(variable)}\s*=")
        lines = [line for line in old.splitlines() if not wanted.match(line)]
        text = "\n".join([*lines, f"{variable}='{value}'", ""])
        folder.mkdir(parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise ConfigError("secret.not_written", path=path, reason=reason) from error
