"""The ears of a room: everybody has ears of their own, and there is one floor.

Each person has a seat: a listener, a place in the recogniser's queue, and the line they are
saying. To the rules the room is one speaker, who is voiced while anybody is, and pauses when
nobody is any more; a turn of theirs is the lines of all, in the order in which they began. So one
turn engine serves one person and ten (`docs/decisions/0016-a-room-is-one-conversation.md`).

Fair: a seat has one request at most, the newest; the arbiter of the cores takes final ones before
looks ahead, and otherwise in the order in which they came.
"""

from __future__ import annotations

import asyncio
import functools
import math
from collections.abc import Callable, Iterator

from mia.conversation.company import Company
from mia.conversation.ears import Ears, Told
from mia.conversation.listening import Listener
from mia.conversation.moves import Event, Lull, Silent, Voiced
from mia.conversation.ports import (
    Samples,
    Transcript,
)
from mia.conversation.seats import Entry, Seat, in_order
from mia.conversation.speakers import Line, Speaker, labelled
from mia.conversation.tuning import Tuning

#: With this many people speaking at once nothing is transcribed ahead of its end.
CROWDED = 3
#: A line this long, in seconds, ends at the next pause, whether it is understood by then or not:
#: where the recogniser cannot keep up, lines that grew on would take it ever longer.
LONG = 8.0


class RoomEars:
    """What `Ears` are for one speaker, for a room. Same calls, but `hear` says who."""

    def __init__(
        self,
        make: Callable[[Told], Ears],
        told: Told,
        tuning: Tuning,
        company: Company,
        *,
        takes_floor: Callable[[Speaker], None],
        overheard: Callable[[tuple[Line, ...]], None],
    ) -> None:
        """make: the ears for one speaker. takes_floor: told of whoever speaks now.
        overheard: told of lines that are no part of any turn."""
        self.lines: tuple[Line, ...] = ()
        """What the newest understood guess is made of."""
        self.judging = False
        self.language = "es"
        self.heard_language = "es"
        self.stt_seconds: float | None = None
        self._make = make
        self._told = told
        self._company = company
        self._takes_floor = takes_floor
        self._overheard = overheard
        self._seats: dict[str, Seat] = {}
        self._closed: list[Entry] = []
        """Lines that are complete; somebody else spoke after them."""
        self._newest: Seat | None = None
        """Who began to speak last."""
        self._latest: Seat | None = None
        """Who fell silent last."""
        self._floor = False
        """Whether the rules were told that somebody is voiced."""
        self._over_others = False
        """Somebody is being answered although others talk on; until she is heard, their voice
        does not take that back."""
        self._revision: int | None = None
        """The room's newest guess, until it is understood."""
        self._judged_revision: int | None = None
        self._inner = 0
        """Guesses of one seat alone count downwards."""
        self._group: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                for seat in self._seats.values():
                    seat.task = group.create_task(seat.ears.run())
                await asyncio.get_running_loop().create_future()
        finally:
            self._group = None

    def set_language(self, language: str) -> None:
        self.language = language
        self.heard_language = "es" if language == "auto" else language
        for seat in self._seats.values():
            seat.ears.set_language(language)

    @property
    def listener(self) -> Listener:
        """Of whoever fell silent or began last."""
        seat = self._newest or self._latest
        assert seat is not None
        return seat.ears.listener

    # ── people ───────────────────────────────────────────────────────────────────────────────

    def _seat(self, speaker: Speaker) -> Seat:
        seat = self._seats.get(speaker.id)
        if seat is None:
            seat = self._seats[speaker.id] = Seat(speaker)
            seat.ears = self._make(
                Told(
                    functools.partial(self._understood, seat),
                    functools.partial(self._judged, seat),
                    self._told.trouble,
                )
            )
            seat.ears.set_language(self.language)
            if self._group is not None:
                seat.task = self._group.create_task(seat.ears.run())
        seat.speaker = speaker
        return seat

    def leave(self, speaker: str) -> Iterator[Event]:
        """This person is gone: a voice in its middle has ended."""
        seat = self._seats.get(speaker)
        if seat is None:
            return
        seat.ears.listener.close()
        if seat.voiced:
            yield from self._silent(seat, Silent(asyncio.get_running_loop().time()))
        if seat.entry is None and seat.guess is None:
            del self._seats[speaker]
            if seat.task is not None:
                seat.task.cancel()

    # ── sound ────────────────────────────────────────────────────────────────────────────────

    def hear(self, speaker: Speaker, samples: Samples) -> Iterator[Event]:
        """Sound of one person, whose last sample was said just now."""
        seat = self._seat(speaker)
        for event in seat.ears.hear(samples):
            if isinstance(event, Voiced):
                yield from self._voiced(seat, event)
            elif isinstance(event, Silent):
                yield from self._silent(seat, event)
            elif isinstance(event, Lull) and seat is self._newest and seat.counted:
                yield event
        yield from self._overdue()

    def _overdue(self) -> Iterator[Event]:
        """Who spoke to her has waited long enough for the others to finish; what was said to
        others waits for nothing: in a crowd there may be no gap for minutes."""
        if not self._floor or self._company.speaking:
            return
        since = asyncio.get_running_loop().time() - self._company.patience
        late = [entry for entry in self._entries() if entry.waiting_since(since)]
        for entry in late:
            if self._company.meant(entry.text, (Line(entry.speaker, entry.text),)):
                self._floor, self._over_others = False, True
                self._latest = self._seat(entry.speaker)
                yield Silent(entry.ended)
                return
        seats = self._seats.values()
        growing = [seat.entry for seat in seats if seat.voiced or seat.guess is not None]
        passed = [entry for entry in late if entry not in growing]
        self._closed = [entry for entry in self._closed if entry not in passed]
        for seat in seats:
            if seat.entry in passed:
                self._clear(seat)
        self._hand_over(passed)

    def _voiced(self, seat: Seat, event: Voiced) -> Iterator[Event]:
        company = self._company
        if company.speaking:
            self._over_others = False
            seat.counted = company.may_interrupt(seat.speaker)
        else:
            seat.counted = not self._over_others
        if seat.entry is None:
            seat.entry = Entry(seat.speaker, event.onset)
        elif not seat.entry.answered:
            seat.entry.ended = math.inf
            self._go_on(seat, seat.entry, event.onset)
        seat.voiced = seat.unasked = True
        seat.onset = event.onset
        self._newest = seat
        if seat.counted:
            self._takes_floor(seat.speaker)
            if not self._floor:
                self._floor = True
                yield event

    def _go_on(self, seat: Seat, entry: Entry, onset: float) -> None:
        """The same person speaks on: in the same line, or in a new one if others spoke since or
        the line is long."""
        others, asked = self._newest is not seat, seat.guess is not None
        long = seat.ears.listener.seconds > LONG
        over = seat.closing is None and (others or long) if asked else others and entry.text
        if over:
            entry.ended = seat.last_voiced
            if asked:
                seat.closing, entry.settled = entry, seat.ears.settled
            self._closed.append(entry)
            seat.ears.begin(fresh=True)
            seat.entry = Entry(seat.speaker, onset)
        else:
            seat.ears.go_on(onset - seat.last_voiced, entry.text)

    def _silent(self, seat: Seat, event: Silent) -> Iterator[Event]:
        seat.voiced = False
        seat.last_voiced = event.last_voiced
        if seat.entry is not None:
            seat.entry.ended = event.last_voiced
        if not seat.counted and not self._company.speaking and not self._over_others:
            seat.counted = True
            if not self._floor:
                self._floor = True
                yield Voiced(seat.onset)
        others = any(other.voiced and other.counted for other in self._seats.values())
        if seat.counted and self._floor and not others:
            self._floor = False
            self._latest = seat
            yield Silent(event.last_voiced)
        if seat.unasked:
            self._ask(seat, None)

    def begin(self, *, fresh: bool) -> None:
        """A new turn. What was answered is no part of it, what was not is."""
        self._let_go()

    def end(self) -> None:
        """The turn is over; what nobody answered yet stays for the next one."""
        self._let_go()

    def _let_go(self) -> None:
        self._over_others = False
        self._closed = [entry for entry in self._closed if not entry.answered]
        for seat in self._seats.values():
            if seat.entry is not None and seat.entry.answered:
                self._clear(seat)

    def _clear(self, seat: Seat) -> None:
        if seat.voiced:
            seat.ears.begin(fresh=True)
            seat.entry = Entry(seat.speaker, seat.onset)
        else:
            seat.ears.end()
            seat.entry = None
        seat.unasked = seat.voiced

    def let_pass(self) -> None:
        """The turn was for nobody here: its lines are only overheard."""
        self._over_others = False
        passed = [entry for entry in self._closed if not entry.answered]
        self._closed.clear()
        for seat in self._seats.values():
            if seat.entry is not None and not seat.voiced:
                if seat.guess is None:
                    passed.append(seat.entry)
                self._clear(seat)
        self._hand_over(passed)

    def _hand_over(self, entries: list[Entry]) -> None:
        lines = in_order(entries)
        if lines:
            self._overheard(lines)

    def forget(self) -> None:
        """What was being said is to be forgotten."""
        self._closed.clear()
        self._floor = self._over_others = False
        self._revision = None
        for seat in self._seats.values():
            seat.ears.forget()
            seat.entry, seat.closing, seat.guess = None, None, None
            seat.voiced = seat.unasked = False

    @property
    def waiting(self) -> float | None:
        """When the last of those fell silent whose lines nobody answered; None: there are none,
        or somebody is speaking."""
        seats = self._seats.values()
        if any(seat.voiced for seat in seats):
            return None
        open_ = [s.last_voiced for s in seats if s.entry is not None and not s.entry.answered]
        return max(open_, default=None)

    # ── words ────────────────────────────────────────────────────────────────────────────────

    def peek(self) -> None:
        """See what was said so far."""
        voiced = sum(seat.voiced for seat in self._seats.values())
        if self._newest is not None and voiced < CROWDED:
            self._newest.ears.peek()

    def guess(self, revision: int) -> None:
        """Find out what was said up to this pause of everybody's, and whether it was all."""
        self._revision = revision
        self._judged_revision = None
        self.judging = False
        for seat in list(self._seats.values()):
            if seat.unasked and not seat.voiced:
                self._ask(seat, revision if seat is self._latest else None)
        if self._latest is not None and self._latest.guess == revision:
            self._judged_revision = revision
            self.judging = self._latest.ears.judging
        asyncio.get_running_loop().call_soon(self._settle)

    def _ask(self, seat: Seat, revision: int | None) -> None:
        if seat.closing is not None:
            return  # one after the other: it is asked when that line is understood
        if revision is None:
            self._inner -= 1
        seat.unasked = False
        seat.guess = self._inner if revision is None else revision
        seat.ears.guess(seat.guess, judge=revision is not None)

    def go_on(self, pause: float, text: str | None) -> None:
        """Each seat knows for itself when it goes on."""

    def hold(self, text: str) -> float:
        """Seconds of everybody's silence that end a turn with these words."""
        own, latest = 0.0, self._latest
        if latest is not None:
            own = latest.ears.hold(latest.entry.text if latest.entry is not None else "")
        return max(own, self._company.hold(self.lines))

    def take(self) -> None:
        """The newest understood lines are being answered."""
        for entry in self._entries():
            entry.answered = bool(entry.text)

    def take_back(self) -> None:
        """They are not, after all."""
        for entry in self._entries():
            entry.answered = False

    def _entries(self) -> list[Entry]:
        seats = self._seats.values()
        return [*self._closed, *(seat.entry for seat in seats if seat.entry is not None)]

    def _understood(self, seat: Seat, revision: int | None, text: str, said: Transcript) -> None:
        self.stt_seconds = seat.ears.stt_seconds
        self.heard_language = seat.ears.heard_language
        if revision is None:
            if seat is self._newest and seat.entry is not None and not seat.entry.answered:
                so_far = Entry(seat.speaker, seat.entry.begun, text=text)
                entries = [e for e in self._entries() if not e.answered and e is not seat.entry]
                self._told.understood(None, labelled(in_order([*entries, so_far])), said)
            return
        if revision != seat.guess:
            return
        seat.guess = None
        seat.said = said
        if seat.closing is not None:
            self._closed_line(seat, seat.closing, text)
            return
        if seat.entry is None:
            # Its turn was over before it was understood.
            if text:
                self._overheard((Line(seat.speaker, text),))
            return
        if not seat.entry.answered:
            seat.entry.text = text
        self._settle()

    def _closed_line(self, seat: Seat, entry: Entry, text: str) -> None:
        """The words of a line that was over before they were understood."""
        seat.closing = None
        entry.text = f"{entry.settled} {text}".strip()
        if entry not in self._closed:
            self._hand_over([entry])
        if seat.unasked and not seat.voiced:
            self._ask(seat, self._revision if seat is self._latest else None)
        self._settle()

    def _settle(self) -> None:
        """Tell what the room's newest guess was understood as, once all of it is."""
        if self._revision is None or any(
            seat.guess is not None and seat.entry is not None for seat in self._seats.values()
        ):
            return
        revision, self._revision = self._revision, None
        self.lines = in_order([entry for entry in self._entries() if not entry.answered])
        latest = self._latest.said if self._latest is not None else Transcript("", "")
        self._told.understood(revision, labelled(self.lines), latest)

    def _judged(self, seat: Seat, revision: int, completeness: float) -> None:
        if revision == self._judged_revision:
            self.judging = False
            self._told.judged(revision, completeness)
