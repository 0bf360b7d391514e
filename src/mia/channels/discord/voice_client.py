"""discord.py's voice connection, with ears.

discord.py sends voice and does the whole end-to-end handshake, but has no way to listen. Two
places of it are open to a subclass: the hook of its connection state, which sees every message of
the voice gateway, and its socket's listeners, which see every datagram.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Collection
from typing import Any

import davey
import discord
from discord.voice_state import ConnectionFlowState, VoiceConnectionState

from mia.channels.discord import opus
from mia.channels.discord.receiver import Frame, Receiver, key_of
from mia.channels.discord.rtp import SILENCE

SPEAKING = 5
CLIENT_DISCONNECT = 13
#: A silence frame goes out this often while MIA says nothing: who never sends is soon not sent
#: anything either (after about a minute, as others report).
KEEP_ALIVE_SECONDS = 10.0
#: Asked of the system for datagrams that nobody has read yet. What Linux gives by itself (0.2 MiB,
#: most of it for its own accounts) is full after 0.7 s of ten people who are not read; where
#: `net.core.rmem_max` is as it mostly is, it gives twice that and no more.
WAITING_BYTES = 1 << 20


class LastingConnection(VoiceConnectionState):
    """discord.py's connection state, mended where a broken connection left it deaf (2.7.1): its
    reader slept for half a minute on a socket that was closed under it, and a resumed session
    waited for a key that is not sent again. And it tells who was thrown out."""

    async def disconnect(self, **how: Any) -> None:
        self._wake_reader()
        await super().disconnect(**how)

    async def soft_disconnect(
        self, *, with_state: ConnectionFlowState = ConnectionFlowState.got_both_voice_updates
    ) -> None:
        self._wake_reader()
        await super().soft_disconnect(with_state=with_state)

    async def _connect(
        self, reconnect: bool, timeout: float, self_deaf: bool, self_mute: bool, resume: bool
    ) -> None:
        if resume:
            await self.disconnect(cleanup=False)
        await super()._connect(reconnect, timeout, self_deaf, self_mute, False)

    async def voice_state_update(self, data: Any) -> None:
        client = self.voice_client
        if data["channel_id"] is None and not self._expecting_disconnect:
            assert isinstance(client, HearingVoiceClient)
            client.thrown_out()
        await super().voice_state_update(data)

    def _create_socket(self) -> None:
        super()._create_socket()
        with contextlib.suppress(OSError):  # some systems refuse what they will not give in full
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WAITING_BYTES)

    def _wake_reader(self) -> None:
        """End the reader's wait for this socket, which is about to be closed."""
        if self.socket:
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_RDWR)


class HearingVoiceClient(discord.VoiceClient):
    """A voice connection that hears. Give it to `channel.connect(cls=…)`, then `listen`."""

    def __init__(self, client: discord.Client, channel: Any) -> None:
        self.receiver: Receiver | None = None
        self._last_known: dict[int, int] = {}
        """SSRC → user as Discord told it, also before anybody listened."""
        self._alive: asyncio.TimerHandle | None = None
        self.ended: Callable[[], None] = lambda: None
        """Called when the connection is over for good, whoever ended it."""
        self.thrown_out: Callable[[], None] = lambda: None
        """Called when somebody else ends the connection: she was not to be here."""
        super().__init__(client, channel)

    def create_connection_state(self) -> VoiceConnectionState:
        return LastingConnection(self, hook=self._on_voice_message)

    def listen(
        self,
        hear: Callable[[Frame], None],
        *,
        may_hear: Callable[[int], bool] = lambda _user: True,
        deaf: Callable[[str], None] = lambda _reason: None,
        healed: Callable[[], None] = lambda: None,
    ) -> Receiver:
        """Hear from now on; see `Receiver`. Ends with the connection, or `deafen`."""
        self.deafen()
        self.receiver = Receiver(
            _LiveCall(self), opus.SpeechDecoder, hear, may_hear=may_hear, deaf=deaf, healed=healed
        )
        for ssrc, user in self._last_known.items():
            self.receiver.speaking(user, ssrc)
        self._connection.add_socket_listener(self.receiver.datagram)
        self._keep_alive()
        return self.receiver

    def deafen(self) -> None:
        """Hear nothing any more."""
        if self.receiver is not None:
            self._connection.remove_socket_listener(self.receiver.datagram)
            self.receiver.close()
            self.receiver = None
        if self._alive is not None:
            self._alive.cancel()
            self._alive = None

    def cleanup(self) -> None:
        self.deafen()
        super().cleanup()
        self.ended()

    async def _on_voice_message(self, _socket: Any, message: dict[str, Any]) -> None:
        data = message.get("d") or {}
        if "user_id" not in data:
            return
        user = int(data["user_id"])
        if message["op"] == SPEAKING:
            ssrc = int(data["ssrc"])
            self._last_known[ssrc] = user
            if self.receiver is not None:
                self.receiver.speaking(user, ssrc)
        elif message["op"] == CLIENT_DISCONNECT:
            self._last_known = {s: u for s, u in self._last_known.items() if u != user}
            if self.receiver is not None:
                self.receiver.left(user)

    def _keep_alive(self) -> None:
        if self.is_connected() and not self.is_playing():
            self.send_audio_packet(SILENCE, encode=False)
        self._alive = self.loop.call_later(KEEP_ALIVE_SECONDS, self._keep_alive)


class _LiveCall:
    """The connection's newest key and session. A `Call`."""

    def __init__(self, client: HearingVoiceClient) -> None:
        self._client = client

    @property
    def key(self) -> bytes | None:
        return key_of(self._client._connection.secret_key)

    @property
    def encrypted(self) -> bool:
        return self._client._connection.dave_protocol_version > 0

    def decrypt(self, user: int, frame: bytes) -> bytes:
        session = self._client._connection.dave_session
        if session is None or not session.ready:
            raise ValueError("the end-to-end session is not ready")
        opened = session.decrypt(user, davey.MediaType.audio, frame)
        return bytes(opened)

    def people(self) -> Collection[int]:
        me = self._client.user.id
        return [user for user in self._client.channel.voice_states if user != me]
