"""Configuration: a typed schema, YAML that keeps its comments, errors that say where.

`load` makes a `Config` out of `config.yaml`, `.env` and the environment, or raises one
`ConfigError` that lists everything wrong with them; `save` writes changed keys back; `example`
writes the file that documents every key.
"""

from mia.config.composition import compose, installed
from mia.config.example_file import example
from mia.config.key_list import Key, keys, values
from mia.config.loading import Loaded, Source, default_path, load
from mia.config.problems import InvalidConfig, Notice, Place, Problem, grouped
from mia.config.saving import save
from mia.config.schema import BackendSection, Config
from mia.errors import ConfigError

__all__ = [
    "BackendSection",
    "Config",
    "ConfigError",
    "InvalidConfig",
    "Key",
    "Loaded",
    "Notice",
    "Place",
    "Problem",
    "Source",
    "compose",
    "default_path",
    "example",
    "grouped",
    "installed",
    "keys",
    "load",
    "save",
    "values",
]
