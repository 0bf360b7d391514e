"""The realtime channel: clients on a socket that speak the OpenAI Realtime protocol.

`Hub` gives every client its conversation; `RealtimeSession` translates between the protocol
(`docs/protocol.md`) and that conversation. `client_events` and `server_events` hold the shapes,
`requests` what a client event does, `translator` and `replies` what a client is told, `pcm` the
sound, `stage` the one conversation that several pages share. No web server is known here.
"""

from mia.channels.realtime.hub import Greeting, Hub
from mia.channels.realtime.session import RealtimeSession
from mia.channels.realtime.stage import Stage
from mia.channels.realtime.talk import Disconnected, Socket, Talk, TalkItem

__all__ = [
    "Disconnected",
    "Greeting",
    "Hub",
    "RealtimeSession",
    "Socket",
    "Stage",
    "Talk",
    "TalkItem",
]
