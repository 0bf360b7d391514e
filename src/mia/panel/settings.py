"""The settings as the panel changes them: tried on the running MIA, saved, put back.

The file is the truth; what runs may lag behind it until MIA is restarted, and the page says which
keys those are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from mia.blocking import run_blocking
from mia.config import Config, InvalidConfig, Loaded
from mia.config.check import Suggestion
from mia.config.document import parse, read
from mia.config.form import GROUPS, fields, plain
from mia.config.key_list import Key, keys, nearest, values
from mia.config.loading import available, interpret
from mia.config.original import modernise
from mia.config.problems import Problem
from mia.config.removing import flat
from mia.config.saving import edited, save
from mia.config.secrets import DOTENV
from mia.panel.secrets import remember

#: Takes over what it can of these keys from a new configuration; returns those it took.
#: Raises MiaError and takes none where one of them cannot be had.
Apply = Callable[[Collection[str], Config], Awaitable[Collection[str]]]


class Settings:
    """loaded: what MIA was last started with. live: whether a key can be changed while she runs."""

    def __init__(
        self,
        loaded: Callable[[], Loaded],
        env: Mapping[str, str],
        live: Callable[[str], bool],
        apply: Apply,
    ) -> None:
        self._loaded = loaded
        self._begun = loaded()
        self._path = self._begun.path
        self._env = env
        self._live = live
        self._apply = apply
        self._model = type(self._begun.config)
        self._known = {key.name: key for key in keys(self._model).values()}
        self._lock = asyncio.Lock()
        #: What MIA runs with now; live keys follow every change.
        self._running = _values(self._begun)
        #: Live keys that could not be taken over when they were saved.
        self._behind: set[str] = set()
        #: The command line has decided these: what the file says of them does not wait.
        fresh = _values(self._read()[0])
        self._overruled = {name for name in fresh if fresh[name] != self._running.get(name)}

    def _follow(self) -> None:
        """Notice that MIA has begun anew with another configuration."""
        if self._loaded() is not self._begun:
            self._begun = self._loaded()
            self._running = _values(self._begun)
            self._behind.clear()

    async def describe(self) -> dict[str, Any]:
        """Everything a page needs to draw the form. Raises InvalidConfig: the file was broken
        since."""
        self._follow()
        loaded, raw = await run_blocking(self._read)
        form = fields(self._model)
        used = dict.fromkeys(field["group"] for field in form)
        return {
            "version": 1,
            "file": str(self._path),
            "groups": [g for g in GROUPS if g in used] + [g for g in used if g not in GROUPS],
            "fields": [{**field, "live": self._live(field["key"])} for field in form],
            "values": self._shown(loaded, raw),
            "written": [name for name in raw if name in self._known],
            "secrets": self._secrets(loaded),
            "pending": self._pending(loaded),
        }

    async def change(
        self, wish: Mapping[str, object], reset: Collection[str], how: str
    ) -> dict[str, Any]:
        """Take these keys over.

        how: "check" looks only whether they may be; "try" also changes what can be changed at
        once, until MIA ends; "save" does that and writes the file.
        Raises InvalidConfig with what is wrong with each key, MiaError where one cannot be had.
        """
        names = list(dict.fromkeys([*wish, *reset]))
        self._must_know(names)
        async with self._lock:
            _, loaded = await run_blocking(
                lambda: edited(self._path, wish, remove=reset, schema=self._model, env=self._env)
            )
            self._follow()
            applied: set[str] = set()
            if how != "check":
                applied = await self._take(names, loaded)
            if how == "save":
                await run_blocking(lambda: save(self._path, wish, remove=reset, schema=self._model))
                new = _values(loaded)
                lagging = {n for n in names if self._live(n) and new[n] != self._running[n]}
                self._behind = (self._behind - set(names)) | lagging
        return {
            "saved": how == "save",
            "applied": sorted(applied),
            "pending": self._pending(loaded) if how == "save" else [],
        }

    async def secret(self, name: str, value: str) -> None:
        """Keep a secret in `.env`, where it counts from the next start. Raises ConfigError."""
        key = self._known.get(name)
        if key is None or not key.secret:
            raise self._unknown(name)
        async with self._lock:
            await run_blocking(lambda: remember(self._path.absolute().parent, key.env, value))

    async def check_file(self) -> None:
        """Make sure the next start finds a configuration it can use. Raises InvalidConfig."""
        await run_blocking(self._read)

    def _must_know(self, names: Collection[str]) -> None:
        for name in names:
            if name not in self._known or self._known[name].section:
                raise self._unknown(name)

    def _unknown(self, name: str) -> InvalidConfig:
        path = tuple(name[:200].split("."))
        suggestion = Suggestion(nearest(path, keys(self._model)))
        problem = Problem("config.unknown_key", name[:200], parameters={"suggestion": suggestion})
        return InvalidConfig(self._path, [problem])

    async def _take(self, names: Collection[str], loaded: Loaded) -> set[str]:
        new = _values(loaded)
        changed = [n for n in names if self._live(n) and new[n] != self._running[n]]
        applied = set(await self._apply(changed, loaded.config)) if changed else set()
        self._running.update({name: new[name] for name in applied})
        return applied

    def _read(self) -> tuple[Loaded, dict[str, Any]]:
        """The file as it is now, and what it says itself, by dotted name."""
        text = read(self._path) if self._path.exists() else ""
        loaded = interpret(text, self._path, env=self._env, schema=self._model)
        data = modernise(parse(text, self._path).data, keys(self._model), available(self._model))
        return loaded, flat(data.data)

    def _shown(self, loaded: Loaded, raw: Mapping[str, Any]) -> dict[str, Any]:
        """What each field holds: as the file spells it, else the default that counts."""
        real = _values(loaded)
        shown = {}
        for name, value in real.items():
            key = self._known[name]
            if key.secret:
                continue
            if _is_path(key):
                value = raw.get(name, key.default)
            shown[name] = plain(value)
        return shown

    def _secrets(self, loaded: Loaded) -> dict[str, str]:
        """Where each secret comes from; "" for one that is not set. Never what it is."""
        found: dict[str, str] = {}
        for name, key in self._known.items():
            if key.secret and not key.hidden:
                source = loaded.sources.get(name)
                dotenv = source is not None and source.detail.startswith(DOTENV)
                found[name] = "dotenv" if dotenv else source.kind if source else ""
        return found

    def _pending(self, loaded: Loaded) -> list[str]:
        """Keys whose value in the file MIA will only have after a restart."""
        new = _values(loaded)
        return [
            name
            for name, value in new.items()
            if name not in self._overruled
            and (name in self._behind if self._live(name) else value != self._running.get(name))
        ]


def _is_path(key: Key) -> bool:
    return any(o.get("format") == "path" for o in (key.schema, *key.schema.get("anyOf", ())))


def _values(loaded: Loaded) -> dict[str, Any]:
    """What counts, by dotted name; None for a backend's option that follows a shared one."""
    return {
        key.name: None if key.lent and key.name not in loaded.sources else value
        for key, value in values(loaded.config)
    }
