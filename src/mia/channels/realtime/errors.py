"""Errors a realtime client is told, as the protocol's `error` event."""

from __future__ import annotations

from typing import Literal

from mia.errors import MiaError

Kind = Literal["invalid_request_error", "server_error"]


class RealtimeError(MiaError):
    """A client event that cannot be done, or a session that cannot begin.

    name: the protocol's `error.code`; the text is `error.realtime.<name>` in the catalogue.
    param: dotted path of the field at fault.
    """

    def __init__(
        self,
        name: str,
        *,
        param: str | None = None,
        kind: Kind = "invalid_request_error",
        **parameters: object,
    ) -> None:
        self.name = name
        self.param = param
        self.kind: Kind = kind
        super().__init__(f"realtime.{name}", param=param or "", **parameters)
