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
from mia.personas.face import USUAL, PersonaFace, Worn, face_from

FOLDER = "personas"
ABOUT = "persona.yaml"
CARD, PICTURE, MODEL = "card.json", "card.png", "model.vrm"
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
#: Where it is kept what the configuration said before one of ours was chosen.
BEFORE = ".before.yaml"
#: MIA's place among a card's extensions.
OURS = "mia"
#: Her name and her prompt files, in `config.yaml`.
NAMED, PROMPTS = "persona.name", "prompt.dir"
#: Words that stand for something else in an address.
RESERVED = ("current", "import", "model", "before")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
FILE = re.compile(r"[\w][\w .-]{0,79}\.md")


@dataclass(frozen=True, slots=True)
class Persona:
    """id: her folder's name; "" for the one `prompt.dir` names outside of ours. settings: what of
    the configuration she brings along. face: what she is shown as."""

    id: str
    name: str
    files: Mapping[str, str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    picture: bool = False
    face: PersonaFace = USUAL


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
            face_from(about.get("face")),
        )

    def worn(self, prompts: Path) -> Worn:
        """What the persona whose prompt files are in this folder wears; the usual face where she
        is none of ours."""
        if prompts.parent != self.root:
            return Worn()
        try:
            shown = self.read(prompts.name)
        except MiaError:
            return Worn()
        model = self.model(shown.id)
        return Worn(shown.id, shown.face, model if model.is_file() else None)

    def model(self, persona: str) -> Path:
        """Where a model of her own is, or would be. Raises MiaError."""
        return self.folder(persona) / MODEL

    def folder(self, persona: str) -> Path:
        """Where she lives. Raises MiaError `persona.unknown`."""
        path = self.root / persona
        if not NAME.fullmatch(persona) or not path.is_dir():
            raise MiaError("persona.unknown", name=persona[:60])
        return path

    def copy_model(self, persona: str, to: str) -> None:
        """Give one the model of another, where there is one. Raises MiaError."""
        if (model := self.model(persona)).is_file():
            shutil.copyfile(model, self.model(to))

    def create(
        self,
        name: str,
        files: Mapping[str, str],
        settings: Mapping[str, Any] | None = None,
        face: PersonaFace = USUAL,
    ) -> Persona:
        """A new folder. Raises MiaError."""
        base = _slug(name)
        taken = {path.name for path in self.root.iterdir()} if self.root.is_dir() else set()
        if len(taken) >= MOST:
            raise MiaError("persona.too_many", limit=MOST)
        choices = (base, *(f"{base}-{number}" for number in range(2, MOST + 2)))
        persona = next(one for one in choices if one not in taken)
        (self.root / persona).mkdir(parents=True)
        self.write(persona, name, files, settings or {}, face)
        return self.read(persona)

    def write(
        self,
        persona: str,
        name: str,
        files: Mapping[str, str],
        settings: Mapping[str, Any],
        face: PersonaFace | None = None,
    ) -> None:
        """Replace what she is; without a face, hers stays. Raises MiaError."""
        folder = self.folder(persona)
        shown = face_from(_about(folder / ABOUT).get("face")) if face is None else face
        write_files(folder, files)
        yaml = YAML()
        kept = {key: settings[key] for key in KEYS if key in settings}
        about: dict[str, Any] = {"version": 1, "name": name, "settings": kept}
        if shown != USUAL:
            about["face"] = shown.plain()
        with (folder / ABOUT).open("w", encoding="utf-8") as file:
            yaml.dump(about, file)

    def choice(self, persona: str, values: Mapping[str, Any], chosen: str) -> dict[str, Any]:
        """What of the configuration is to change for her to be this one; `before`: who she was
        without one of these. values: the configuration's; chosen: who she is now, "" if none of
        these: then who that is, is kept. Raises MiaError."""
        if persona == "before":
            if not (before := self.before()):
                raise MiaError("persona.unknown", name=persona)
            return before
        found = self.read(persona)
        if not chosen:
            self.keep_before(values)
        return {**found.settings, NAMED: found.name, PROMPTS: f"{FOLDER}/{persona}"}

    def keep_before(self, values: Mapping[str, Any]) -> None:
        """Remember the keys of the configuration that choosing one of ours changes."""
        self.root.mkdir(parents=True, exist_ok=True)
        kept = {key: values[key] for key in (*KEYS, NAMED, PROMPTS) if key in values}
        with (self.root / BEFORE).open("w", encoding="utf-8") as file:
            YAML().dump({"version": 1, "settings": kept}, file)

    def before(self) -> dict[str, Any]:
        """What was remembered; empty where nothing was."""
        settings = _about(self.root / BEFORE).get("settings")
        kept = settings if isinstance(settings, dict) else {}
        return {key: kept[key] for key in (*KEYS, NAMED, PROMPTS) if key in kept}

    def remove(self, persona: str) -> None:
        """Delete her folder. Raises MiaError."""
        shutil.rmtree(self.folder(persona))

    def take(self, card: Card) -> Persona:
        """A persona out of a card."""
        face = _travelled(card.whole)
        made = self.create(card.name, prompts(card), face=face)
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
        extensions = whole.get("extensions")
        kept = dict(extensions) if isinstance(extensions, dict) else {}
        kept.pop(OURS, None)
        if shown.face != USUAL:
            kept[OURS] = {"version": 1, "face": shown.face.plain()}
        whole["extensions"] = kept
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


def _travelled(whole: Mapping[str, Any]) -> PersonaFace:
    """The face within a card; a model does not come along, so its place is left open."""
    extensions = whole.get("extensions")
    ours = extensions.get(OURS) if isinstance(extensions, dict) else None
    face = face_from(ours.get("face") if isinstance(ours, dict) else None)
    return face.model_copy(update={"wears": None}) if face.wears == "vrm" else face


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
