"""`/v1/realtime`: a WebSocket of the web server as the realtime channel's socket."""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from mia.channels.realtime.hub import Greeting, Hub
from mia.channels.realtime.talk import Disconnected
from mia.web.limits import Flow


class WebSocketAdapter:
    """Starlette's WebSocket behind the channel's `Socket`."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._flow = Flow()

    async def receive(self) -> str | bytes:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise Disconnected
        text: str | None = message.get("text")
        data = bytes(message.get("bytes") or b"")
        await self._flow.take(len(data if text is None else text))
        return data if text is None else text

    async def send(self, text: str) -> None:
        try:
            await self._websocket.send_text(text)
        except (WebSocketDisconnect, RuntimeError, OSError) as error:
            # Starlette says RuntimeError when the other side has closed in the meantime.
            raise Disconnected from error

    async def close(self, code: int, reason: str) -> None:
        if self._websocket.application_state is not WebSocketState.CONNECTED:
            return
        try:
            await self._websocket.close(code, reason)
        except (WebSocketDisconnect, RuntimeError, OSError) as error:
            raise Disconnected from error


async def realtime(websocket: WebSocket, hub: Hub) -> None:
    """Serve one client of `/v1/realtime`."""
    offered = websocket.scope.get("subprotocols", [])
    # Browsers' SDKs offer "realtime" and carry their key in further names; only one is taken.
    await websocket.accept(subprotocol="realtime" if "realtime" in offered else None)
    socket = WebSocketAdapter(websocket)
    await hub.serve(socket, greeting(websocket, offered))
    try:
        if websocket.client_state is WebSocketState.CONNECTED:
            await socket.close(1000, "")
    except Disconnected:
        return


def greeting(connection: HTTPConnection, offered: list[str]) -> Greeting:
    """What a client asks for in its address and headers."""
    query = connection.query_params
    versions = connection.headers.get("openai-beta", "").replace(" ", "").split(",")
    return Greeting(
        stage=query.get("conversation") == "stage",
        role="observer" if query.get("role") == "observer" else "speaker",
        beta="realtime=v1" in versions or "openai-beta.realtime-v1" in offered,
        listens=query.get("sound") == "1",
    )
