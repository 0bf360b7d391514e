"""V2V against sessions, as a picture: SVG by hand, nothing to install."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from bench.load.levels import Level

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 56, 150, 24, 44
MOST = 8.0
"""Seconds at the top; what took longer, or never came, is drawn there."""
GOAL = 2.0
COLOURS = ("#2563eb", "#d97706", "#059669")


def picture(title: str, series: Mapping[str, Sequence[Level]]) -> str:
    """Median (solid) and p95 (dashed) of each series."""
    most = max(level.sessions for levels in series.values() for level in levels)

    def x(sessions: float) -> float:
        return LEFT + (sessions - 1) / max(1, most - 1) * (WIDTH - LEFT - RIGHT)

    def y(seconds: float) -> float:
        share = min(seconds, MOST) / MOST
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="16" font-weight="bold" fill="#111827">{title}</text>',
    ]
    for second in range(int(MOST) + 1):
        colour = "#e5e7eb"
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(second):.1f}" y2="{y(second):.1f}" '
            f'stroke="{colour}"/><text x="{LEFT - 8}" y="{y(second) + 4:.1f}" '
            f'text-anchor="end" fill="#4b5563">{second} s</text>'
        )
    parts.append(
        f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(GOAL):.1f}" y2="{y(GOAL):.1f}" '
        'stroke="#dc2626" stroke-dasharray="2 3"/>'
    )
    shown = sorted({level.sessions for levels in series.values() for level in levels})
    for sessions in shown:
        parts.append(
            f'<text x="{x(sessions):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle" '
            f'fill="#4b5563">{sessions}</text>'
        )
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(
        f'<text x="{middle:.0f}" y="{HEIGHT - 8}" text-anchor="middle" fill="#111827">'
        "people talking at the same time</text>"
    )
    for number, (name, levels) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        for share, dashes in ((0.5, "none"), (0.95, "6 4")):
            points = [(x(one.sessions), y(_shown(one.at(share)))) for one in levels]
            line = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
            parts.append(
                f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2" '
                f'stroke-dasharray="{dashes}"/>'
            )
            parts += [
                f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="{colour}"/>' for px, py in points
            ]
        top = TOP + 14 + number * 44
        at = WIDTH - RIGHT + 12
        parts.append(
            f'<text x="{at}" y="{top}" fill="{colour}" font-weight="bold">{name}</text>'
            f'<text x="{at}" y="{top + 15}" fill="{colour}">— median   - - p95</text>'
        )
    parts.append("</svg>\n")
    return "\n".join(parts)


def _shown(seconds: float) -> float:
    return MOST if math.isinf(seconds) else seconds
