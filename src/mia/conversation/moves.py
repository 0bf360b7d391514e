"""What the turn engine knows, what can happen to it, and what it can ask for.

Plain data for `turns.step`: the state, the events that go in, the effects that come out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mia.telemetry.events import Phase

Meaning = Literal["words", "nothing", "backchannel", "stop"]
Timer = Literal["hold", "prepare", "overlap", "insist", "verdict", "filler"]


@dataclass(frozen=True, slots=True)
class State:
    phase: Phase = "idle"
    turn: int = 0
    """The newest turn; counts through the conversation."""
    revision: int = 0
    """The newest guess; counts through the conversation, so a late result is known by it."""
    voiced: bool = False
    onset: float = 0.0
    """When the newest stretch of voice began."""
    last_voiced: float = 0.0
    text: str | None = None
    """What the newest revision was understood as; None until then, "" for no words."""
    completeness: float | None = None
    hold: float = 0.0
    """Seconds of silence the newest revision asks for, once its text is known."""
    head_start: float = 0.0
    """Seconds before the end of the hold from which on a reply is prepared."""
    meant: bool = True
    """Whether the words are for MIA."""
    due: bool = False
    """The hold is over, but the text is not there yet."""
    speculating: bool = False
    """A reply to the newest revision waits behind its gate."""
    ready: bool = False
    """… and has its first sound."""
    replying: int | None = None
    """The revision whose reply is (about to be) heard."""
    spoken: bool = True
    """Whether the newest turn was spoken (it can be reopened) or typed (it cannot)."""
    sounded: float = 0.0
    """When the reply became audible."""
    paused: bool = False
    """The reply's sound is held while somebody speaks over it."""
    endpointing: bool = True
    """False: silence never ends an utterance, the client does (push-to-talk)."""


# ── what happened ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Voiced:
    """Somebody began to speak, or went on; `onset` is the first voiced sample's time.

    words_heard: how many whole words of a running reply were heard by then."""

    onset: float
    words_heard: int = 0


@dataclass(frozen=True, slots=True)
class Stirred:
    """What may be somebody's first syllable: a frame of voice, too short to be sure of."""


@dataclass(frozen=True, slots=True)
class Settled:
    """… and it was nothing."""


@dataclass(frozen=True, slots=True)
class Lull:
    """The voice may be about to pause, or has gone on for long; heard up to `at`."""

    at: float


@dataclass(frozen=True, slots=True)
class Silent:
    """A gap; the last voiced sample was at `last_voiced`."""

    last_voiced: float


@dataclass(frozen=True, slots=True)
class Understood:
    """The recogniser's text for a revision, the hold that its form asks for (`endpointing.hold`),
    what it means as talk over MIA, how early a reply is worth preparing (`speculation.Boldness`),
    and whether it is for MIA at all (`attention`)."""

    revision: int
    text: str
    hold: float
    meaning: Meaning = "words"
    head_start: float = 1.0
    meant: bool = True


@dataclass(frozen=True, slots=True)
class Judged:
    """The turn detector's score for a revision; `hold` as it is with this known."""

    revision: int
    completeness: float
    hold: float


@dataclass(frozen=True, slots=True)
class Elapsed:
    timer: Timer


@dataclass(frozen=True, slots=True)
class Ready:
    """The reply to `revision` has its first sound, or will have none: it waits for its gate."""

    revision: int


@dataclass(frozen=True, slots=True)
class Sounding:
    """The reply to `revision` is audible now."""

    revision: int


@dataclass(frozen=True, slots=True)
class ReplyOver:
    """The reply to `revision` was played to its end, or failed."""

    revision: int


@dataclass(frozen=True, slots=True)
class Typed:
    """A typed message; `text` None asks for an answer to what is already there. instead: id of the
    message it has been in the history until now."""

    text: str | None
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """MIA is told to be quiet."""


@dataclass(frozen=True, slots=True)
class EndUtterance:
    """The client says that the user has finished."""


@dataclass(frozen=True, slots=True)
class Discard:
    """What the user is saying is to be forgotten (muted, or cleared by the client)."""


Event = (
    Voiced
    | Stirred
    | Settled
    | Lull
    | Silent
    | Understood
    | Judged
    | Elapsed
    | Ready
    | Sounding
    | ReplyOver
    | Typed
    | Stop
    | EndUtterance
    | Discard
)


# ── what to do ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Listen:
    """A new turn's utterance has begun: with the newest voice, or (not `fresh`) already with
    the first sound over MIA's."""

    turn: int
    fresh: bool = True


@dataclass(frozen=True, slots=True)
class Peek:
    """Transcribe the utterance so far, in case that this is its end."""


@dataclass(frozen=True, slots=True)
class Guess:
    """Transcribe the utterance so far, and judge its completeness."""

    revision: int


@dataclass(frozen=True, slots=True)
class GoOn:
    """The user goes on: the utterance grows; `revision` was not its end."""

    revision: int


@dataclass(frozen=True, slots=True)
class Prepare:
    """Begin the reply to this revision, its gate closed."""

    revision: int
    text: str


@dataclass(frozen=True, slots=True)
class Commit:
    """The turn is this; answer it: begin the reply if there is none yet, and open its gate."""

    turn: int
    revision: int
    text: str | None
    spoken: bool
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Drop:
    """Forget the reply to a revision; nobody heard of it."""

    revision: int


@dataclass(frozen=True, slots=True)
class Reopen:
    """Take the committed turn back: drop its reply, merge what is said now into it."""

    revision: int


@dataclass(frozen=True, slots=True)
class Fill:
    """The reply to this revision is late: say something short meanwhile."""

    revision: int


@dataclass(frozen=True, slots=True)
class Lower:
    """Be softer for the moment, until it is known whether somebody speaks."""


@dataclass(frozen=True, slots=True)
class Raise:
    """As loud as before: nobody did."""


@dataclass(frozen=True, slots=True)
class Duck:
    """Somebody speaks over MIA: be softer, and find out what they say."""


@dataclass(frozen=True, slots=True)
class Pause:
    pass


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on, from the start of the word that was cut, at full volume."""


@dataclass(frozen=True, slots=True)
class End:
    """End the running reply: `interrupted` by a voice or message, or `cancelled` by a command."""

    revision: int
    how: Literal["interrupted", "cancelled"]


@dataclass(frozen=True, slots=True)
class Abandon:
    """The utterance comes to nothing."""

    turn: int
    reason: str


@dataclass(frozen=True, slots=True)
class Wake:
    """Report `Elapsed(timer)` at `at`; replaces an earlier one of that name."""

    timer: Timer
    at: float


@dataclass(frozen=True, slots=True)
class Forget:
    timer: Timer


Effect = (
    Listen
    | Peek
    | Guess
    | GoOn
    | Prepare
    | Commit
    | Drop
    | Reopen
    | Fill
    | Lower
    | Raise
    | Duck
    | Pause
    | Resume
    | End
    | Abandon
    | Wake
    | Forget
)
