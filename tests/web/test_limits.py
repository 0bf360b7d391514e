"""Whatever path is asked for, there is an end to how often and how much."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.types import Receive, Scope, Send

from mia.web import Access, create_app
from mia.web.limits import BYTES, MESSAGES, Bucket, Flow, LimitsMiddleware, Rate, _address, _Patient
from mia.web.model_file import LARGEST
from mia.web.security import MAX_BODY, SecurityMiddleware
from tests.support import virtual
from tests.web.conftest import World

FEW = {
    "read": Rate(1, 3),
    "change": Rate(1, 3),
    "open": Rate(1, 3),
    "guess": Rate(1, 3),
    "large": Rate(1, 3),
}


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def behind_gates(app: FastAPI, time: Time) -> TestClient:
    """The application with its own gates, but few tokens and a clock that stands still."""
    (gate,) = gates(app, LimitsMiddleware)
    gate.kwargs.update(rates=FEW, clock=time)
    return TestClient(app, base_url="http://localhost:8080", raise_server_exceptions=False)


def gates(app: FastAPI, kind: type) -> list[Any]:
    every: list[Any] = list(app.user_middleware)
    return [gate for gate in every if gate.cls is kind]


def paths(app: FastAPI) -> list[tuple[str, str]]:
    """Method and an address of every route of the application, those of its routers too."""
    found: list[tuple[str, str]] = []
    for route in _flat(app.routes):
        if isinstance(route, Mount):
            found.append(("GET", f"{route.path}/x"))
        elif isinstance(route, WebSocketRoute):
            found.append(("SOCKET", route.path))
        else:
            assert isinstance(route, Route), f"{type(route)}: is there a limit on it?"
            address = re.sub(r"\{[^}]*\}", "x", route.path)
            found += [(method, address) for method in sorted(route.methods or {"GET"})]
    return found


def _flat(routes: Sequence[Any]) -> Iterator[Any]:
    for route in routes:
        inside = getattr(route, "original_router", None)
        if inside is None:
            yield route
        else:
            yield from _flat(inside.routes)


def ask(client: TestClient, method: str, path: str, **more: Any) -> int:
    if method != "SOCKET":
        return client.request(method, path, **more).status_code
    try:
        with client.websocket_connect(f"ws://localhost:8080{path}") as socket:
            socket.receive_json()
        return 101
    except WebSocketDenialResponse as refused:
        return refused.status_code


def every(world: World) -> list[tuple[str, str]]:
    return paths(create_app(world.services()))


def test_the_walk_sees_all_there_is(world: World) -> None:
    found = every(world)
    for known in (
        ("POST", "/api/v1/panic"),
        ("GET", "/"),
        ("SOCKET", "/v1/realtime"),
        ("PUT", "/api/v1/avatar/model"),
        ("GET", "/ui/x"),
        ("GET", "/healthz"),
        ("GET", "/api/v1/openapi.json"),
    ):
        assert known in found
    assert len(found) > 25


def test_every_route_has_a_limit_on_how_often(world: World) -> None:
    time = Time()
    client = behind_gates(create_app(world.services()), time)
    for method, path in every(world):
        time.now += 100
        codes = [ask(client, method, path) for _ in range(4)]
        assert 429 not in codes[:3], (method, path, codes)
        assert codes[3] == 429, (method, path, codes)
        time.now += 1.01
        assert ask(client, method, path) != 429, (method, path)


def test_every_route_has_a_limit_on_how_much(world: World) -> None:
    app = create_app(world.services())
    client = TestClient(app, base_url="http://localhost:8080")
    (gate,) = gates(app, SecurityMiddleware)
    large: Any = gate.kwargs["larger"]
    assert MAX_BODY <= 1024 * 1024
    for path, most in large.items():
        assert most <= LARGEST, path
    for method, path in every(world):
        if method in ("GET", "HEAD", "OPTIONS", "SOCKET"):
            continue
        size = large.get(path, MAX_BODY) + 1
        claimed = {"content-length": str(size), "content-type": "application/json"}
        assert ask(client, method, path, headers=claimed, content=b"{") == 413, (method, path)


def test_a_route_without_the_gates_is_found_out(world: World) -> None:
    """The walk above would see it: an application that lost its gate lets everything pass."""
    app = create_app(world.services())
    app.user_middleware.remove(*gates(app, LimitsMiddleware))
    client = TestClient(app, base_url="http://localhost:8080")
    assert [ask(client, "GET", "/healthz") for _ in range(4)] == [200] * 4


def test_wrong_tokens_run_out_and_a_page_without_one_guesses_nothing(world: World) -> None:
    world.access = Access("0.0.0.0", "a-long-token-for-tests")
    time = Time()
    app = create_app(world.services())
    client = behind_gates(app, time)
    gates(app, LimitsMiddleware)[0].kwargs["rates"] = {**FEW, "read": Rate(100, 100)}
    wrong = {"authorization": "Bearer wrong"}
    assert [client.get("/metrics").status_code for _ in range(6)] == [401] * 6
    codes = [client.get("/metrics", headers=wrong).status_code for _ in range(5)]
    assert codes == [401, 401, 401, 429, 429]
    right = {"authorization": "Bearer a-long-token-for-tests"}
    refused = client.get("/metrics", headers=right)
    assert refused.status_code == 429, "not even listened to, or guessing would go on"
    assert refused.json()["error"]["code"] == "web.too_many_requests"
    time.now += 1.01
    assert client.get("/metrics", headers=right).status_code == 200


def test_addresses_are_told_apart_and_forgotten() -> None:
    def of(host: str) -> str:
        return _address({"client": (host, 1)})

    assert of("10.0.0.1") != of("10.0.0.2")
    assert of("2001:db8::1") == of("2001:db8::ffff:2") != of("2001:db8:0:1::1")
    assert of("::ffff:10.0.0.1") == of("10.0.0.1")
    assert of("fe80::1%eth0") == of("fe80::2%eth0")
    assert _address({"client": None}) == ""


def test_a_debt_is_paid_with_time() -> None:
    bucket = Bucket(Rate(10, 5), now=0)
    assert [bucket.take(0) for _ in range(5)] == [0] * 5
    assert bucket.take(0) == pytest.approx(0.1)
    assert bucket.wait(0.1) == pytest.approx(0.1)
    assert bucket.wait(0.3) == 0
    assert bucket.take(1000, 5) == 0, "no more than the burst is saved up"
    assert bucket.take(1000) > 0


def test_a_socket_that_sends_too_much_is_held_back_not_refused() -> None:
    async def scenario() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        flow, begun = Flow(), loop.time()
        for _ in range(MESSAGES.burst):
            await flow.take(100)
        at_once = loop.time() - begun
        for _ in range(int(MESSAGES.per_second) * 10):
            await flow.take(100)
        return at_once, loop.time() - begun

    at_once, all_of_it = virtual.run(scenario())
    assert at_once == 0
    assert all_of_it == pytest.approx(10, abs=0.1)


def test_a_microphone_is_never_held_back() -> None:
    async def scenario() -> float:
        loop = asyncio.get_running_loop()
        flow, waited = Flow(), 0.0
        for at in itertools.count():
            if at == 50 * 600:
                return waited
            await asyncio.sleep(0.02)
            before = loop.time()
            await flow.take(1_300 * 4)
            waited += loop.time() - before
        raise AssertionError

    assert BYTES.per_second > 1_300 * 50
    assert virtual.run(scenario()) == 0


def test_a_body_that_stops_coming_is_over() -> None:
    async def scenario() -> list[str]:
        async def receive() -> Any:
            await asyncio.sleep(10_000)

        patient = _Patient(receive, "POST")
        return [(await patient())["type"]]

    assert virtual.run(scenario()) == ["http.disconnect"]


def test_only_so_many_requests_are_under_way() -> None:
    async def scenario() -> list[int]:
        go_on = asyncio.Event()
        codes: list[int] = []

        async def slow(scope: Scope, receive: Receive, send: Send) -> None:
            await go_on.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        app = LimitsMiddleware(slow, frozenset({"/large"}))

        async def one() -> None:
            async def send(message: Any) -> None:
                if message["type"] == "http.response.start":
                    codes.append(message["status"])

            async def receive() -> Any:
                return {"type": "http.request", "body": b"", "more_body": False}

            scope = {"type": "http", "method": "PUT", "path": "/large", "headers": []}
            await app({**scope, "client": ("10.0.0.1", 1)}, receive, send)

        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(one())
            await asyncio.sleep(1)
            go_on.set()
        return codes

    assert virtual.run(scenario()) == [429, 200, 200]
