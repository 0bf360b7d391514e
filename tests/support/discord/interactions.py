"""What people do with the bot's commands: use them, type in them, press buttons of answers."""

from __future__ import annotations

from typing import Any

from tests.support.discord.bell import Bell
from tests.support.discord.gateway import Gateway
from tests.support.discord.people import Person
from tests.support.discord.rest import Rest
from tests.support.discord.world import Channel, Guild, Json, new_id

COMMAND, COMPONENT, TYPING = 2, 3, 4
BUTTON = 2


class Interactions:
    guild: Guild
    gateway: Gateway
    rest: Rest
    bell: Bell

    async def slash(
        self, person: Person, name: str, /, *, where: Channel | None = None, **options: Any
    ) -> str:
        """Somebody uses a command; returns the interaction's token, for `rest.answers`."""
        command = self._command(name)
        resolved: Json = {}
        filled = [self._option(command, key, value, resolved) for key, value in options.items()]
        data = {"id": command["id"], "name": name, "type": 1, "options": filled}
        data |= {key: command[key] for key in ("guild_id",) if key in command}
        data |= {"resolved": resolved} if resolved else {}
        return await self._interact(person, COMMAND, data, where)

    async def offered(self, person: Person, name: str, option: str, typed: str) -> list[Json]:
        """What Discord shows somebody who is typing in an option of a command."""
        command = self._command(name)
        known = next(o for o in command["options"] if o["name"] == option)
        assert known.get("autocomplete"), f"/{name} completes no {option}"
        typing = {"name": option, "type": known["type"], "value": typed, "focused": True}
        data = {"id": command["id"], "name": name, "type": 1, "options": [typing]}
        data |= {key: command[key] for key in ("guild_id",) if key in command}
        token = await self._interact(person, TYPING, data, None)
        choices: list[Json] = (await self.answered(token))[0]["data"]["choices"]
        return choices

    async def press(self, person: Person, token: str, label: str) -> str:
        """Somebody presses a button of the newest message that an interaction was answered with;
        returns the press's own token."""
        shown = self.rest.shown[token]
        buttons = [one for row in shown["components"] for one in row["components"]]
        button = next(one for one in buttons if one["label"] == label)
        data = {"custom_id": button["custom_id"], "component_type": BUTTON}
        return await self._interact(person, COMPONENT, data, None, message=shown)

    def _command(self, name: str) -> Json:
        command = next((c for c in self.rest.commands if c["name"] == name), None)
        assert command is not None, f"/{name} is not registered"
        return command

    async def _interact(
        self, person: Person, kind: int, data: Json, channel: Channel | None, **more: Any
    ) -> str:
        token = f"interaction-{new_id()}"
        where = channel or self.guild.text
        await self.gateway.dispatch(
            "INTERACTION_CREATE",
            {
                "id": str(new_id()),
                "application_id": str(self.guild.bot.id),
                "type": kind,
                "token": token,
                "version": 1,
                "guild_id": str(self.guild.id),
                "channel_id": str(where.id),
                "channel": where.payload(self.guild) | {"permissions": "0"},
                "guild": {"id": str(self.guild.id), "locale": "es-ES", "features": []},
                "member": person.user.member() | {"permissions": "0"},
                "data": data,
                "app_permissions": str(self.guild.permissions.value),
                "locale": "es-ES",
                "guild_locale": "es-ES",
                "entitlements": [],
                "authorizing_integration_owners": {"0": str(self.guild.id)},
                "context": 0,
                "attachment_size_limit": 10_485_760,
                **more,
            },
        )
        return token

    def _option(self, command: Json, name: str, value: Any, resolved: Json) -> Json:
        known = next(o for o in command["options"] if o["name"] == name)
        if isinstance(value, Person):
            user = value.user
            resolved.setdefault("users", {})[str(user.id)] = user.user()
            member = {k: v for k, v in user.member().items() if k != "user"}
            resolved.setdefault("members", {})[str(user.id)] = member | {"permissions": "0"}
            value = str(user.id)
        elif isinstance(value, Channel):
            shown = value.payload(self.guild) | {"permissions": "0"}
            resolved.setdefault("channels", {})[str(value.id)] = shown
            value = str(value.id)
        return {"name": name, "type": known["type"], "value": value}

    async def answered(self, token: str, count: int = 1) -> list[Json]:
        """Wait for so many answers to an interaction."""
        await self.bell.until(lambda: len(self.rest.answers.get(token, ())) >= count)
        return self.rest.answers[token]
