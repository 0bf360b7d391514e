"""DAVE v1, the end-to-end encryption of Discord's voice channels, as its server and people do it.

The voice gateway never sees a key: it hands members' MLS messages round and proposes, as the
group's external sender, who is to be added or removed. People here are members with real sessions
of `davey`, or of `dave.py` (Discord's own libdave, so that two implementations agree).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

import davey

from tests.support.discord.mls import ExternalSender, split_commit, vector

VERSION = 1
#: An opus frame of silence; it is never encrypted end to end.
SILENCE = b"\xf8\xff\xfe"


class Session(Protocol):
    """One person's end of the encryption."""

    key_package: bytes

    def proposals(self, data: bytes, members: set[int]) -> bytes | None:
        """Take proposals; the commit (and welcome) this member would make of them."""
        ...

    def commit(self, data: bytes, members: set[int]) -> None: ...
    def welcome(self, data: bytes, members: set[int]) -> None: ...
    def encrypt(self, frame: bytes, ssrc: int) -> bytes: ...

    def decrypt(self, user: int, frame: bytes) -> bytes | None:
        """The opus frame, or None where it cannot be opened."""
        ...


class DaveySession:
    def __init__(self, user: int, channel: int, sender: ExternalSender) -> None:
        self.dave = davey.DaveSession(VERSION, user, channel)
        self.key_package = self.dave.get_serialized_key_package()
        self.dave.set_external_sender(sender.package)

    def proposals(self, data: bytes, members: set[int]) -> bytes | None:
        made = self.dave.process_proposals(davey.ProposalsOperationType.append, data)
        return made.commit + (made.welcome or b"") if made else None

    def commit(self, data: bytes, members: set[int]) -> None:
        self.dave.process_commit(data)

    def welcome(self, data: bytes, members: set[int]) -> None:
        self.dave.process_welcome(data)

    def encrypt(self, frame: bytes, ssrc: int) -> bytes:
        return bytes(self.dave.encrypt_opus(frame))

    def decrypt(self, user: int, frame: bytes) -> bytes | None:
        try:
            return bytes(self.dave.decrypt(user, davey.MediaType.audio, frame))
        except ValueError:
            return None


class LibdaveSession:
    def __init__(self, user: int, channel: int, sender: ExternalSender) -> None:
        import dave

        self._dave = dave
        self._user = user
        self._session = dave.Session()
        self._session.init(VERSION, channel, str(user))
        self._session.set_external_sender(sender.package)
        package = self._session.get_marshalled_key_package()
        assert package is not None
        self.key_package = package
        self._encryptor = dave.Encryptor()
        self._decryptors: dict[int, dave.Decryptor] = {}

    def proposals(self, data: bytes, members: set[int]) -> bytes | None:
        return self._session.process_proposals(b"\0" + data, _names(members))

    def commit(self, data: bytes, members: set[int]) -> None:
        done = self._session.process_commit(data)
        assert isinstance(done, dict), f"libdave refused a commit: {done}"
        self._turn_ratchets(members)

    def welcome(self, data: bytes, members: set[int]) -> None:
        done = self._session.process_welcome(data, _names(members))
        assert done is not None, "libdave refused a welcome"
        self._turn_ratchets(members)

    def _turn_ratchets(self, members: set[int]) -> None:
        self._encryptor.set_key_ratchet(self._session.get_key_ratchet(str(self._user)))
        for user in members - {self._user}:
            ratchet = self._session.get_key_ratchet(str(user))
            if ratchet is not None:
                made = self._decryptors.setdefault(user, self._dave.Decryptor())
                made.transition_to_key_ratchet(ratchet)

    def encrypt(self, frame: bytes, ssrc: int) -> bytes:
        self._encryptor.assign_ssrc_to_codec(ssrc, self._dave.Codec.opus)
        sealed = self._encryptor.encrypt(self._dave.MediaType.audio, ssrc, frame)
        assert sealed is not None, "libdave has no key to encrypt with"
        return sealed

    def decrypt(self, user: int, frame: bytes) -> bytes | None:
        found = self._decryptors.get(user)
        return found.decrypt(self._dave.MediaType.audio, frame) if found else None


def _names(members: set[int]) -> set[str]:
    return {str(user) for user in members}


class Gone(Exception):
    """The client left while the server waited for it."""


class Client(Protocol):
    """The member at the other end of a voice websocket: the bot."""

    user: int

    async def propose(self, proposals: bytes) -> None: ...
    async def announce(self, transition: int, commit: bytes) -> None: ...
    async def greet(self, transition: int, welcome: bytes) -> None: ...
    async def execute(self, transition: int) -> None: ...
    async def its_commit(self) -> bytes: ...

    async def ready(self, transition: int) -> bool:
        """Whether it took the change; False: it could not make sense of it. Raises Gone."""
        ...


class Group:
    """The MLS group of one call: who is in it, and the order in which that changes."""

    def __init__(self, channel: int) -> None:
        self.channel = channel
        self.sender = ExternalSender()
        self.epoch = 0
        self.transition = 0
        self.sessions: dict[int, Session] = {}
        """Of the people in this process."""
        self.client: Client | None = None
        self.unanswered = 0
        """Changes that the client never said it was ready for."""
        self.eager = False
        """Whether people speak with new keys as soon as they have them, as clients built on
        `davey` do, instead of waiting until everybody is ready (op 22)."""
        self._leaves: list[int | None] = []
        self._one_change_at_a_time = asyncio.Lock()

    @property
    def members(self) -> set[int]:
        return {user for user in self._leaves if user is not None}

    def next_transition(self) -> int:
        self.transition += 1
        return self.transition

    async def change(
        self, *, add: Mapping[int, bytes] | None = None, remove: Sequence[int] = ()
    ) -> None:
        """Add members (with their key packages) and remove others, in one commit."""
        async with self._one_change_at_a_time:
            await self._change(dict(add or {}), [user for user in remove if user in self.members])

    async def _change(self, add: dict[int, bytes], remove: list[int]) -> None:
        stay = self.members - set(remove)
        if not stay:
            self._leaves, self.epoch, remove = [], 0, []
            if not add:
                return
            founder = next((user for user in add if user in self.sessions), next(iter(add)))
            del add[founder]
            self._leaves, stay = [founder], {founder}
        if not add and not remove:
            return
        commit, welcome = await self._committed(add, remove, stay)
        self._plant(add, remove)
        members = self.members

        def apply() -> None:
            for user, session in self.sessions.items():
                if user in stay:
                    session.commit(commit, members)
                elif user in add and welcome is not None:
                    session.welcome(welcome, members)

        await self._tell_client(commit, welcome, stay, add, apply)

    async def _committed(
        self, add: Mapping[int, bytes], remove: Sequence[int], stay: set[int]
    ) -> tuple[bytes, bytes | None]:
        """What the first member made of the proposals; every other member knows them, too."""
        made = [
            self.sender.remove(self.channel, self.epoch, self._leaves.index(user))
            for user in remove
        ] + [self.sender.add(self.channel, self.epoch, package) for package in add.values()]
        proposals = vector(b"".join(made))
        if self.client is not None and self.client.user in stay:
            await self.client.propose(proposals)
        coming = self.members | set(add)
        commits = [
            session.proposals(proposals, coming)
            for user, session in self.sessions.items()
            if user in stay
        ]
        first = next((commit for commit in commits if commit), None)
        if first is None:
            assert self.client is not None, "nobody is there to commit"
            first = await self.client.its_commit()
        return split_commit(first)

    def _plant(self, add: Mapping[int, bytes], remove: Sequence[int]) -> None:
        """The leaves after the commit: removals blank one, additions take the leftmost blank."""
        for user in remove:
            self._leaves[self._leaves.index(user)] = None
        for user in add:
            if None in self._leaves:
                self._leaves[self._leaves.index(None)] = user
            else:
                self._leaves.append(user)
        while self._leaves and self._leaves[-1] is None:
            self._leaves.pop()
        self.epoch += 1

    async def _tell_client(
        self,
        commit: bytes,
        welcome: bytes | None,
        stay: set[int],
        add: Mapping[int, bytes],
        apply: Apply,
    ) -> None:
        client = self.client
        if client is None or client.user not in stay | set(add):
            apply()
            return
        transition = self.next_transition()
        try:
            if client.user in stay:
                await client.announce(transition, commit)
            elif welcome is not None:
                await client.greet(transition, welcome)
            if self.eager:
                apply()
            ready = await client.ready(transition)
        except (Gone, TimeoutError):
            # The call goes on without it, as Discord's does.
            self.unanswered += 1
            ready = False
        if not self.eager:
            apply()
        if ready:
            await client.execute(transition)


class Apply(Protocol):
    def __call__(self) -> None: ...
