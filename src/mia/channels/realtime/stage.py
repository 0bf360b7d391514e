"""The stage as seen by several sessions: who speaks, who looks on, and what all are told."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol

from mia.channels.realtime import server_events as shapes
from mia.channels.realtime.following import Following
from mia.channels.realtime.loudspeaker import Room
from mia.channels.realtime.talk import InCall, SessionRole, Talk
from mia.conversation.ports import Loudspeaker, Role
from mia.telemetry.events import (
    Event,
    EventBus,
    ModeChanged,
    Notice,
    Phase,
    PhaseChanged,
    RecordingChanged,
)

_NOTICES = 32


class Notices:
    """The newest notices of the process, each once; pages that come later show them too."""

    def __init__(self, bus: EventBus) -> None:
        self._rows: OrderedDict[str, tuple[str, dict[str, Any]]] = OrderedDict()
        self.close = bus.listen(self._tell)

    def _tell(self, event: Event) -> None:
        if not isinstance(event, Notice):
            return
        row = shapes.notice_row(event)
        key = f"{event.conversation}\n{event.code}\n{sorted(row['parameters'].items())!r}"
        self._rows.pop(key, None)
        self._rows[key] = (event.conversation, row)
        while len(self._rows) > _NOTICES:
            self._rows.popitem(last=False)

    def forget(self) -> None:
        """Drop those that quote what was said."""
        for key in [key for key, (_, row) in self._rows.items() if "text" in row["parameters"]]:
            del self._rows[key]

    def of(self, conversation: str) -> list[dict[str, Any]]:
        """Those of one conversation and those of the whole process, oldest first."""
        return [row for whose, row in self._rows.values() if whose in ("", conversation)]


class StageSession(Protocol):
    """What the stage needs of a session."""

    def become(self, role: SessionRole) -> None: ...
    def tell_state(self) -> None: ...
    def tell_item(self, id_: str, role: str, text: str) -> None: ...
    def tell_deleted(self, id_: str) -> None: ...
    def tell_playhead(self, event: dict[str, Any]) -> None: ...


class Stage:
    """The one conversation that drives the avatar, shared by our pages.

    Only one session at a time speaks and is heard: the newest; the one before looks on. Some of
    those who look on may listen: an overlay whose sound OBS records.

    sounds_here: this machine's own loudspeaker plays her while no page speaks; it is left alone.
    recording: whose sound is kept of a conversation.
    face: what her persona is shown as; told with the state, for pages change at once.
    """

    def __init__(
        self,
        talk: Talk,
        notices: Notices,
        *,
        sounds_here: bool = False,
        recording: Callable[[str], str] = lambda _conversation: "none",
        face: Callable[[], dict[str, Any]] = dict,
    ) -> None:
        self.talk = talk
        self._face = face
        self._recording = recording
        self.following = Following(talk, self._tell_playhead)
        self._sounds_here = sounds_here
        self._own: Loudspeaker | None = None
        self._listeners: list[Loudspeaker] = []
        self._room: Room | None = None
        self._notices = notices
        self._phase: Phase = talk.phase
        self._sessions: list[StageSession] = []
        self._speaker: StageSession | None = None
        self._unlisten: Callable[[], None] = talk.bus.listen(self._tell)

    @property
    def sessions(self) -> int:
        return len(self._sessions)

    def state(self) -> dict[str, Any]:
        """`mia.state` without a session's own role."""
        return {
            "phase": self._phase,
            "muted": self.talk.muted,
            "paused": self.talk.paused,
            "panic": self.talk.panic,
            "mode": self.talk.mode,
            "language": self.talk.language,
            "persona": self.talk.persona,
            "recording": self._recording(self.talk.id),
            "face": self._face(),
            "call": self.talk.call if isinstance(self.talk, InCall) else "",
            "busy": self._phase in ("committed", "speaking", "ducked"),
            "notices": self._notices.of(self.talk.id),
        }

    def join(self, session: StageSession, role: SessionRole) -> None:
        self._sessions.append(session)
        if role == "speaker":
            self.take(session)

    def take(self, session: StageSession) -> None:
        """This session speaks from now on; the one before is told that it looks on."""
        before, self._speaker = self._speaker, session
        if before is session:
            return
        self.talk.release()
        session.become("speaker")
        if before is not None:
            before.become("observer")
            before.tell_state()

    def yield_(self, session: StageSession) -> None:
        """This session only looks on from now on."""
        if self._speaker is session:
            self._speaker = None
            self.talk.release()
            session.become("observer")

    def leave(self, session: StageSession) -> None:
        self.yield_(session)
        if session in self._sessions:
            self._sessions.remove(session)

    def sound_at(self, loudspeaker: Loudspeaker) -> None:
        """The speaker is at this loudspeaker from now on."""
        self._own = loudspeaker
        self._arrange()

    def silence_at(self, loudspeaker: Loudspeaker) -> None:
        """Whoever is at this loudspeaker speaks no more."""
        if self._own is loudspeaker:
            self._own = None
            self._arrange()

    def listen(self, loudspeaker: Loudspeaker) -> Callable[[], None]:
        """Let somebody who does not speak hear her as well; returns the way out."""
        self._listeners.append(loudspeaker)
        self._arrange()

        def leave() -> None:
            self._listeners.remove(loudspeaker)
            self._arrange()

        return leave

    def _arrange(self) -> None:
        """Sound goes to the speaker's loudspeaker and to every listener's. Without a speaker the
        listeners are all there is, unless this machine plays her itself."""
        before, places = self._room, [self._own] if self._own else []
        if places or not self._sounds_here:
            places += self._listeners
        room = Room()
        room.places = tuple(places)
        if before is not None and places and before.places[:1] == room.places[:1]:
            before.places = room.places  # only a listener came or went: nobody is hushed for that
            return
        self._room = room if places else None
        if places:
            self.talk.attach(room)
        elif before is not None:
            self.talk.detach(before)

    def mute(self, muted: bool) -> None:
        """Deaf to the microphone, or no longer; every session is told by `ModeChanged`."""
        self.talk.mute(muted)

    def set_language(self, language: str) -> None:
        self.talk.set_language(language)
        self.tell_all()

    def add_message(self, role: Role, text: str) -> str:
        """Put a message into the history and tell every session of it; returns its id."""
        id_ = self.talk.add_message(role, text)
        for session in tuple(self._sessions):
            session.tell_item(id_, role, text)
        return id_

    def remove_message(self, item_id: str) -> bool:
        """Take a message out of the history and tell every session; whether there was one."""
        removed = self.talk.remove_message(item_id)
        for session in tuple(self._sessions):
            session.tell_deleted(item_id)
        return removed

    def again(self) -> bool:
        """Say the newest reply once more and tell every session; whether there was one."""
        before = self.talk.again()
        if before is not None:
            for session in tuple(self._sessions):
                session.tell_deleted(before)
        return before is not None

    def tell_all(self) -> None:
        """Tell every session the state."""
        for session in tuple(self._sessions):
            session.tell_state()

    def close(self) -> None:
        self.following.close()
        self._unlisten()

    def _tell_playhead(self, event: dict[str, Any]) -> None:
        for session in tuple(self._sessions):
            session.tell_playhead(event)

    def _tell(self, event: Event) -> None:
        if event.conversation not in ("", self.talk.id):
            return
        if isinstance(event, PhaseChanged):
            self._phase = event.phase
            self.tell_all()
        elif isinstance(event, Notice | ModeChanged | RecordingChanged):
            self.tell_all()
