"""The folders personas live in. Everything here is blocking and belongs behind `run_blocking`."""

from __future__ import annotations

import json
import re
import shutil
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from mia.errors import MiaError
from mia.personas.cards import PARTS, TOLD, Card, prompts

FOLDER = "personas"
ABOUT = "persona.yaml"
CARD, PICTURE = "card.json", "card.png"
MOST, MOST_FILES = 200, 32
LARGEST_FILE = 64 * 1024
#: Keys of `config.yaml` that a persona may bring along.
KEYS = (
    "language",
    "models.tts.backend",
    "models.tts.voice",
    "models.tts.speed",
    "models.tts.pitch",
)
#: Words that stand for something else in an address.
RESERVED = ("current", "import")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
FILE = re.compile(r"[\w][\w .-]{0,79}\.md")


@dataclass(frozen=True, slots=True)
class Persona:
    """id: her folder's name; "" for the one `prompt.dir` names outside of ours. settings: what of
    the configuration she brings along."""

    id: str
    name: str
    files: Mapping[str, str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    picture: bool = False


class Personas:
    """base: the folder of `config.yaml`."""

    def __init__(self, base: Path) -> None:
        self.root = base / FOLDER

    def every(self) -> list[Persona]:
        """All of them by name; a folder that cannot be read is left out."""
        if not self.root.is_dir():
            return []
        folders = sorted(path for path in self.root.iterdir() if NAME.fullmatch(path.name))
        return [self.read(path.name) for path in folders[:MOST] if path.is_dir()]

    def read(self, persona: str) -> Persona:
        """Raises MiaError."""
        folder = self.folder(persona)
        about = _about(folder / ABOUT)
        settings = about.get("settings")
        kept = settings if isinstance(settings, dict) else {}
        return Persona(
            persona,
            str(about.get("name") or persona)[:80],
            files_of(folder),
            {key: kept[key] for key in KEYS if key in kept},
            (folder / PICTURE).is_file(),
        )

    def folder(self, persona: str) -> Path:
        """Where she lives. Raises MiaError `persona.unknown`."""
        path = self.root / persona
        if not NAME.fullmatch(persona) or not path.is_dir():
            raise MiaError("persona.unknown", name=persona[:60])
        return path

    def create(
        self,
        name: str,
        files: Mapping[str, str],
        settings: Mapping[str, Any] | None = None,
    ) -> Persona:
        """A new folder. Raises MiaError."""
        base = _slug(name)
        taken = {path.name for path in self.root.iterdir()} if self.root.is_dir() else set()
        if len(taken) >= MOST:
            raise MiaError("persona.too_many", limit=MOST)
        choices = (base, *(f"{base}-{number}" for number in range(2, MOST + 2)))
        persona = next(one for one in choices if one not in taken)
        (self.root / persona).mkdir(parents=True)
        self.write(persona, name, files, settings or {})
        return self.read(persona)

    def write(
        self, persona: str, name: str, files: Mapping[str, str], settings: Mapping[str, Any]
    ) -> None:
        """Replace what she is. Raises MiaError."""
        folder = self.folder(persona)
        write_files(folder, files)
        yaml = YAML()
        kept = {key: settings[key] for key in KEYS if key in settings}
        with (folder / ABOUT).open("w", encoding="utf-8") as file:
            yaml.dump({"version": 1, "name": name, "settings": kept}, file)

    def remove(self, persona: str) -> None:
        """Delete her folder. Raises MiaError."""
        shutil.rmtree(self.folder(persona))

    def take(self, card: Card) -> Persona:
        """A persona out of a card."""
        made = self.create(card.name, prompts(card))
        folder = self.folder(made.id)
        whole = {**card.whole, **card.parts, "name": card.name}
        (folder / CARD).write_text(json.dumps(whole, ensure_ascii=False, indent=1), "utf-8")
        if card.picture is not None:
            (folder / PICTURE).write_bytes(card.picture)
        return self.read(made.id)

    def card(self, persona: str) -> Card:
        """Her as a card: the one she came from, with her prompt files as they are now."""
        folder = self.folder(persona)
        shown = self.read(persona)
        try:
            whole = json.loads((folder / CARD).read_text("utf-8"))
        except (OSError, ValueError):
            whole = {}
        whole = whole if isinstance(whole, dict) else {}
        parts = {part: str(whole.get(part, "")) for part in PARTS}
        own: list[str] = []
        for file, text in shown.files.items():
            part = re.sub(r"^\d+-|\.md$", "", file).replace("-", "_")
            if part in TOLD:
                parts[part] = text.strip()
            else:
                own.append(text.strip())
        told = {re.sub(r"^\d+-|\.md$", "", name).replace("-", "_") for name in shown.files}
        for part in set(TOLD) - told:
            parts[part] = ""
        if own:
            parts["description"] = "\n\n".join(filter(None, [parts["description"], *own]))
        marked = {part: text.replace("{persona}", "{{char}}") for part, text in parts.items()}
        picture = folder / PICTURE
        data = picture.read_bytes() if picture.is_file() else None
        return Card(shown.name, marked, whole, data)


def files_of(folder: Path) -> dict[str, str]:
    """The prompt files of a folder by name; what is no text is left out."""
    found = {}
    if folder.is_dir():
        for path in sorted(folder.glob("*.md"))[:MOST_FILES]:
            if path.is_file() and path.stat().st_size <= LARGEST_FILE:
                found[path.name] = path.read_text("utf-8-sig", errors="replace")
    return found


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Make these the prompt files of a folder; others go. Raises MiaError."""
    if len(files) > MOST_FILES:
        raise MiaError("persona.too_many_files", limit=MOST_FILES)
    for name, text in files.items():
        if not FILE.fullmatch(name):
            raise MiaError("persona.file_name", name=name[:80])
        if len(text.encode()) > LARGEST_FILE:
            raise MiaError("prompt.too_large", path=name, limit=LARGEST_FILE // 1024)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8", newline="\n")
    for name in set(files_of(folder)) - set(files):
        (folder / name).unlink()


def _about(path: Path) -> dict[str, Any]:
    try:
        found = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    except (OSError, YAMLError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50] or "persona"
    return f"{slug}-1" if slug in RESERVED else slug
