"""A Discord of ours on loopback: REST, gateway, voice gateway v8 and UDP, with real encryption.

The unmodified discord.py connects to it. `Discord` is the whole of it, `Person` somebody in a call.
"""

from tests.support.discord.dave import LibdaveSession
from tests.support.discord.people import Person
from tests.support.discord.server import Discord

__all__ = ["Discord", "LibdaveSession", "Person"]
