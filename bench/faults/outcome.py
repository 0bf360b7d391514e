"""What came of a fault."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """survived: she answered afterwards, and nothing that was acknowledged is gone."""

    part: str
    fault: str
    survived: bool
    seen: tuple[str, ...]
    """Codes of the notices, in order: what a page shows."""
    kept: str
    seconds: float | None
    """From the fault to the next sound of an answer; None: there was none."""
    clock: str = "virtual"

    def row(self) -> str:
        """A line of a table in Markdown."""
        shown = ", ".join(f"`{code}`" for code in self.seen) or "nothing"
        again = "never" if self.seconds is None else f"{self.seconds:.1f}"
        survived = "yes" if self.survived else "**no**"
        return f"| {self.part} | {self.fault} | {survived} | {shown} | {self.kept} | {again} |"


HEAD = (
    "| part | fault | survived | she says | kept | s to speech again |\n|---|---|---|---|---|---|"
)
