"""The face in a terminal: what every output is being told, for people to look at."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from mia.avatar.frame import Face, Frame
from mia.avatar.output import AvatarOutput, OutputState
from mia.strings import translate
from mia.telemetry.events import Event, SegmentPlaced

#: Pictures a second; where the output goes to a file only changes are written.
RATE = 20.0
WIDTH = 24
#: Weight from which a look is counted as shown.
SHOWN = 0.5


class Screen:
    """Implements `AvatarOutput`."""

    def __init__(self, console: Console, outputs: Mapping[str, AvatarOutput]) -> None:
        self._console = console
        self._outputs = dict(outputs)
        self._clauses: dict[int, SegmentPlaced] = {}
        self._begun: float | None = None
        self._frames = 0
        self._looks: list[str] = []
        self._said = 0
        self._seconds = 0.0

    @property
    def state(self) -> OutputState:
        return OutputState("connected")

    def tell(self, event: Event) -> None:
        """Keep the clauses, for the line under the face."""
        if isinstance(event, SegmentPlaced):
            self._clauses[event.sequence] = event

    async def run(self, face: Face) -> None:
        names = ", ".join(self._outputs)
        where = translate("cli.avatar.demo.outputs", names=names) if names else ""
        self._console.print(where or translate("cli.avatar.demo.nowhere"), style="dim")
        if self._console.is_terminal:
            with Live(console=self._console, auto_refresh=False) as live:
                await self._watch(face, lambda frame: live.update(self._face(frame), refresh=True))
        else:
            await self._watch(face, lambda _frame: None)

    async def _watch(self, face: Face, shown: object) -> None:
        loop = asyncio.get_running_loop()
        begin = due = loop.time()
        assert callable(shown)
        while True:
            now = loop.time()
            frame = face.frame(now)
            self._frames += 1
            self._seconds = now - begin
            if frame.speaking and self._begun is None:
                self._begun = now
            self._count(frame)
            shown(frame)
            due = max(due + 1 / RATE, now)
            await asyncio.sleep(due - now)

    def _count(self, frame: Frame) -> None:
        for name, weight in frame.expressions.items():
            if weight > SHOWN and (not self._looks or self._looks[-1] != name):
                self._looks.append(name)
                if not self._console.is_terminal:
                    self._console.print(f"{self._seconds:6.2f} s  [{name}]", markup=False)
        self._speak(frame)

    def _speak(self, frame: Frame) -> None:
        """Where nothing can be drawn: each clause as it begins to be heard."""
        if self._console.is_terminal or self._begun is None:
            return
        heard = frame.at - self._begun
        for sequence in sorted(self._clauses)[self._said :]:
            if self._clauses[sequence].begin > heard:
                break
            self._said += 1
            if text := self._clauses[sequence].text:
                self._console.print(f"{self._seconds:6.2f} s  {text}", markup=False)

    def summary(self) -> None:
        """What was shown, and how each output is doing."""
        self._console.print(
            translate(
                "cli.avatar.demo.done",
                seconds=f"{self._seconds:.1f}",
                frames=self._frames,
                looks=len(self._looks),
            ),
            highlight=False,
        )
        for name, output in self._outputs.items():
            state = output.state
            status = translate(f"cli.avatar.demo.status.{state.status}")
            self._console.print(
                translate("cli.avatar.demo.state", name=name, status=status), highlight=False
            )
            if state.problem is not None:
                self._console.print(f"  {state.problem}", style="yellow", highlight=False)

    # ── the picture ──────────────────────────────────────────────────────────────────────────

    def _face(self, frame: Frame) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim")
        table.add_column(width=WIDTH)
        table.add_column()
        eyes = f"{_eye(frame.eye_open_right)} {_eye(frame.eye_open_left)}"
        gaze = f"{frame.gaze_x:+.2f} {frame.gaze_y:+.2f}"
        looks = "  ".join(f"{name} {weight:.0%}" for name, weight in frame.expressions.items())
        head = f"{frame.head_yaw:+5.1f}° {frame.head_pitch:+5.1f}° {frame.head_roll:+5.1f}°"
        table.add_row(translate("cli.avatar.demo.eyes"), Text(eyes, style="cyan"), gaze)
        table.add_row(
            translate("cli.avatar.demo.mouth"), _bar(frame.mouth_open, "magenta"), frame.viseme
        )
        table.add_row(translate("cli.avatar.demo.head"), Text(head), "")
        table.add_row(translate("cli.avatar.demo.look"), Text(looks, style="yellow"), "")
        return Group(table, self._words(frame))

    def _words(self, frame: Frame) -> Text:
        """The clause that is heard, its spoken part bright."""
        if self._begun is None:
            return Text("")
        heard = frame.at - self._begun
        placed = [c for c in self._clauses.values() if c.text and c.begin <= heard]
        if not placed:
            return Text("")
        clause = max(placed, key=lambda c: c.sequence)
        spoken = max((end for _, end, begin, _ in clause.words if begin <= heard), default=0)
        text = Text(clause.text, style="dim")
        text.stylize("not dim bold", 0, spoken)
        return text


def _bar(value: float, style: str) -> Text:
    full = round(value * WIDTH)
    text = Text("█" * full, style=style)
    text.append("░" * (WIDTH - full), style="dim")
    return text


def _eye(opened: float) -> str:
    return "◉" if opened > 0.66 else "◡" if opened > 0.33 else "─"
