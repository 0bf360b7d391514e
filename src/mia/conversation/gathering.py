"""What an engine does besides, where several people speak: it knows who is there, keeps what was
said in her hearing, and says whose lines a turn is made of."""

from __future__ import annotations

from collections.abc import Callable

from mia.conversation import overlap
from mia.conversation.answering import Tell
from mia.conversation.company import Company
from mia.conversation.ears import Ears, Told
from mia.conversation.history import History, Item
from mia.conversation.moves import Meaning
from mia.conversation.parts import Parts
from mia.conversation.room import RoomEars
from mia.conversation.speakers import Line, Speaker, labelled, plain
from mia.conversation.speculation import Effort
from mia.conversation.tuning import Tuning
from mia.telemetry import events as facts
from mia.telemetry.events import Phase


def ears_of(parts: Parts, effort: Effort, told: Told, tuning: Tuning) -> Ears:
    """The ears for one speaker."""
    return Ears(
        parts.stt,
        parts.turn_detector,
        parts.voice_detector,
        parts.cores,
        effort,
        told,
        tuning,
    )


class Gathering:
    """The company of one conversation, and its ears."""

    def __init__(
        self,
        conversation_id: str,
        company: Company,
        parts: Parts,
        history: History,
        tell: Tell,
        told: Told,
        effort: Effort,
        tuning: Tuning,
        takes_floor: Callable[[Speaker], None],
    ) -> None:
        self.ears = RoomEars(
            lambda told: ears_of(parts, effort, told, tuning),
            told,
            tuning,
            company,
            takes_floor=takes_floor,
            overheard=self._overheard,
        )
        self._id = conversation_id
        self._company = company
        self._history = history
        history.glue = "\n"
        self._tell = tell
        self._typed: tuple[Line, ...] = ()
        """Who typed the newest message."""
        self._kept = 0
        """How many times lines were overheard; their ids count on."""

    def goes_through(self, phase: Phase) -> None:
        """The conversation is in this phase now."""
        self._company.speaking = phase in ("speaking", "ducked")

    def types(self, line: Line) -> None:
        """The next typed message is this person's."""
        self._typed = (line,)

    def read(self, text: str, meaning: Meaning) -> tuple[bool, Meaning]:
        """Whether these words are for her, and what they mean over her voice: people who talk
        with each other want nothing of her."""
        meant = self._company.meant(text, self.ears.lines)
        return meant, meaning if meant or meaning == "nothing" else "backchannel"

    def answers(self, *, spoken: bool) -> tuple[Line, ...]:
        """She answers what was said (spoken) or typed; the lines of it."""
        lines = self.ears.lines if spoken else self._typed
        self._typed = ()  # the next message may come from a page, and be nobody's here
        self._company.answers(lines)
        self.ears.take()
        return lines

    def _overheard(self, lines: tuple[Line, ...]) -> None:
        """These lines are part of no turn of hers; it is kept that they were said."""
        lines = tuple(line for line in lines if overlap.meaning(line.text) == "words")
        if not lines:
            return
        self._kept += 1
        said = f"{self._id}-o{self._kept}"
        self._history.put(Item(said, "user", labelled(lines), lines=lines))
        self._tell(
            facts.Overheard,
            turn=said,
            text=labelled(lines),
            language=self.ears.heard_language,
            lines=plain(lines),
        )
