"""`mia`: the commands. Each lives in a module of its own in `mia.commands`."""

from __future__ import annotations

import importlib
import sys

import click

import mia
from mia.strings import translate

#: Command → the module it is in and its name there; a module is imported when its command is
#: used, so that `mia --help` is quick and a missing extra breaks only what needs it.
COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("mia.commands.run", "run"),
    "setup": ("mia.commands.setup", "setup"),
    "talk": ("mia.commands.talk", "talk"),
    "say": ("mia.commands.say", "say"),
    "avatar": ("mia.commands.avatar", "avatar"),
    "voices": ("mia.commands.voices", "voices"),
    "clone": ("mia.commands.clone", "clone"),
    "models": ("mia.commands.models", "models"),
    "memory": ("mia.commands.memory", "memory"),
    "config": ("mia.commands.config", "config"),
    "discord": ("mia.commands.discord", "discord"),
    "doctor": ("mia.commands.doctor", "doctor"),
    "osc-bridge": ("mia.commands.osc_bridge", "osc_bridge"),
    "devices": ("mia.commands.doctor", "devices"),
}


class Commands(click.Group):
    """Finds a command's module when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=Commands, help=translate("cli.help"))
@click.version_option(mia.__version__, "--version", "-V", prog_name="MIA")
def cli() -> None:
    pass


def main() -> None:
    """The `mia` command."""
    try:
        cli(prog_name="mia", standalone_mode=True)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
