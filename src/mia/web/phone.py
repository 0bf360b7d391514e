"""How a phone in the same network finds MIA: the address, and a QR code to point it at."""

from __future__ import annotations

import io
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from mia.errors import MiaError
from mia.web.services import Services


class LanAnswer(BaseModel):
    version: Literal[1] = 1
    open: bool = Field(description="Whether she listens on the local network (`mia run --lan`).")
    address: str = Field(description="Without the token.")
    link: str = Field(description="With the token: as secret as the token itself.")
    others: list[str]
    fingerprint: str = Field(description="SHA-256 of the certificate, to compare with the phone's.")


def router(services: Services) -> APIRouter:
    """The routes of the local network."""
    routes = APIRouter(tags=["phone"])

    @routes.get("/api/v1/lan", summary="How a phone in the same network reaches her")
    async def lan() -> LanAnswer:
        found = services.lan()
        if found is None:
            return LanAnswer(open=False, address="", link="", others=[], fingerprint="")
        return LanAnswer(
            open=True,
            address=found.address,
            link=found.link,
            others=list(found.others),
            fingerprint=found.fingerprint,
        )

    @routes.get("/api/v1/lan/qr.svg", summary="Her address with the token as a QR code")
    async def code() -> Response:
        found = services.lan()
        if found is None:
            raise MiaError("lan.closed")
        headers = {"cache-control": "no-store"}
        return Response(svg(found.link), media_type="image/svg+xml", headers=headers)

    return routes


def svg(link: str) -> bytes:
    """A QR code, dark on white with its quiet zone, so that cameras read it in either theme."""
    import segno

    out = io.BytesIO()
    segno.make(link, error="m").save(
        out, kind="svg", scale=8, border=3, dark="#14142a", light="#ffffff", xmldecl=False
    )
    return out.getvalue()


def terminal(link: str) -> str:
    """A QR code for a terminal, two modules a character."""
    import segno

    out = io.StringIO()
    segno.make(link, error="l").terminal(out=out, compact=True, border=2)
    return out.getvalue()
