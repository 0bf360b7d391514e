"""`mia models`: see, fetch, check and remove models; and `ensure`, for the commands that need some.

Sizes and licences are shown before anything is downloaded.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from mia import models as catalogue
from mia.errors import MiaError
from mia.home import Home
from mia.models import Model, ModelStore
from mia.models import Progress as Step
from mia.models.workshop import megabytes
from mia.strings import translate

_STATE_STYLES = {"ready": "green", "missing": "dim", "damaged": "bold red"}


def ensure(ids: Iterable[str], store: ModelStore, console: Console, *, ask: bool = True) -> None:
    """Make these models ready, showing names, sizes and licences before any download.

    ask: whether to ask for consent where there is somebody to answer; without a terminal it just
    goes on. Raises ModelUnavailable, and click.Abort if the user says no.
    """
    lacking = [store.model(i) for i in dict.fromkeys(ids) if store.state(i) != "ready"]
    if not lacking:
        return
    for model in lacking:
        if store.state(model.id) == "damaged":
            console.print(translate("cli.models.rebuilding", id=model.id), style="yellow")
    size = store.needed(model.id for model in lacking)
    if size:
        console.print(translate("cli.models.plan", size=megabytes(size), folder=store.folder))
        console.print(_table(lacking, store, console, plan=True))
        someone = console.is_terminal and sys.stdin.isatty()
        if ask and someone and not click.confirm(translate("cli.models.confirm"), default=True):
            raise click.Abort
    with _Bars(console) as bars:
        for model in lacking:
            store.install(model.id, bars.step)


@click.group(help=translate("cli.models.help"))
def models() -> None:
    pass


@models.command("list", help=translate("cli.models.list.help"))
@click.option("--licences", is_flag=True, help=translate("cli.models.list.licences"))
def list_models(licences: bool) -> None:
    console, store = Console(), ModelStore(Home.find())
    known = store.catalogue.values()
    for title, chosen in (
        ("cli.models.embedded", [model for model in known if model.embedded]),
        ("cli.models.offers", [model for model in known if not model.embedded]),
    ):
        console.print(f"[bold]{translate(title)}[/]")
        console.print(_table(chosen, store, console))
        if licences:
            _print_evidence(chosen, console)


@models.command(help=translate("cli.models.pull.help"))
@click.argument("ids", nargs=-1)
@click.option("--language", metavar="es|en", help=translate("cli.models.pull.language"))
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help=translate("cli.models.pull.from"),
)
@click.option("--yes", is_flag=True, help=translate("cli.models.pull.yes"))
def pull(ids: tuple[str, ...], language: str | None, source: Path | None, yes: bool) -> None:
    console, store = Console(), ModelStore(Home.find(), source=source)
    try:
        chosen = [i for i in ids or catalogue.embedded() if _speaks(store.model(i), language)]
        ensure(chosen, store, console, ask=not yes)
    except MiaError as error:
        raise click.ClickException(str(error)) from error
    console.print(translate("cli.models.all_ready", folder=store.folder), style="green")


@models.command(help=translate("cli.models.verify.help"))
@click.argument("ids", nargs=-1)
def verify(ids: tuple[str, ...]) -> None:
    console, store = Console(), ModelStore(Home.find())
    bad = False
    try:
        chosen = ids or [i for i in store.catalogue if store.state(i) != "missing"]
        if not chosen:
            console.print(translate("cli.models.none"))
        with _Bars(console) as bars:
            for model_id in chosen:
                faults = store.verify(model_id, bars.step)
                bad |= bool(faults)
                console.print(
                    translate(
                        "cli.models.bad" if faults else "cli.models.good",
                        id=model_id,
                        files=", ".join(faults),
                    ),
                    style="red" if faults else "green",
                )
    except MiaError as error:
        raise click.ClickException(str(error)) from error
    if bad:
        raise click.exceptions.Exit(1)


@models.command(help=translate("cli.models.remove.help"))
@click.argument("ids", nargs=-1, required=True)
def remove(ids: tuple[str, ...]) -> None:
    console, store = Console(), ModelStore(Home.find())
    try:
        for model_id in ids:
            size = store.remove(model_id)
            key = "cli.models.removed" if size else "cli.models.not_there"
            console.print(translate(key, id=model_id, size=megabytes(size)))
    except MiaError as error:
        raise click.ClickException(str(error)) from error


def _speaks(model: Model, language: str | None) -> bool:
    return language is None or model.speaks(language)


def _table(
    chosen: Sequence[Model], store: ModelStore, console: Console, *, plan: bool = False
) -> Table:
    """The models as a table; as a `plan` with the bytes to download instead of state and size."""
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    columns = ["id", "kind", "languages", "size", "licence"]
    # On a narrow screen the machine is what can be done without.
    suits = console.width >= 100 and not plan
    columns += ["suits"] if suits else []
    columns += [] if plan else ["state"]
    for column in columns:
        table.add_column(
            translate(f"cli.models.column.{column}"),
            justify="right" if column == "size" else "left",
            no_wrap=column in ("id", "size"),
            overflow="fold",
        )
    for model in chosen:
        state = store.state(model.id)
        size = store.needed((model.id,)) if plan else model.size
        row = [
            model.id,
            translate(f"cli.models.kind.{model.kind}"),
            ", ".join(model.languages) or translate("cli.models.any_language"),
            megabytes(size),
            _licence(model),
        ]
        row += [translate(f"cli.models.suits.{model.suits}")] if suits else []
        style = _STATE_STYLES[state]
        row += [] if plan else [f"[{style}]{translate(f'cli.models.state.{state}')}[/]"]
        table.add_row(*row)
    return table


def _licence(model: Model) -> str:
    if model.monetised is False:
        return f"{model.licence_name}; [yellow]{translate('cli.models.not_monetised')}[/]"
    return model.licence_name


def _print_evidence(chosen: Iterable[Model], console: Console) -> None:
    for model in chosen:
        console.print(f"[bold]{model.id}[/]")
        for grant in model.licence:
            line = f"  {translate(f'cli.models.of.{grant.of}')}: {grant.name}"
            flag = f" ({translate('cli.models.not_monetised')})" if grant.monetised is False else ""
            console.print(f"{line}{flag}\n    {grant.evidence}", soft_wrap=True, highlight=False)


class _Bars:
    """One bar for each stage of each model, made when the stage begins."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=console,
        )
        self._tasks: dict[tuple[str, str], TaskID] = {}

    def __enter__(self) -> _Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def step(self, step: Step) -> None:
        if not step.total and step.stage != "wait":
            return
        key = (step.model, step.stage)
        if key not in self._tasks:
            text = f"{step.model}: {translate(f'cli.models.stage.{step.stage}')}"
            self._tasks[key] = self._progress.add_task(text, total=step.total or None)
        self._progress.update(self._tasks[key], completed=step.done)
