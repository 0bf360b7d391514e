"""How fast she answers, over HTTP: each turn's waterfall, p50 and p95, and what would help."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from mia.errors import MiaError
from mia.telemetry.advice import Setup, advise
from mia.telemetry.timings import KEPT, STAGES, Stage, Timings, TurnTiming, summed
from mia.web.services import Services


class StretchRow(BaseModel):
    stage: Stage
    begin: float = Field(description="Milliseconds from the user's last voiced sample.")
    end: float


class TimingRow(BaseModel):
    turn: str
    conversation: str
    text: str
    typed: bool
    ago_s: float = Field(description="Seconds since its first sound.")
    v2v_ms: float
    hits: int
    misses: int
    underruns: int
    evaluated: int | None
    stretches: list[StretchRow]


class SummaryRow(BaseModel):
    name: str = Field(description="A stage, or `v2v` for the whole way from voice to voice.")
    turns: int
    p50: float | None
    p95: float | None


class AdviceRow(BaseModel):
    code: str = Field(description="`page.advice.<code>` in the texts.")
    setting: str
    stage: str | None
    v2v_ms: float | None
    share: float


class TimingsAnswer(BaseModel):
    version: Literal[1] = 1
    turns: list[TimingRow]
    summary: list[SummaryRow]
    hits: int = Field(description="Guesses that came true, since she started.")
    misses: int
    advice: AdviceRow


def router(services: Services) -> APIRouter:
    """The routes of the timings."""
    routes = APIRouter(tags=["timings"])

    def timings() -> Timings:
        if services.timings is None:
            raise MiaError("web.not_found", path="timings")
        return services.timings

    @routes.get("/api/v1/timings", summary="Where the time of each turn went")
    async def read(
        limit: Annotated[int, Query(ge=1, le=KEPT)] = 200,
        typed: Annotated[bool, Query(description="Typed turns as well.")] = True,
    ) -> TimingsAnswer:
        found, now = timings(), asyncio.get_running_loop().time()
        turns = [turn for turn in found.newest() if typed or not turn.typed][-limit:]
        shown = services.config()
        setup = Setup(
            vad=str(shown.get("vad", "")),
            llm=str(shown.get("llm", "")),
            embedded_brain=bool(shown.get("embedded_brain")),
        )
        advice = advise(turns, setup)
        return TimingsAnswer(
            turns=[_row(turn, now) for turn in turns],
            summary=_summaries(turns),
            hits=found.hits,
            misses=found.misses,
            advice=AdviceRow(
                code=advice.code,
                setting=advice.setting,
                stage=advice.stage,
                v2v_ms=advice.v2v,
                share=round(advice.share, 2),
            ),
        )

    return routes


def _row(turn: TurnTiming, now: float) -> TimingRow:
    return TimingRow(
        turn=turn.turn,
        conversation=turn.conversation,
        text=turn.text,
        typed=turn.typed,
        ago_s=round(max(0.0, now - turn.at), 1),
        v2v_ms=round(turn.v2v or 0.0, 1),
        hits=turn.hits,
        misses=turn.misses,
        underruns=turn.underruns,
        evaluated=turn.evaluated,
        stretches=[StretchRow(stage=s.stage, begin=s.begin, end=s.end) for s in turn.stretches],
    )


def _summaries(turns: list[TurnTiming]) -> list[SummaryRow]:
    """Of the spoken turns, voice to voice first; the typed ones have no hold and would flatter."""
    spoken = [turn for turn in turns if not turn.typed] or turns
    values: dict[str, list[float]] = {"v2v": [turn.v2v for turn in spoken if turn.v2v is not None]}
    for stage in STAGES:
        values[stage] = [ms for turn in spoken if (ms := turn.of(stage)) is not None]
    rows = []
    for name, found in values.items():
        told = summed(found)
        if told.turns:
            rows.append(SummaryRow(name=name, turns=told.turns, p50=told.p50, p95=told.p95))
    return rows
