"""What sections of the configuration are made of."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import AliasPath, BaseModel, ConfigDict

from mia.backends import Backend, Options


class Section(BaseModel):
    """Base of all sections: an unknown key is an error, so is a number that is none."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True, allow_inf_nan=False)


class BackendSection(Section):
    """A section in which one backend of a port is chosen; each has its own section inside."""

    #: The backends there are; filled in by `compose`.
    available: ClassVar[dict[str, Backend]] = {}
    #: Keys of this section that reach the options of its backends, with the option's name there;
    #: a backend's own section goes before them.
    shared: ClassVar[dict[str, str]] = {}
    #: Those of them that mean something to the chosen backend only.
    for_chosen: ClassVar[frozenset[str]] = frozenset()

    def options(self, name: str) -> Options:
        """The options of backend `name` as configured, its defaults where nothing is said.

        Raises KeyError for a backend that is not there, pydantic's ValidationError where an
        option without a default is missing; `load` has made sure of it for the chosen ones.
        """
        kind = self.available[name].options
        given = getattr(self, field_of(name), None)
        own = {option: getattr(given, option) for option in given.model_fields_set} if given else {}
        values = {**self.lent(name), **own}
        return kind.model_validate({alias(kind, option): values[option] for option in values})

    def lent(self, name: str) -> dict[str, Any]:
        """What this section's shared keys make of the options of backend `name`."""
        fields = self.available[name].options.model_fields
        chosen = name == getattr(self, "backend", None)
        return {
            option: value
            for key, option in self.shared.items()
            if option in fields
            and (value := getattr(self, key)) is not None
            and (chosen or key not in self.for_chosen)
        }


def field_of(backend: str) -> str:
    """The attribute a backend's section is kept under: names of backends may hold a dash."""
    return "backend_" + "".join(c if c.isalnum() else "_" for c in backend)


def alias(model: type[BaseModel], name: str) -> str:
    """How field `name` of `model` is spelt in YAML."""
    spelt = model.model_fields[name].validation_alias
    if isinstance(spelt, AliasPath):
        spelt = str(spelt.path[0])
    return spelt if isinstance(spelt, str) else name
