"""`mia clone`: keep a recording as a voice of one's own, once its speaker has agreed."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from mia.commands.shared import or_say_why
from mia.home import Home
from mia.strings import translate
from mia.voice import reference


@click.command(help=translate("cli.clone.help"))
@click.argument("recording", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("name")
@click.option("--i-have-consent", "consent", is_flag=True, help=translate("cli.clone.consent"))
def clone(recording: Path, name: str, consent: bool) -> None:
    console = Console(stderr=True)

    def work() -> None:
        found = reference.read(recording)
        console.print(
            translate(
                "cli.clone.heard",
                seconds=f"{found.speech_seconds:.0f}",
                level=f"{found.level_db:.0f}",
                snr=f"{found.snr_db:.0f}",
            ),
            highlight=False,
        )
        if not found.good:
            seconds = f"{reference.GOOD_SECONDS:g}"
            console.print(translate("cli.clone.short", seconds=seconds), style="yellow")
        console.print(translate("cli.clone.licence"), style="yellow")
        if not consent and not click.confirm(translate("cli.clone.ask", name=name), default=False):
            raise click.ClickException(translate("cli.clone.refused"))
        try:
            kept = reference.keep(recording, name, Home.find().voices)
        except OSError as error:
            reason = error.strerror or str(error)
            raise click.ClickException(
                translate("cli.cannot_write", path=Home.find().voices, reason=reason)
            ) from error
        console.print(translate("cli.clone.kept", path=kept, name=name), highlight=False)

    or_say_why(work)
