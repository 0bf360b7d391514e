"""The names of the protocol's beta, for clients that send `OpenAI-Beta: realtime=v1`."""

from __future__ import annotations

from typing import Any

from mia.channels.realtime.settings import describe_beta

#: GA name → beta name; None: the beta had no such event.
NAMES: dict[str, str | None] = {
    "response.output_audio.delta": "response.audio.delta",
    "response.output_audio.done": "response.audio.done",
    "response.output_audio_transcript.delta": "response.audio_transcript.delta",
    "response.output_audio_transcript.done": "response.audio_transcript.done",
    "response.output_text.delta": "response.text.delta",
    "response.output_text.done": "response.text.done",
    "conversation.item.added": "conversation.item.created",
    "conversation.item.done": None,
}
_CONTENT = {"output_audio": "audio", "output_text": "text"}


def translate(event: dict[str, Any]) -> dict[str, Any] | None:
    """A GA server event in the beta's words, or None if it is not to be sent."""
    name = NAMES.get(event["type"], event["type"])
    if name is None:
        return None
    old = {**event, "type": name}
    if "session" in old:
        old["session"] = describe_beta(old["session"])
    if "item" in old:
        old["item"] = _item(old["item"])
    if "response" in old:
        old["response"] = _response(old["response"])
    return old


def _item(item: dict[str, Any]) -> dict[str, Any]:
    content = [
        {**part, "type": _CONTENT.get(part["type"], part["type"])} for part in item["content"]
    ]
    return {**item, "content": content}


def _response(response: dict[str, Any]) -> dict[str, Any]:
    old = {**response, "output": [_item(item) for item in response["output"]]}
    audio = old.pop("audio")
    modalities = old.pop("output_modalities")
    old["modalities"] = ["audio", "text"] if modalities == ["audio"] else modalities
    old["voice"] = audio["output"]["voice"]
    old["output_audio_format"] = "pcm16"
    old["max_output_tokens"] = old.get("max_output_tokens", "inf")
    return old
