"""Who may do what: servers, channels, roles, owners, opt-outs, and how often.

Everything here goes by ids. What people are called, and what they say of themselves, counts for
nothing.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mia.blocking import run_blocking
from mia.config.discord import Discord

log = logging.getLogger(__name__)

#: Turns by message or command that one person and one server get in a minute.
PER_PERSON, PER_GUILD, MINUTE = 5, 20, 60.0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on Discord, as far as rights go."""

    id: int
    roles: frozenset[int] = frozenset()
    bot: bool = False


class OptOuts:
    """People who do not want to be heard; kept by id in a small file, the only thing that is.

    path: the file; it need not be there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ids: set[int] = set()

    async def load(self) -> None:
        """Read the file. One that cannot be read is told, and nobody has opted out."""
        try:
            text = await run_blocking(self._path.read_text, "utf-8")
            self._ids = {int(user) for user in json.loads(text)}
        except FileNotFoundError:
            self._ids = set()
        except (OSError, ValueError, TypeError) as error:
            log.warning("%s cannot be read: %s", self._path, error)

    def __contains__(self, user: object) -> bool:
        return user in self._ids

    async def put(self, user: int, out: bool) -> None:
        """This person opts out, or in again. It counts at once, and is then written down.
        Raises OSError."""
        (self._ids.add if out else self._ids.discard)(user)
        text = json.dumps(sorted(self._ids))

        def write() -> None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_suffix(".new")
            fresh.write_text(text, "utf-8")
            fresh.replace(self._path)

        await run_blocking(write)


class Policy:
    """config: the section `discord`. app_owners: owns the bot, where the section names nobody."""

    def __init__(self, config: Discord, optouts: OptOuts) -> None:
        self._config = config
        self.optouts = optouts
        self.app_owners: frozenset[int] = frozenset()

    def guild(self, guild: int | None) -> bool:
        """Whether she works in this server at all; None: a direct message."""
        if guild is None:
            return False
        return not self._config.guilds or guild in self._config.guilds

    def channel(self, channel: int) -> bool:
        """Whether she joins this channel, or writes in it."""
        return not self._config.channels or channel in self._config.channels

    def owner(self, user: int) -> bool:
        return user in (self._config.owners or self.app_owners)

    def person(self, person: Person) -> bool:
        """Whether she listens to this person at all."""
        if person.bot:
            return person.id in self._config.bots
        if self.owner(person.id) or not self._config.roles:
            return True
        return bool(person.roles & set(self._config.roles))

    def hears(self, person: Person) -> bool:
        """Whether this person's voice may be opened and decoded."""
        return person.id not in self.optouts and self.person(person)

    def interrupts(self, user: int) -> bool:
        """Whether this person may speak over her."""
        allowed = self._config.barge_in
        return allowed == "everyone" or (allowed == "owners" and self.owner(user))


class Limits:
    """At most so many turns a minute by message, for one person and for one server. Voice has no
    such limit: there is one floor, and it is hers or theirs."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._taken: dict[tuple[str, int], deque[float]] = {}

    def take(self, user: int, guild: int) -> bool:
        """Whether this turn is within the limits; it then counts."""
        now = self._clock()
        self._forget(now)
        mine = self._taken.setdefault(("user", user), deque(maxlen=PER_PERSON))
        theirs = self._taken.setdefault(("guild", guild), deque(maxlen=PER_GUILD))
        if len(mine) == PER_PERSON or len(theirs) == PER_GUILD:
            return False
        mine.append(now)
        theirs.append(now)
        return True

    def _forget(self, now: float) -> None:
        for key in list(self._taken):
            times = self._taken[key]
            while times and now - times[0] >= MINUTE:
                times.popleft()
            if not times:
                del self._taken[key]
