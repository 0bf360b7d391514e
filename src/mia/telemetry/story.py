"""Everything about one turn as a text for a bug report, without secrets."""

from __future__ import annotations

from collections.abc import Mapping

from mia.telemetry.journal import Filter, Journal
from mia.telemetry.turns import TurnReport


def story(turn: str, report: TurnReport | None, journal: Journal, about: Mapping[str, str]) -> str:
    """Markdown. about: version, system, backends and the like; report: None if it is not kept.

    The words that were said stay, since a report without them is rarely of use; the page says so.
    """
    rows = [f"- {name}: {value}" for name, value in about.items()]
    if report is not None:
        plain = report.as_dict()
        stages = plain.pop("stages")
        rows += [f"- {name}: {value}" for name, value in plain.items() if value not in ("", None)]
        rows += [f"- {name}: {value} ms" for name, value in stages.items()]
    lines = [line.as_text() for line in journal.after(0, Filter(turn=turn))]
    text = "\n".join([f"## MIA, turn {turn}", "", *rows, "", "```text", *lines, "```", ""])
    return journal.redact.for_report(text)
