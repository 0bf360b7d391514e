"""The REST side (`/api/v10`): what MIA asks and posts, kept; refusals on demand."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.support.discord.bell import Bell
from tests.support.discord.gateway import Gateway
from tests.support.discord.world import Channel, Guild, Json, User, message, new_id

#: discord.py takes a 429 without it for a ban by the proxy in front of Discord.
HEADERS = {"Via": "1.1 loopback"}


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    """Behind `/api/v10`."""
    body: Any = None


class Refused(Exception):
    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


Handler = Callable[["Rest", Request, re.Match[str]], Awaitable[Any]]
ROUTES: list[tuple[str, re.Pattern[str], Handler]] = []


def route(method: str, pattern: str) -> Callable[[Handler], Handler]:
    def add(handler: Handler) -> Handler:
        ROUTES.append((method, re.compile(pattern), handler))
        return handler

    return add


class Rest:
    def __init__(self, guild: Guild, gateway: Gateway, tokens: set[str], bell: Bell) -> None:
        self.guild = guild
        self.tokens = tokens
        self.requests: list[Request] = []
        """Every request that was not turned away for its rate."""
        self.turned_away = 0
        self.commands: list[Json] = []
        """What was registered last, with ids."""
        self.messages: list[Json] = []
        """What the bot posted, newest last, edits applied."""
        self.answers: dict[str, list[Json]] = {}
        """By an interaction's token: its responses and follow-ups, as they were sent."""
        self.shown: dict[str, Json] = {}
        """By an interaction's token: the newest message it was answered with."""
        self.direct: dict[int, Channel] = {}
        self._gateway = gateway
        self._bell = bell
        self._too_many: list[tuple[re.Pattern[str], int, float]] = []

    def too_many(self, pattern: str, times: int = 1, retry_after: float = 0.05) -> None:
        """The next `times` requests to a path like this get 429."""
        self._too_many.append((re.compile(pattern), times, retry_after))

    def to(self, pattern: str) -> list[Request]:
        """The requests whose "METHOD path" is like this."""
        found = re.compile(pattern)
        return [r for r in self.requests if found.search(f"{r.method} {r.path}")]

    async def serve(self, request: web.Request) -> web.Response:
        path = re.sub(r"^/api/v\d+", "", request.path)
        asked = Request(request.method, path, await _body(request))
        if (wait := self._limit(asked)) is not None:
            self.turned_away += 1
            limited = {"message": "You are being rate limited.", "retry_after": wait}
            return _json(limited | {"global": False}, 429)
        self.requests.append(asked)
        try:
            self._authorise(request, path)
            answer = await self._answer(asked)
        except Refused as refusal:
            return _json({"code": refusal.code, "message": refusal.text}, refusal.status)
        finally:
            self._bell.ring()
        return web.Response(status=204, headers=HEADERS) if answer is None else _json(answer)

    def _limit(self, asked: Request) -> float | None:
        for number, (pattern, times, wait) in enumerate(self._too_many):
            if times and pattern.search(f"{asked.method} {asked.path}"):
                self._too_many[number] = (pattern, times - 1, wait)
                return wait
        return None

    def _authorise(self, request: web.Request, path: str) -> None:
        # Interactions carry a token of their own in the path.
        if path.startswith(("/interactions/", "/webhooks/")):
            return
        if request.headers.get("Authorization", "").removeprefix("Bot ") not in self.tokens:
            raise Refused(401, 0, "401: Unauthorized")

    async def _answer(self, asked: Request) -> Any:
        for method, pattern, handler in ROUTES:
            if method == asked.method and (found := pattern.fullmatch(asked.path)):
                return await handler(self, asked, found)
        return {}

    def channel(self, number: str) -> Channel:
        found = self.guild.channels.get(int(number)) or self.direct.get(int(number))
        if found is None:
            raise Refused(404, 10003, "Unknown Channel")
        return found

    def need(self, permission: str, channel: Channel) -> None:
        if channel.id in self.direct:
            return
        if not self.guild.may("view_channel", channel):
            raise Refused(403, 50001, "Missing Access")
        if not self.guild.may(permission, channel):
            raise Refused(403, 50013, "Missing Permissions")

    async def post(self, channel: Channel, body: Json) -> Json:
        where = None if channel.id in self.direct else self.guild
        made = message(self.guild.bot, channel, where, body.get("content") or "")
        made["allowed_mentions"] = body.get("allowed_mentions")
        made["message_reference"] = body.get("message_reference")
        self.messages.append(made)
        shown = {k: v for k, v in made.items() if v is not None}
        await self._gateway.dispatch("MESSAGE_CREATE", shown)
        return shown


async def _body(request: web.Request) -> Any:
    if request.content_type.startswith("multipart/"):
        form = await request.post()
        return json.loads(str(form.get("payload_json", "null")))
    raw = await request.read()
    return json.loads(raw) if raw else None


def _json(data: Any, status: int = 200) -> web.Response:
    # Exactly this content type: with a charset behind it discord.py takes the body for text.
    headers = HEADERS | {"Content-Type": "application/json"}
    return web.Response(body=json.dumps(data).encode(), status=status, headers=headers)


@route("GET", "/users/@me")
async def _me(rest: Rest, _asked: Request, _found: re.Match[str]) -> Json:
    return rest.guild.bot.user() | {"verified": True, "mfa_enabled": False}


@route("GET", "/oauth2/applications/@me|/applications/@me")
async def _application(rest: Rest, _asked: Request, _found: re.Match[str]) -> Json:
    bot = rest.guild.bot
    return {
        "id": str(bot.id),
        "name": bot.name,
        "icon": None,
        "description": "",
        "summary": "",
        "bot_public": False,
        "bot_require_code_grant": False,
        "verify_key": "00" * 32,
        "owner": rest.guild.owner.user(),
        "team": None,
        # GATEWAY_MESSAGE_CONTENT_LIMITED: the intent is on, for a bot in few servers.
        "flags": 1 << 19 if rest._gateway.privileged & 1 << 15 else 0,
    }


@route("GET", "/gateway(/bot)?")
async def _gateway(_rest: Rest, _asked: Request, _found: re.Match[str]) -> Json:
    limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
    return {"url": "wss://gateway.discord.gg", "shards": 1, "session_start_limit": limit}


@route("GET", "/users/@me/guilds")
async def _guilds(rest: Rest, _asked: Request, _found: re.Match[str]) -> list[Json]:
    guild = rest.guild
    permissions = str(guild.permissions.value)
    return [{"id": str(guild.id), "name": guild.name, "icon": None, "permissions": permissions}]


@route("GET", r"/guilds/(\d+)")
async def _guild(rest: Rest, _asked: Request, found: re.Match[str]) -> Json:
    if int(found[1]) != rest.guild.id:
        raise Refused(404, 10004, "Unknown Guild")
    return rest.guild.payload()


@route("GET", r"/guilds/\d+/channels")
async def _channels(rest: Rest, _asked: Request, _found: re.Match[str]) -> list[Json]:
    return [channel.payload(rest.guild) for channel in rest.guild.channels.values()]


@route("GET", r"/channels/(\d+)")
async def _channel(rest: Rest, _asked: Request, found: re.Match[str]) -> Json:
    channel = rest.channel(found[1])
    rest.need("view_channel", channel)
    return channel.payload(rest.guild)


@route("GET", r"/guilds/\d+/members/(\d+)")
async def _member(rest: Rest, _asked: Request, found: re.Match[str]) -> Json:
    user = rest.guild.members.get(int(found[1]))
    if user is None:
        raise Refused(404, 10007, "Unknown Member")
    return user.member()


@route("PATCH", r"/guilds/\d+/members/@me(/nick)?")
async def _rename(rest: Rest, asked: Request, _found: re.Match[str]) -> Json:
    if not rest.guild.permissions.change_nickname:
        raise Refused(403, 50013, "Missing Permissions")
    rest.guild.bot.nick = asked.body.get("nick")
    return rest.guild.bot.member()


@route("PUT", r"/applications/\d+(/guilds/\d+)?/commands")
async def _register(rest: Rest, asked: Request, found: re.Match[str]) -> list[Json]:
    known = {"application_id": str(rest.guild.bot.id), "version": "1"}
    if found[1]:  # commands of one guild
        known["guild_id"] = found[1].removeprefix("/guilds/")
    rest.commands = [{"type": 1, **c, **known, "id": str(new_id())} for c in asked.body]
    return rest.commands


@route("GET", r"/applications/\d+(/guilds/\d+)?/commands")
async def _registered(rest: Rest, _asked: Request, _found: re.Match[str]) -> list[Json]:
    return rest.commands


@route("POST", r"/interactions/(\d+)/([\w-]+)/callback")
async def _callback(rest: Rest, asked: Request, found: re.Match[str]) -> Json:
    rest.answers.setdefault(found[2], []).append(asked.body)
    kind, data = asked.body["type"], asked.body.get("data") or {}
    ephemeral = bool(data.get("flags", 0) & 64)
    told: Json = {"id": found[1], "type": 2, "response_message_ephemeral": ephemeral}
    answer: Json = {"interaction": told}
    if kind == 4:
        shown = message(rest.guild.bot, rest.guild.text, None, data.get("content") or "")
        told["response_message_id"] = shown["id"]
        answer["resource"] = {"type": 4, "message": shown}
    else:
        told["response_message_loading"] = kind == 5
    return answer


@route("POST", r"/webhooks/\d+/([\w-]+)")
@route("PATCH", r"/webhooks/\d+/([\w-]+)/messages/(?:@original|\d+)")
async def _follow_up(rest: Rest, asked: Request, found: re.Match[str]) -> Json:
    rest.answers.setdefault(found[1], []).append({"type": 4, "data": asked.body})
    content = asked.body.get("content") or ""
    shown = message(rest.guild.bot, rest.guild.text, None, content)
    shown["components"] = asked.body.get("components") or []
    rest.shown[found[1]] = shown
    return shown


@route("GET", r"/webhooks/\d+/([\w-]+)/messages/@original")
async def _original(rest: Rest, _asked: Request, found: re.Match[str]) -> Json:
    data = rest.answers[found[1]][0].get("data") or {}
    return message(rest.guild.bot, rest.guild.text, None, data.get("content") or "")


@route("DELETE", r"/webhooks/\d+/[\w-]+/messages/.+|/channels/\d+/messages/\d+")
async def _delete(_rest: Rest, _asked: Request, _found: re.Match[str]) -> None:
    return None


@route("POST", r"/channels/(\d+)/messages")
async def _post(rest: Rest, asked: Request, found: re.Match[str]) -> Json:
    channel = rest.channel(found[1])
    rest.need("send_messages", channel)
    if len(asked.body.get("content") or "") > 2000:
        raise Refused(400, 50035, "Invalid Form Body: content: Must be 2000 or fewer in length.")
    return await rest.post(channel, asked.body)


@route("PATCH", r"/channels/(\d+)/messages/(\d+)")
async def _edit(rest: Rest, asked: Request, found: re.Match[str]) -> Json:
    for made in rest.messages:
        if made["id"] == found[2]:
            made["content"] = asked.body.get("content") or made["content"]
            return {k: v for k, v in made.items() if v is not None}
    raise Refused(404, 10008, "Unknown Message")


@route("POST", r"/channels/(\d+)/typing")
async def _typing(rest: Rest, _asked: Request, found: re.Match[str]) -> None:
    rest.need("send_messages", rest.channel(found[1]))


@route("PUT", r"/channels/\d+/messages/\d+/reactions/.+")
@route("PATCH", r"/guilds/\d+/voice-states/@me")
async def _nothing(_rest: Rest, _asked: Request, _found: re.Match[str]) -> None:
    return None


@route("POST", "/users/@me/channels")
async def _direct(rest: Rest, asked: Request, _found: re.Match[str]) -> Json:
    return rest_direct(rest, rest.guild.members[int(asked.body["recipient_id"])])


def rest_direct(rest: Rest, user: User) -> Json:
    """The direct channel with somebody, made when it is first wanted."""
    channel = next((c for c in rest.direct.values() if c.name == str(user.id)), None)
    if channel is None:
        channel = Channel(str(user.id), 1)
        rest.direct[channel.id] = channel
    return {"id": str(channel.id), "type": 1, "recipients": [user.user()], "last_message_id": None}
